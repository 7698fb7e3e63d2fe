"""Access tokens: JWT with one pinned algorithm, issuer and audience."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt

from .config import SettingsError, TokenSettings, configured_key

ALGORITHM = "HS256"
READ = "workers:read"
ADMIN = "workers:admin"
SCOPES = (READ, ADMIN)
MAX_TOKEN_BYTES = 4096
LEEWAY_SECONDS = 5


class TokenRefused(Exception):  # noqa: N818 -- reads as the outcome it is
    """The token does not open the door; ``code`` is stable, the text says what to do."""

    def __init__(self, code: str, detail: str, status: int = 401) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status


_ADVICE = "get a new one with: python -m registry_service token --scope workers:admin"
_REASONS: dict[type[jwt.PyJWTError], tuple[str, str]] = {
    jwt.ExpiredSignatureError: ("token_expired", f"The token is past its exp; {_ADVICE}"),
    jwt.ImmatureSignatureError: (
        "token_not_yet_valid",
        "The token is not valid yet; check the clock of the machine that made it.",
    ),
    jwt.InvalidIssuerError: (
        "token_wrong_issuer",
        "The token's iss is not this registry's REGISTRY_JWT_ISSUER.",
    ),
    jwt.InvalidAudienceError: (
        "token_wrong_audience",
        "The token's aud is not this registry's REGISTRY_JWT_AUDIENCE.",
    ),
    jwt.InvalidAlgorithmError: (
        "token_wrong_algorithm",
        f"The token's alg is not {ALGORITHM}, the only one accepted here.",
    ),
    jwt.MissingRequiredClaimError: (
        "token_claim_missing",
        "The token must carry the claims exp, iss, aud and scope.",
    ),
}


@dataclass(frozen=True)
class Keyring:
    """Makes and checks tokens."""

    key: bytes
    issuer: str
    audience: str

    @classmethod
    def of(cls, settings: TokenSettings) -> "Keyring":
        """Take the configured key; in dev a random one when none is configured.

        Raises:
            SettingsError: there is no key outside dev, or it is too short.
        """
        key = configured_key(settings)
        if key is None and not settings.is_dev:
            raise SettingsError(
                "REGISTRY_JWT_SECRET (or REGISTRY_JWT_SECRET_FILE) is not set: without it anybody "
                "could remove workers; set 32 random bytes or more, or WORKERS_ENV=dev on a "
                "developer's machine"
            )
        return cls(key or secrets.token_bytes(32), settings.jwt_issuer, settings.jwt_audience)

    def issue(self, scope: str, ttl_seconds: int, subject: str = "operator") -> str:
        """Return a token with the scopes (blank-separated) that ends after ``ttl_seconds``."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "iat": now,
            "exp": now + ttl_seconds,
            "scope": scope,
        }
        return jwt.encode(claims, self.key, algorithm=ALGORITHM)

    def check(self, token: str, allowed: tuple[str, ...]) -> str:
        """Return the token's subject when it carries one of the scopes.

        Raises:
            TokenRefused: with 401 when the token is not good, 403 when its scope is too small.
        """
        claims = self._claims(token)
        scope = claims["scope"]
        granted = set(scope.split()) if isinstance(scope, str) else set()
        if not granted.intersection(allowed):
            wanted = " or ".join(allowed)
            raise TokenRefused(
                "scope_missing", f"This needs a token with the scope {wanted}.", status=403
            )
        return str(claims.get("sub", ""))

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenRefused("token_too_large", f"A token has at most {MAX_TOKEN_BYTES} bytes.")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.key,
                algorithms=[ALGORITHM],
                issuer=self.issuer,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "scope"], "strict_aud": True},
            )
        except jwt.PyJWTError as error:
            code, detail = next(
                (reason for kind, reason in _REASONS.items() if isinstance(error, kind)),
                ("token_invalid", f"The token is malformed or not signed by our key; {_ADVICE}"),
            )
            raise TokenRefused(code, detail) from None
        return claims
