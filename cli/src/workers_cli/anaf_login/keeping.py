"""Trades the code of a log-in for tokens, and keeps them in the workers' ledger."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from workers_anaf.credentials import Application
from workers_anaf.login import LoginRefusedError, TokenEndpointError, trade_code
from workers_anaf.oauth import REFRESH_DAYS
from workers_anaf.stored_logins import StoredLogins
from workers_anaf.tokens import Tokens, TokenStore
from workers_cli.errors import ConfigurationError
from workers_ledger.database import Database, DatabaseDownError
from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.secrets import Secrets
from workers_runtime.outbound import Outbound

from .errors import LedgerUnreachableError, LoginFailedError
from .settings import LoginSettings

PATIENCE_SECONDS = 5.0


@dataclass(frozen=True)
class Kept:
    """A stored log-in, without anything secret."""

    tenant: str
    client_id: str
    logged_in_at: datetime | None
    ends_at: datetime | None
    problem: str
    """Why it is of no use; empty while it is."""


class Office:
    """The ledger of the workers, and the key to what it holds of log-ins."""

    def __init__(self, secrets: Secrets, settings: LoginSettings) -> None:
        self._secrets = secrets
        self._settings = settings
        self._stored = StoredLogins(secrets, settings.client_secret.get_secret_value())

    async def log_in(self, tenant: str, application: Application, code: str, uri: str) -> Kept:
        """Trade a code, which is good for 60 seconds, and store what it gives.

        Raises:
            LoginFailedError: ANAF did not take the code.
            LedgerUnreachableError: what it gave cannot be stored; the code is used up.
        """
        tokens = await self._traded(application, code, uri)
        try:
            await self._stored.keep(tenant, application, tokens)
        except LedgerUnavailableError as error:
            raise _unreachable(error) from None
        return _kept(tenant, application.client_id, tokens.login_at, "")

    async def _traded(self, application: Application, code: str, uri: str) -> Tokens:
        login = Outbound("ANAF log-in", self._settings.login_url, read_seconds=30)
        auth = (application.client_id, application.client_secret)
        try:
            return await trade_code(login, auth, code, redirect_uri=uri)
        except LoginRefusedError as error:
            raise LoginFailedError(
                f"ANAF did not take the code: {error}",
                "run the command again; a code is good for 60 seconds, once, and for the very "
                "redirect address that it was asked with",
            ) from None
        except TokenEndpointError as error:
            step = "run the command again"
            if "invalid_client" in str(error):
                step = "compare ANAF_CLIENT_ID and ANAF_CLIENT_SECRET with ANAF's portal"
            raise LoginFailedError(str(error), step) from None
        finally:
            await login.close()

    async def all(self) -> list[Kept]:
        """Return the stored log-ins, by tenant."""
        found = []
        for tenant, credential in sorted((await self._stored.all()).items()):
            if credential is None:
                found.append(_kept(tenant, "", 0, "made with another ANAF_CLIENT_SECRET"))
                continue
            own = credential.application
            store = TokenStore(
                self._secrets, own.client_id, own.client_secret, credential.refresh_token
            )
            tokens = await store.read()
            problem = tokens.refused if tokens else "its tokens are damaged"
            found.append(_kept(tenant, own.client_id, credential.since, problem))
        return found

    async def forget(self, tenant: str) -> Kept | None:
        """Take a log-in and its tokens away here, and say what it was; None when there was none.

        At ANAF it goes on to exist: its `revoke` answers nobody but a person in the portal.
        """
        gone = await self._stored.forget(tenant)
        if gone is None:
            return None
        problem = "" if gone.has_no_tokens_left else "made with another ANAF_CLIENT_SECRET"
        return _kept(tenant, "", gone.since, problem)


@asynccontextmanager
async def office(settings: LoginSettings) -> AsyncIterator[Office]:
    """Open the ledger.

    Raises:
        ConfigurationError: DATABASE_URL is no address.
        LedgerUnreachableError: it does not answer.
    """
    try:
        database = Database(settings.database_url.get_secret_value())
    except ValueError as error:
        raise ConfigurationError(str(error), "set it to the ledger of the workers") from None
    try:
        with _quiet():
            await database.open(patience_seconds=PATIENCE_SECONDS)
            yield Office(Secrets(database), settings)
    except (DatabaseDownError, LedgerUnavailableError) as error:
        raise _unreachable(error) from None
    finally:
        await database.close()


def _unreachable(error: Exception) -> LedgerUnreachableError:
    return LedgerUnreachableError(
        f"the ledger of DATABASE_URL does not answer ({error})",
        "start it, or set DATABASE_URL to where the workers have theirs",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the workers would log off the terminal: this program says it itself."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def _kept(tenant: str, client_id: str, login_at: float, problem: str) -> Kept:
    at = datetime.fromtimestamp(login_at, UTC) if login_at else None
    ends = at + timedelta(days=REFRESH_DAYS) if at else None
    return Kept(tenant, client_id, at, ends, problem)
