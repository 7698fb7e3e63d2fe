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

LATEST = 4_102_444_800.0
"""The beginning of 2100, in seconds since 1970."""

CHAIN = "anaf.oauth."
"""How the names of token chains begin."""

LOGGED_OUT = "logged out with `workers efactura logout`"
ENDED = "ended"
"""Stands in place of tokens that were forgotten; nobody brings them back."""

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
    unsaved_since: float = 0.0
    """When the renewal began whose answer was never stored, if one is why it is refused."""


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
        self._cipher = cipher(client_secret)
        seed = "\0".join((client_id, client_secret, refresh_token))
        self.name = f"{CHAIN}{hashlib.sha256(seed.encode()).hexdigest()[:32]}"

    async def read(self) -> Tokens | None:
        """Return the chain's newest tokens, None before the first renewal."""
        stored = await self._secrets.read(self.name)
        if not stored:
            return None
        if stored == ENDED:
            return Tokens("", "", 0.0, 0.0, LOGGED_OUT)
        try:
            return Tokens(**json.loads(self._cipher.decrypt(stored.encode())))
        except (InvalidToken, ValueError, TypeError):
            _log.error("stored ANAF tokens are damaged, the configured refresh token is tried")
            return None

    async def write(self, tokens: Tokens, owner: str) -> None:
        """Store tokens, unless they were forgotten meanwhile, and give the lease back.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        text = self._cipher.encrypt(json.dumps(asdict(tokens)).encode()).decode()
        await self._secrets.write(self.name, text, owner, unless=ENDED)

    async def begin(self, refresh: str) -> None:
        """Note, before ANAF is asked, that this refresh token is being used up."""
        note = json.dumps({"of": digest(refresh), "at": now()})
        await self._secrets.put(self._begun, note)

    async def begun(self, refresh: str) -> float:
        """Return when a renewal with this token began whose end nobody stored; 0 when none did."""
        try:
            note = json.loads(await self._secrets.read(self._begun))
            return float(note["at"]) if note["of"] == digest(refresh) else 0.0
        except (ValueError, TypeError, KeyError):
            return 0.0  # none, or a damaged one: it only explains

    async def settle(self) -> None:
        """Note that the renewal certainly did not reach ANAF, or was answered without effect."""
        await self._secrets.put(self._begun, "")

    @property
    def _begun(self) -> str:
        return f"{self.name}.begun"


async def forget(secrets: Secrets, chain: str) -> None:
    """Take the tokens of a chain away, and every note about it; a renewal that runs stores none."""
    await secrets.put(chain, ENDED)
    for note in await secrets.under(f"{chain}."):
        await secrets.put(note, "")


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
    # Milliseconds, or no number at all, would break every sum of days that is made with it.
    return float(value) if isinstance(value, int | float) and 0 < value < LATEST else default


def now() -> float:
    """Return the seconds since 1970."""
    return datetime.now(UTC).timestamp()


def cipher(client_secret: str) -> Fernet:
    """Return what encrypts and decrypts everything that is stored of a log-in."""
    # The key comes from the client secret: a copy of the database alone opens nothing.
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"workers-anaf tokens")
    return Fernet(base64.urlsafe_b64encode(derive.derive(client_secret.encode())))


def digest(token: str) -> str:
    """Return what stands for a token where it must not be read."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]
