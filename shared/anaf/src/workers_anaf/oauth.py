"""ANAF's OAuth2: access tokens for all replicas, renewed once, stored before they are used.

Refresh tokens are single-use: two replicas that renew at the same time would lock the account out,
and only a person with the certificate could open it again. Source: ANAF's OAuth procedure (2022).
"""

import asyncio
import base64
import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workers_ledger.secrets import Secrets
from workers_runtime.errors import TransientError
from workers_runtime.logs import get_logger
from workers_runtime.outbound import Outbound

from .replies import JsonReply, read_reply, summary

SECRET_NAME = "anaf.oauth"  # noqa: S105 - the name of a row
LEASE_SECONDS = 90.0
EARLY_SECONDS = 300.0
"""An access token is renewed this long before it ends."""
REFRESH_DAYS = 365
_log = get_logger(__name__)


class LoginRequiredError(TransientError):
    """ANAF no longer takes the refresh token: a person must log in with the certificate."""

    code = "anaf_login_required"


class TokenEndpointError(TransientError):
    """ANAF's log-in server did not answer as it should."""

    code = "anaf_login_unavailable"


@dataclass(frozen=True)
class Tokens:
    """What is stored, encrypted; times are seconds since 1970."""

    access: str
    refresh: str
    expires_at: float
    login_at: float
    """When the year of the refresh tokens began, as far as is known."""
    bootstrap: str
    """Digest of the configured refresh token that this chain began with."""
    refused: str = ""
    """Why ANAF takes the refresh token no longer; empty while it does."""


def claims(token: str) -> dict[str, object]:
    """Return a JWT's claims without checking them: we only want to know when it ends."""
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(token: str, claim: str, default: float) -> float:
    value = claims(token).get(claim)
    return float(value) if isinstance(value, int | float) else default


