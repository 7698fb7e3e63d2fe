"""Log-ins that a person made with `workers efactura login`: encrypted in the ledger."""

import hashlib
import json
import uuid

from cryptography.fernet import InvalidToken

from workers_ledger.secrets import Secrets
from workers_runtime.logs import get_logger

from .credentials import Application, Credential
from .tokens import Tokens, TokenStore, cipher

PREFIX = "anaf.login."
LEASE_SECONDS = 30.0
_log = get_logger(__name__)


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
        await self._secrets.put(_name(tenant), json.dumps({"tenant": tenant, "sealed": sealed}))
        return found

    async def forget(self, tenant: str) -> bool:
        """Take a tenant's log-in away; False when there was none. At ANAF it goes on to exist."""
        there = bool(await self._secrets.read(_name(tenant)))
        if there:
            await self._secrets.put(_name(tenant), "")
        return there

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


def _name(tenant: str) -> str:
    return f"{PREFIX}{hashlib.sha256(tenant.encode()).hexdigest()[:32]}"
