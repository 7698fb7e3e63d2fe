"""Log-ins that a person made with `workers efactura login`: encrypted in the ledger."""

import hashlib
import json
import uuid
from dataclasses import dataclass

from cryptography.fernet import InvalidToken

from workers_ledger.secrets import Secrets
from workers_runtime.logs import get_logger

from .credentials import Application, Credential
from .tokens import CHAIN, Tokens, TokenStore, cipher, forget

PREFIX = "anaf.login."
LEASE_SECONDS = 30.0
_log = get_logger(__name__)


@dataclass(frozen=True)
class Forgotten:
    """A log-in that was taken away here; at ANAF it goes on to exist."""

    since: float
    """When the person logged in, in seconds since 1970; 0 when it cannot be read any more."""
    has_no_tokens_left: bool
    """False when they were not found: a row of another client secret, without their name."""


class StoredLogins:
    """One row for each tenant: the application, and the token with which the chain began.

    The chain itself has a row of its own, as that of a configured token has. A new log-in thus
    begins a new chain, and nobody who still renews the old one can spoil it.

    Args:
        secrets: of the ledger.
        client_secret: the installation's; the key to the rows is made from it.
    """

    def __init__(self, secrets: Secrets, client_secret: str) -> None:
        self._secrets = secrets
        self._cipher = cipher(client_secret)

    async def keep(self, tenant: str, application: Application, tokens: Tokens) -> Credential:
        """Store what a log-in gave, the chain first: a reader of the row finds it complete."""
        found = Credential(tenant, application, tokens.refresh, tokens.login_at)
        store = TokenStore(
            self._secrets, application.client_id, application.client_secret, tokens.refresh
        )
        owner = uuid.uuid4().hex
        await self._secrets.lease(store.name, owner, seconds=LEASE_SECONDS)
        await store.write(tokens, owner)
        inside = {
            # Inside too: a row that was copied to another tenant's name opens nothing.
            "tenant": tenant,
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "refresh_token": tokens.refresh,
            "since": tokens.login_at,
        }
        sealed = self._cipher.encrypt(json.dumps(inside).encode()).decode()
        before = self._chain(await self._secrets.read(_name(tenant)))
        # The name of the chain is no secret, and lets who has another client secret end it.
        row = {"tenant": tenant, "chain": store.name, "sealed": sealed}
        await self._secrets.put(_name(tenant), json.dumps(row))
        if before not in ("", store.name):
            await forget(self._secrets, before)
        return found

    async def forget(self, tenant: str) -> Forgotten | None:
        """Take a tenant's log-in and its tokens away; None when there was none."""
        text = await self._secrets.read(_name(tenant))
        if not text:
            return None
        chain = self._chain(text)
        # The tokens first: what is cut off in between is found and ended by the next try.
        if chain:
            await forget(self._secrets, chain)
        await self._secrets.put(_name(tenant), "")
        _, credential = self._read(text) or ("", None)
        return Forgotten(credential.since if credential else 0.0, bool(chain))

    def _chain(self, text: str) -> str:
        """Return the name of a log-in's token chain; empty when it cannot be known."""
        if not text:
            return ""
        _, credential = self._read(text) or ("", None)
        if credential is None:
            return _named(text)
        own = credential.application
        return TokenStore(
            self._secrets, own.client_id, own.client_secret, credential.refresh_token
        ).name

    async def all(self) -> dict[str, Credential | None]:
        """Return the log-ins by tenant; None for one that this client secret does not open."""
        rows = await self._secrets.under(PREFIX)
        return dict(found for text in rows.values() if (found := self._read(text)) is not None)

    def _read(self, text: str) -> tuple[str, Credential | None] | None:
        try:
            row = json.loads(text)
            tenant, sealed = str(row["tenant"]), row["sealed"].encode()
        except (ValueError, TypeError, KeyError, AttributeError):
            _log.error("a stored log-in is damaged; its tenant has to log in again")
            return None
        try:
            inside = json.loads(self._cipher.decrypt(sealed))
        except InvalidToken:
            return tenant, None
        if inside.get("tenant", tenant) != tenant:
            _log.error("a stored log-in stands under another tenant's name; it is not used")
            return tenant, None
        application = Application(inside["client_id"], inside["client_secret"])
        return tenant, Credential(tenant, application, inside["refresh_token"], inside["since"])


def _named(text: str) -> str:
    try:
        name = str(json.loads(text).get("chain", ""))
    except (ValueError, AttributeError):
        return ""
    return name if name.startswith(CHAIN) else ""


def _name(tenant: str) -> str:
    return f"{PREFIX}{hashlib.sha256(tenant.encode()).hexdigest()[:32]}"