class TokenKeeper:
    """Hands out the access token; renews it under a lease that all replicas share."""

    def __init__(
        self,
        secrets: Secrets,
        login: Outbound,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str,
    ) -> None:
        self._secrets = secrets
        self._login = login
        self._auth = (client_id, client_secret)
        self._configured = refresh_token
        self._bootstrap = hashlib.sha256(refresh_token.encode()).hexdigest()
        self._owner = uuid.uuid4().hex
        self._cipher = _cipher(client_secret)
        self._lock = asyncio.Lock()
        self._known: Tokens | None = None

    async def access_token(self) -> str:
        """Return a token that has some life left.

        Raises:
            LoginRequiredError: a person must log in.
            TokenEndpointError: ANAF's log-in does not answer; try later.
        """
        tokens = self._known or await self._read()
        if tokens is not None and tokens.refused:
            # Another process, or the operator, may have mended it meanwhile.
            tokens = await self._read()
        if tokens is not None and tokens.refused:
            raise _login_required(tokens.refused)
        if tokens is not None and tokens.expires_at - EARLY_SECONDS > _now():
            return tokens.access
        return await self.renew(tokens.access if tokens else "")

    async def renew(self, failed: str) -> str:
        """Return another token than ``failed``; renews it unless somebody already did."""
        async with self._lock:
            for _ in range(int(LEASE_SECONDS * 2)):
                current = await self._read()
                if current and current.refused:
                    raise _login_required(current.refused)
                if current and current.access != failed and current.expires_at > _now():
                    return current.access
                if await self._secrets.lease(SECRET_NAME, self._owner, seconds=LEASE_SECONDS):
                    return await self._renew_with_lease(failed)
                await asyncio.sleep(0.5)
        raise TokenEndpointError("another worker is renewing the token and does not end")

    async def days_left(self) -> float | None:
        """Return the days until a person must log in again; None before the first renewal."""
        tokens = self._known or await self._read()
        return None if tokens is None else REFRESH_DAYS - (_now() - tokens.login_at) / 86_400

    async def problem(self) -> str | None:
        """Return what an operator should know; a deep health check."""
        tokens = await self._read()
        if tokens is not None and tokens.refused:
            return f"log in at ANAF with the certificate: {tokens.refused}"
        left = await self.days_left()
        return f"ANAF log-in ends in {left:.0f} days" if left is not None and left <= 30 else None

    async def _renew_with_lease(self, failed: str) -> str:
        # Read again inside the lease: the holder before us may have renewed it.
        current = await self._read()
        if current and current.access != failed and current.expires_at > _now():
            await self._secrets.release(SECRET_NAME, self._owner)
            return current.access
        try:
            tokens = await self._ask(current)
        except BaseException:
            await self._secrets.release(SECRET_NAME, self._owner)
            raise
        await self._write(tokens)
        if tokens.refused:
            _log.error("ANAF log-in lost, a person must log in", reason=tokens.refused)
            raise _login_required(tokens.refused)
        _log.info("ANAF access token renewed", expires_at=tokens.expires_at)
        return tokens.access

    async def _ask(self, current: Tokens | None) -> Tokens:
        refresh = current.refresh if current else self._configured
        response = await self._login.request(
            "POST",
            "/anaf-oauth2/v1/token",
            repeatable=True,
            auth=self._auth,
            data={
                "grant_type": "refresh_token",
                "refresh_token": refresh,
                "token_content_type": "jwt",
            },
        )
        reply = read_reply(
            response.status_code,
            response.content,
            content_type=response.headers.get("content-type"),
        )
        login_at = current.login_at if current else _moment(refresh, "iat", _now())
        if isinstance(reply, JsonReply) and isinstance(reply.data, dict):
            return self._tokens(reply.data, refresh, login_at, response.status_code)
        raise TokenEndpointError(f"ANAF's log-in answered {summary(reply)}", retry_after=30)

    def _tokens(
        self, data: dict[str, object], refresh: str, login_at: float, status: int
    ) -> Tokens:
        access, renewed = data.get("access_token"), data.get("refresh_token")
        if status == 200 and isinstance(access, str) and isinstance(renewed, str):
            seconds = data.get("expires_in")
            life = float(seconds) if isinstance(seconds, int | float) else 3600.0
            expires_at = _moment(access, "exp", _now() + life)
            return Tokens(access, renewed, expires_at, login_at, self._bootstrap)
        text = f"{data.get('error', '')} {data.get('error_description', '')}".strip()
        lost = "invalid_grant" in text or "expired" in text.lower()
        if lost:
            return Tokens("", refresh, 0.0, login_at, self._bootstrap, refused=text[:200])
        raise TokenEndpointError(
            f"ANAF's log-in refused: HTTP {status} {text[:200]}", retry_after=60
        )

    async def _read(self) -> Tokens | None:
        stored = await self._secrets.read(SECRET_NAME)
        tokens: Tokens | None = None
        if stored:
            try:
                tokens = Tokens(**json.loads(self._cipher.decrypt(stored.encode())))
            except (InvalidToken, ValueError, TypeError):
                _log.error("stored ANAF tokens cannot be read; was the client secret changed?")
        # A newly configured refresh token replaces the chain: the operator has logged in again.
        if tokens is not None and tokens.bootstrap != self._bootstrap:
            tokens = None
        self._known = tokens
        return tokens

    async def _write(self, tokens: Tokens) -> None:
        text = self._cipher.encrypt(json.dumps(asdict(tokens)).encode()).decode()
        await self._secrets.write(SECRET_NAME, text, self._owner)
        self._known = tokens


def _cipher(client_secret: str) -> Fernet:
    # The key comes from the client secret: a copy of the database alone opens nothing.
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"workers-anaf tokens")
    return Fernet(base64.urlsafe_b64encode(derive.derive(client_secret.encode())))


def _login_required(reason: str) -> LoginRequiredError:
    return LoginRequiredError(
        f"ANAF takes the log-in no longer ({reason}); a person with the certificate must log in "
        "and set ANAF_REFRESH_TOKEN to the new refresh token",
        retry_after=900,
    )


def _now() -> float:
    return datetime.now(UTC).timestamp()
