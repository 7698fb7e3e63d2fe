"""An account's server: its connections, when it is left alone, and whether it is well."""

import asyncio
import ssl

from workers_runtime.logs import get_logger

from .accounts import Account
from .breaker import Breaker
from .client import (
    CONFIGURATION_SECONDS,
    Begin,
    Connection,
    Delivery,
    Outgoing,
    StaleError,
    connect,
)
from .config import Settings
from .errors import RelayConfigurationError, RelayUnavailableError
from .pool import Pool

_log = get_logger(__name__)
CHECK_SECONDS = 4.5
"""Of the health check, below the 5 s that a check has."""


class Relay:
    """One account's server."""

    def __init__(self, name: str, account: Account, settings: Settings) -> None:
        self._name = name
        self._account = account
        self._settings = settings
        self._breaker = Breaker()
        # One refusal is enough: who tries a wrong password again and again is locked out.
        self._refusal = Breaker(failures=1, seconds=CONFIGURATION_SECONDS)
        self._tls: ssl.SSLContext | None = None
        self.pool: Pool[Connection] = Pool(
            self._open, size=account.connections, idle_seconds=settings.idle_seconds
        )

    async def deliver(self, mail: Outgoing, begin: Begin) -> Delivery:
        """Hand a mail over, on a connection that is there or on a new one."""
        self._ask_breaker()
        for fresh in (False, True):
            try:
                async with self.pool.connection(fresh=fresh) as connection:
                    return await connection.send(mail, begin)
            except StaleError:
                continue
        raise RelayUnavailableError("the server ends each session before it takes a mail")

    async def problem(self) -> str | None:
        """Say what is wrong with the server; a NOOP that it answers is the proof."""
        for one in (self._refusal, self._breaker):
            if one.closed_for:
                return one.cause
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._ask()
        except TimeoutError:
            cause = f"{self._place}: no answer within {CHECK_SECONDS:g} s"
            self._breaker.failed(cause)
            return cause
        except (RelayUnavailableError, RelayConfigurationError) as error:
            return str(error)
        return None

    async def _ask(self) -> None:
        # Not one of the pool's: those may all be busy with mails.
        connection = await self._open()
        try:
            await connection.noop()
            await connection.end()
        finally:
            connection.close()

    def _ask_breaker(self) -> None:
        if seconds := self._refusal.closed_for:
            raise RelayConfigurationError(self._refusal.cause, retry_after=max(1.0, seconds))
        if seconds := self._breaker.closed_for:
            raise RelayUnavailableError(
                f"the mail server did not answer several times: {self._breaker.cause}",
                retry_after=max(1.0, seconds),
            )

    @property
    def _place(self) -> str:
        return f"{self._account.host}:{self._account.real_port}"

    async def _open(self) -> Connection:
        try:
            made = await connect(self._account, self._settings, self._context())
        except RelayUnavailableError as error:
            self._breaker.failed(str(error))
            raise
        except RelayConfigurationError as error:
            self._refusal.failed(str(error))
            raise
        self._breaker.succeeded()
        self._refusal.succeeded()
        _log.debug("mail server connected", account=self._name, server=self._place)
        return made

    def _context(self) -> ssl.SSLContext | None:
        if self._tls is None and self._account.tls != "none":
            self._tls = ssl.create_default_context()
            if certificates := self._account.certificates:
                self._tls.load_verify_locations(cadata=certificates)
        return self._tls


class MailClient:
    """All accounts' servers; make it inside the event loop."""

    def __init__(self, settings: Settings) -> None:
        accounts = settings.ways().all
        self._relays = {name: Relay(name, one, settings) for name, one in accounts.items()}

    def relay(self, account: str) -> Relay:
        """Return the server of an account."""
        return self._relays[account]

    async def close(self) -> None:
        """End every connection."""
        await asyncio.gather(*(one.pool.close() for one in self._relays.values()))

    async def problem(self) -> str | None:
        """Say what is wrong with any of the servers."""
        relays = self._relays.items()
        found = await asyncio.gather(*(one.problem() for _, one in relays))
        wrong = [f"{name}: {text}" for (name, _), text in zip(relays, found, strict=True) if text]
        return "; ".join(wrong) or None
