"""ANAF's OAuth2: access tokens for all replicas, renewed once, stored before they are used.

Refresh tokens are single-use: two replicas that renew at the same time would lock the account out,
and only a person with the certificate could open it again. Source: ANAF's OAuth procedure (2022).
"""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import TypeGuard

from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.secrets import Secrets
from workers_runtime.errors import TransientError
from workers_runtime.logs import get_logger
from workers_runtime.outbound import Outbound

from .login import LoginRefusedError, TokenEndpointError, ask
from .tokens import Tokens, TokenStore, now

LEASE_SECONDS = 90.0
ASK_SECONDS = 60.0
"""A renewal ends well inside its lease: nobody else may begin one meanwhile."""

EARLY_SECONDS = 300.0
"""An access token is renewed this long before it ends."""

REFRESH_DAYS = 365
WARN_DAYS = 30
_log = get_logger(__name__)

__all__ = ["LoginRequiredError", "TokenEndpointError", "TokenKeeper"]


class LoginRequiredError(TransientError):
    """ANAF no longer takes the refresh token: a person must log in with the certificate."""

    code = "anaf_login_required"


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
        self._store = TokenStore(secrets, client_id, client_secret, refresh_token)
        self._login = login
        self._auth = (client_id, client_secret)
        self._configured = refresh_token
        self._owner = uuid.uuid4().hex
        self._lock = asyncio.Lock()
        self._known: Tokens | None = None
        self._unsaved: Tokens | None = None

    async def access_token(self) -> str:
        """Return a token that has some life left.

        Raises:
            LoginRequiredError: a person must log in.
            TokenEndpointError: ANAF's log-in does not answer; try later.
        """
        tokens = self._known
        if tokens is None or tokens.refused:
            # Another process, or the operator, may have mended it meanwhile.
            tokens = await self._read()
        if tokens is not None and tokens.refused:
            raise _login_required(tokens.refused)
        if tokens is not None and tokens.expires_at - EARLY_SECONDS > now():
            return tokens.access
        return await self.renew(tokens.access if tokens else "")

    async def renew(self, failed: str) -> str:
        """Return another token than ``failed``; renews it unless somebody already did."""
        # A task of its own: cut off between ANAF's answer and our store, the log-in would be lost.
        task = asyncio.create_task(self._renew(failed))
        task.add_done_callback(_look)
        return await asyncio.shield(task)

    @property
    def credential(self) -> str:
        """Name of the log-in that was configured; not a secret."""
        return self._store.name

    async def ends_at(self) -> datetime | None:
        """Return when a person must log in again; None before the first renewal."""
        tokens = self._known or await self._read()
        if tokens is None:
            return None
        return datetime.fromtimestamp(tokens.login_at, UTC) + timedelta(days=REFRESH_DAYS)

    async def days_left(self) -> float | None:
        """Return the days until a person must log in again; None before the first renewal."""
        ends = await self.ends_at()
        return None if ends is None else (ends.timestamp() - now()) / 86_400

    async def problem(self) -> str | None:
        """Return what an operator should know; a deep health check."""
        tokens = await self._read()
        if tokens is not None and tokens.refused:
            return f"log in at ANAF with the certificate: {tokens.refused}"
        left = await self.days_left()
        soon = left is not None and left <= WARN_DAYS
        return f"ANAF log-in ends in {left:.0f} days" if soon else None

    async def _renew(self, failed: str) -> str:
        async with self._lock:
            for _ in range(int(LEASE_SECONDS * 2)):
                current = await self._read()
                if current and current.refused:
                    raise _login_required(current.refused)
                if _usable(current, failed):
                    return current.access
                if await self._secrets.lease(self._store.name, self._owner, seconds=LEASE_SECONDS):
                    return await self._renew_with_lease(failed)
                await asyncio.sleep(0.5)
        raise TokenEndpointError("another worker is renewing the token and does not end")

    async def _renew_with_lease(self, failed: str) -> str:
        try:
            # Read again inside the lease: the holder before us may have renewed it.
            current = await self._read()
            if _usable(current, failed):
                await self._secrets.release(self._store.name, self._owner)
                return current.access
            tokens = await self._ask(current)
        except BaseException:
            await self._secrets.release(self._store.name, self._owner)
            raise
        await self._write(tokens)
        if tokens.refused:
            _log.error("ANAF log-in lost, a person must log in", reason=tokens.refused)
            raise _login_required(tokens.refused)
        _log.info("ANAF access token renewed", expires_at=tokens.expires_at)
        return tokens.access

    async def _ask(self, current: Tokens | None) -> Tokens:
        refresh = current.refresh if current else self._configured
        login_at = current.login_at if current else None
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await ask(self._login, self._auth, refresh, login_at=login_at)
        except TimeoutError:
            raise TokenEndpointError(
                f"ANAF's log-in did not answer within {ASK_SECONDS:g} s", retry_after=60
            ) from None
        except LoginRefusedError as refusal:
            return Tokens("", refresh, 0.0, login_at or now(), refused=str(refusal))

    async def _read(self) -> Tokens | None:
        if self._unsaved is not None:
            await self._write(self._unsaved)
        self._known = await self._store.read()
        return self._known

    async def _write(self, tokens: Tokens) -> None:
        # The old refresh token is used up: until these are stored, this process alone has them.
        self._unsaved = tokens
        try:
            await self._store.write(tokens, self._owner)
        except LedgerUnavailableError:
            _log.error("new ANAF tokens are not stored yet: the database does not answer")
            raise
        self._known, self._unsaved = tokens, None


def _usable(tokens: Tokens | None, failed: str) -> TypeGuard[Tokens]:
    return tokens is not None and tokens.access != failed and tokens.expires_at > now()


def _look(task: "asyncio.Task[str]") -> None:
    """Look at a failure that nobody waits for any more, so that nothing warns about it."""
    if not task.cancelled():
        task.exception()


def _login_required(reason: str) -> LoginRequiredError:
    return LoginRequiredError(
        f"ANAF takes the log-in no longer ({reason}); a person with the certificate must log in "
        "and set ANAF_REFRESH_TOKEN to the new refresh token",
        retry_after=900,
    )
