"""The token chain as it is stored: encrypted, one row for each configured log-in."""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workers_ledger.secrets import Secrets
from workers_runtime.logs import get_logger

_log = get_logger(__name__)


@dataclass(frozen=True)
class Tokens:
    """What is stored, encrypted; times are seconds since 1970."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: float
    login_at: float
    """When the year of the refresh tokens began, as far as is known."""
    refused: str = ""
    """Why ANAF takes the refresh token no longer; empty while it does."""


class TokenStore:
    """Reads and writes the chain that began with one configured refresh token.

    The row's name comes from the configuration: a new log-in, or another client secret, begins a
    chain of its own. While workers are restarted one by one, those with the old settings can't
    spoil the new chain, and an operator who goes back finds the old one.
    """

    def __init__(
        self, secrets: Secrets, client_id: str, client_secret: str, refresh_token: str
    ) -> None:
        self._secrets = secrets
        self._cipher = _cipher(client_secret)
        seed = "\0".join((client_id, client_secret, refresh_token))
        self.name = f"anaf.oauth.{hashlib.sha256(seed.encode()).hexdigest()[:32]}"

    async def read(self) -> Tokens | None:
        """Return the chain's newest tokens, None before the first renewal."""
        stored = await self._secrets.read(self.name)
        if not stored:
            return None
        try:
            return Tokens(**json.loads(self._cipher.decrypt(stored.encode())))
        except (InvalidToken, ValueError, TypeError):
            _log.error("stored ANAF tokens are damaged, the configured refresh token is tried")
            return None

    async def write(self, tokens: Tokens, owner: str) -> None:
        """Store tokens and give the lease back; raises LedgerUnavailableError."""
        text = self._cipher.encrypt(json.dumps(asdict(tokens)).encode()).decode()
        await self._secrets.write(self.name, text, owner)


def claims(token: str) -> dict[str, object]:
    """Return a JWT's claims without checking them: we only want to know when it ends."""
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def moment(token: str, claim: str, default: float) -> float:
    """Return a claim that is a time, in seconds since 1970."""
    value = claims(token).get(claim)
    return float(value) if isinstance(value, int | float) else default


def now() -> float:
    """Return the seconds since 1970."""
    return datetime.now(UTC).timestamp()


def _cipher(client_secret: str) -> Fernet:
    # The key comes from the client secret: a copy of the database alone opens nothing.
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"workers-anaf tokens")
    return Fernet(base64.urlsafe_b64encode(derive.derive(client_secret.encode())))
