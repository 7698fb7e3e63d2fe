"""What the identity provider remembers: codes of 60 s, refresh tokens that work once.

Lives from ANAF's procedure: access token 129 600 minutes, refresh token 525 600 minutes. The year
is counted from the certificate log-in; refreshing does not extend it (seen by users, not
documented).
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from workers_sandbox.clock import Clock
from workers_sandbox.settings import BOOTSTRAP_REFRESH_TOKEN

CODE_LIFE = timedelta(seconds=60)
ACCESS_LIFE = timedelta(minutes=129_600)
REFRESH_LIFE = timedelta(minutes=525_600)
_ISSUER = "https://logincert.anaf.ro"
_KEY_ID = "sandbox_2026"


class GrantRefusedError(Exception):
    """A code or refresh token that gives nothing; the text is the error_description."""


@dataclass(slots=True)
class _Grant:
    """A code or refresh token."""

    login: datetime
    ends: datetime
    redirect_uri: str = ""
    used: bool = False
    expired: bool = False


class Grants:
    """Codes, refresh tokens, and the access tokens that were made to expire."""

    def __init__(self, key: rsa.RSAPrivateKey, clock: Clock, client_id: str) -> None:
        self._key, self._clock, self._client_id = key, clock, client_id
        self._public = key.public_key()
        self._codes: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}
        self._expired: set[str] = set()
        self.issued = 0
        self.reset()

    def reset(self) -> None:
        """Give the bootstrap refresh token back, as after a new certificate log-in."""
        now = self._clock.now()
        self._refresh[BOOTSTRAP_REFRESH_TOKEN] = _Grant(now, now + REFRESH_LIFE)

    def code(self, redirect_uri: str) -> str:
        """A code of one certificate log-in."""
        now, code = self._clock.now(), secrets.token_urlsafe(24)
        self._codes[code] = _Grant(now, now + CODE_LIFE, redirect_uri)
        return code

    def exchange(self, code: str, redirect_uri: str) -> dict[str, Any]:
        """Tokens for a code; GrantRefusedError when unknown, used, late or for another address."""
        grant = self._take(self._codes.get(code), "Authorization code")
        if grant.redirect_uri != redirect_uri:
            raise GrantRefusedError("redirect_uri is not the one of the authorization request")
        return self._tokens(grant.login)

    def refresh(self, token: str) -> dict[str, Any]:
        """New tokens for a refresh token, which stops working."""
        return self._tokens(self._take(self._grant(token), "Refresh Token").login)

    def _grant(self, token: str) -> _Grant | None:
        """The grant of a refresh token; one that an earlier start issued is taken over.

        With `--key-dir` the key outlives a restart, and so must the tokens that clients stored.
        """
        claims = None if token in self._refresh else self._claims(token)
        if claims and claims.get("role") == "Administrators refresh":
            ends = datetime.fromtimestamp(claims["exp"], UTC)
            self._refresh[token] = _Grant(ends - REFRESH_LIFE, ends)
        return self._refresh.get(token)

    def was_used(self, token: str) -> bool:
        """Whether this refresh token already gave its tokens."""
        grant = self._refresh.get(token)
        return grant is not None and grant.used

    def accepts(self, token: str) -> bool:
        """Whether an access token is ours and alive by the sandbox's clock."""
        if token in self._expired:
            return False
        claims = self._claims(token)
        return bool(claims and claims["exp"] > self._clock.now().timestamp())

    def _claims(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that our key signed; the sandbox's own clock judges its times."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._public,
                ["RS512"],
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        return claims

    def expire(self, token: str) -> None:
        """Make an access token stop working."""
        self._expired.add(token)

    def expire_refresh(self, body: bytes) -> None:
        """Make the refresh token of a token request stop working."""
        for token in parse_qs(body.decode("latin-1")).get("refresh_token", ()):
            if token in self._refresh:
                self._refresh[token].expired = True

    def _take(self, grant: _Grant | None, name: str) -> _Grant:
        if grant is None or grant.used:
            raise GrantRefusedError(f"{name} is invalid")
        if grant.expired or grant.ends <= self._clock.now():
            raise GrantRefusedError(f"{name} status is expired")
        grant.used = True
        return grant

    def _tokens(self, login: datetime) -> dict[str, Any]:
        refresh = self._token("refresh", login + REFRESH_LIFE)
        self._refresh[refresh] = _Grant(login, login + REFRESH_LIFE)
        self.issued += 1
        return {
            "access_token": self._token("access", self._clock.now() + ACCESS_LIFE),
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": "clientappid issuer role serial",
            "refresh_token": refresh,
        }

    def _token(self, kind: str, ends: datetime) -> str:
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": _ISSUER,
            "iat": now,
            "nbf": now,
            "exp": int(ends.timestamp()),
            "scope": "clientappid issuer role serial",
            "role": f"Administrators {kind}",
            "clientappid": self._client_id,
            "serial": "00SANDBOX0000000000000001",
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(claims, self._key, "RS512", {"kid": _KEY_ID})
