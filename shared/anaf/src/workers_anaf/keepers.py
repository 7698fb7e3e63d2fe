"""Which log-in a tenant's calls are made with; a new one is seen without a restart."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Protocol

from workers_ledger.secrets import Secrets
from workers_runtime.errors import TransientError
from workers_runtime.outbound import Outbound

from .certificate import CertificateLogin
from .credentials import Credential, CredentialsFile
from .oauth import LoginRequiredError, TokenKeeper
from .stored_logins import StoredLogins

AGAIN_SECONDS = 15.0
"""How soon a log-in that was made meanwhile is used; at once when the old one is refused."""

EVERYBODY = ""
"""The tenant whose log-in is the default one."""

Login = TokenKeeper | CertificateLogin


class LoginMissingError(TransientError):
    """Nobody has logged in for this tenant; the command waits until somebody has."""

    code = "anaf_login_missing"


class LoginUnreadableError(TransientError):
    """The stored log-in was made with another ANAF_CLIENT_SECRET; a person must log in again."""

    code = "anaf_login_unreadable"


class Logins(Protocol):
    """Gives the log-in of a tenant."""

    async def of(self, tenant: str, *, fresh: bool = False) -> Login:
        """Return it; ``fresh`` looks whether a newer one was made."""


class Keepers:
    """The keepers of all log-ins: stored ones, those of a file, and the configured one.

    The newest log-in of a tenant counts. One that does not say when it was made is older than all
    that do.

    Args:
        secrets: of the ledger.
        login: the way to ANAF's log-in server.
        configured: from the settings; None when there is none.
        stored: made with `workers efactura login`.
        file: ANAF_CREDENTIALS_FILE; None when there is none.
        certificate: in place of a default log-in; None when there is none.
        shared: whether a tenant without a log-in of its own uses the default one.
    """

    def __init__(
        self,
        secrets: Secrets,
        login: Outbound,
        configured: Credential | None,
        *,
        stored: StoredLogins,
        file: CredentialsFile | None = None,
        certificate: CertificateLogin | None = None,
        shared: bool = True,
    ) -> None:
        self._secrets = secrets
        self._login = login
        self._configured = configured
        self._stored = stored
        self._file = file
        self._certificate = certificate
        self._shared = shared
        self._keepers: dict[Credential, TokenKeeper] = {}
        self._known: Mapping[str, Credential | None] = {}
        self._looked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def of(self, tenant: str, *, fresh: bool = False) -> Login:
        """Return the log-in for a tenant's calls.

        Raises:
            LoginMissingError: there is none, and the default one is not for this tenant.
            LoginUnreadableError: it cannot be decrypted.
        """
        known = await self._table(fresh=fresh)
        login = self._own(tenant, known)
        if login is None and tenant != EVERYBODY and self._shared:
            login = self._own(EVERYBODY, known)
        if login is None:
            raise LoginMissingError(_missing(tenant, shared=self._shared), retry_after=900)
        return login

    async def all(self) -> list[Login]:
        """Return every log-in that can be used, the default one first."""
        known = await self._table(fresh=True)
        found = []
        for tenant in sorted({EVERYBODY, *known}):
            try:
                login = self._own(tenant, known)
            except LoginUnreadableError:
                continue
            found += [login] if login is not None else []
        return found

    async def sharing(self, tenants: Iterable[str]) -> list[str]:
        """Return those of the tenants that use the default log-in."""
        known = await self._table(fresh=False)
        return [one for one in tenants if one and self._shared and one not in known]

    async def close(self) -> None:
        """Close the connections that a certificate makes."""
        if self._certificate is not None:
            await self._certificate.outbound.close()

    async def problem(self) -> str | None:
        """Return what an operator should know of all log-ins, a deep health check."""
        problems = [
            f"tenant '{tenant}': the stored log-in cannot be read" if tenant else _UNREADABLE
            for tenant, credential in (await self._table(fresh=True)).items()
            if credential is None
        ]
        told = [(login.tenant, await login.problem()) for login in await self.all()]
        if not told and not problems:
            return _missing(EVERYBODY, shared=self._shared)
        problems += [f"tenant '{who}': {text}" if who else text for who, text in told if text]
        if len(problems) > _MOST_TOLD:
            problems[_MOST_TOLD:] = [f"and {len(problems) - _MOST_TOLD} more log-ins"]
        return "; ".join(problems) or None

    def _own(self, tenant: str, known: Mapping[str, Credential | None]) -> Login | None:
        if tenant in known:
            credential = known[tenant]
            if credential is None and tenant == EVERYBODY and self._certificate is not None:
                # It was made before the certificate took its place, under a secret since dropped.
                return self._certificate
            if credential is None:
                raise LoginUnreadableError(_unreadable(tenant), retry_after=900)
            return self._keeper(credential)
        return self._certificate if tenant == EVERYBODY else None

    def _keeper(self, credential: Credential) -> TokenKeeper:
        # By the whole credential: as long as it is the same, its keeper with its lock is.
        if credential not in self._keepers:
            self._keepers[credential] = TokenKeeper(
                self._secrets,
                self._login,
                client_id=credential.application.client_id,
                client_secret=credential.application.client_secret,
                refresh_token=credential.refresh_token,
                tenant=credential.tenant,
            )
        return self._keepers[credential]

    async def _table(self, *, fresh: bool) -> Mapping[str, Credential | None]:
        async with self._lock:
            if fresh or time.monotonic() - self._looked_at >= AGAIN_SECONDS:
                self._known = self._newest(await self._stored.all(), fresh=fresh)
                self._looked_at = time.monotonic()
            return self._known

    def _newest(
        self, stored: Mapping[str, Credential | None], *, fresh: bool
    ) -> dict[str, Credential | None]:
        found = dict(stored)
        # Blocking, but rarely: a look at a small file that is mounted here.
        others = dict(self._file.read(fresh=fresh)) if self._file else {}
        if self._configured is not None:
            others[EVERYBODY] = self._configured
        for tenant, other in others.items():
            known = found.get(tenant)
            if known is None or other.since > known.since:
                found[tenant] = other
        return found


class Caller:
    """Hands out what one tenant's calls carry; a refused log-in is looked for anew, once."""

    def __init__(self, logins: Logins, tenant: str) -> None:
        self._logins = logins
        self._tenant = tenant

    async def token(self) -> tuple[Login, str]:
        """Return the log-in and an access token of it; an empty one with a certificate."""
        login = await self._logins.of(self._tenant)
        try:
            return login, await login.access_token()
        except LoginRequiredError as error:
            return await self._newer(login, error)

    async def renewed(self, login: Login, failed: str) -> tuple[Login, str]:
        """Return the log-in and another token than ``failed``, which ANAF did not take."""
        try:
            return login, await login.renew(failed)
        except LoginRequiredError as error:
            return await self._newer(login, error)

    async def _newer(self, login: Login, error: LoginRequiredError) -> tuple[Login, str]:
        newer = await self._logins.of(self._tenant, fresh=True)
        if newer is login:
            raise error
        return newer, await newer.access_token()


_MOST_TOLD = 5
_UNREADABLE = "the stored default log-in cannot be read"


def _unreadable(tenant: str) -> str:
    whose = f"of tenant '{tenant}' " if tenant else ""
    return (
        f"the stored log-in {whose}was made with another ANAF_CLIENT_SECRET; set that one again, "
        f"or run: {login_command(tenant)}"
    )


def _missing(tenant: str, *, shared: bool) -> str:
    if not tenant or shared:
        return (
            f"nobody has logged in at ANAF; run `{login_command('')}`, or set ANAF_REFRESH_TOKEN "
            "or ANAF_CLIENT_CERTIFICATE"
        )
    return (
        f"tenant '{tenant}' has no log-in at ANAF; run `{login_command(tenant)}`, add it to "
        "ANAF_CREDENTIALS_FILE, or set ANAF_TENANT_LOGIN=shared to use the default log-in"
    )


def login_command(tenant: str) -> str:
    """Return the command with which a person logs in for a tenant."""
    return f"workers efactura login --tenant {tenant}" if tenant else "workers efactura login"
