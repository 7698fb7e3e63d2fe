"""The way out: mail servers over SMTP, through aiosmtplib.

TLS is required or forbidden, never "if offered": a password would go out in clear text where
somebody takes the offer away.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiosmtplib

from workers_runtime.logs import get_logger

from .accounts import Account
from .breaker import Breaker
from .config import Settings
from .errors import (
    MailAnswerLostError,
    MailInvalidError,
    RelayConfigurationError,
    RelayUnavailableError,
)
from .pool import Pool
from .replies import Reply

_log = get_logger(__name__)
CONFIGURATION_SECONDS = 300.0
"""A refused account is left alone for this long: only a person can mend it."""

CHECK_SECONDS = 4.5
"""Of the health check, below the 5 s that a check has."""

_BROKEN = (aiosmtplib.SMTPException, OSError, ValueError)
Begin = Callable[[], Awaitable[None]]
"""Called when the server is about to get the content: from here on it may have it."""


@dataclass(frozen=True)
class Outgoing:
    """A mail as it goes out."""

    sender: str
    """The envelope's: where bounces go."""

    recipients: tuple[str, ...]
    content: bytes = field(repr=False)
    utf8: bool = False


@dataclass(frozen=True)
class Delivery:
    """What the server said."""

    recipients: Mapping[str, Reply]
    """To each RCPT TO; empty when it refused the sender."""

    content: Reply | None = None
    """To the mail itself; None when it did not come to that."""

    sender: Reply | None = None
    """To MAIL FROM, when that was refused."""


class _StaleError(Exception):
    """A connection that was used before is gone; nothing of this mail was taken in."""


class Connection:
    """One session with a server."""

    def __init__(self, smtp: aiosmtplib.SMTP, *, mails: int, data_seconds: float) -> None:
        self._smtp = smtp
        self._left = mails
        self._used = False
        self._data_seconds = data_seconds

    @property
    def is_usable(self) -> bool:
        """Whether another mail may go through it."""
        return self._smtp.is_connected and self._left > 0

    def close(self) -> None:
        """Cut it: a farewell of TLS would wait for a server that may be gone."""
        transport = self._smtp.transport
        self._smtp.close()
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    async def end(self) -> None:
        """Say QUIT; a server that does not answer is left."""
        try:
            with contextlib.suppress(*_BROKEN):
                await self._smtp.execute_command(b"QUIT", timeout=1)
        finally:
            self.close()

    async def noop(self) -> None:
        """Ask for a sign of life."""
        await self._smtp.noop()

    async def send(self, mail: Outgoing, begin: Begin) -> Delivery:
        """Hand a mail over.

        Raises:
            MailInvalidError: this server cannot take such a mail.
            MailAnswerLostError: the content was sent and no answer came.
            RelayUnavailableError: the session broke before that; nothing was taken in.
        """
        self._check(mail)
        self._left -= 1
        reused, self._used = self._used, True
        try:
            asked = await self._envelope(mail)
        except _BROKEN as error:
            # A server may have ended an idle session: the next one, made anew, tells.
            if reused:
                raise _StaleError from None
            raise RelayUnavailableError(f"the session broke off ({_words(error)})") from None
        if asked.sender or not any(_is_taken(one) for one in asked.recipients.values()):
            await self._reset()
            return asked
        await begin()
        return Delivery(asked.recipients, await self._content(mail))

    def _check(self, mail: Outgoing) -> None:
        offered = self._smtp.esmtp_extensions
        limit = int(offered.get("size", "0").strip() or 0) if "size" in offered else 0
        if limit and len(mail.content) > limit:
            raise MailInvalidError(
                f"the mail has {len(mail.content)} bytes, the server takes {limit}: send smaller "
                "files, or a link to them",
                field="attachments",
            )
        if mail.utf8 and not self._smtp.supports_extension("smtputf8"):
            raise MailInvalidError(
                "the server takes no letters beyond ASCII before the @ of an address (SMTPUTF8)",
                field="to",
            )

    async def _envelope(self, mail: Outgoing) -> Delivery:
        options, encoding = [], "ascii"
        if self._smtp.supports_extension("size"):
            options.append(f"size={len(mail.content)}")
        if mail.utf8:
            options, encoding = [*options, "smtputf8", "body=8bitmime"], "utf-8"
        try:
            await self._smtp.mail(mail.sender, options=options, encoding=encoding)
        except aiosmtplib.SMTPSenderRefused as error:
            if error.code == aiosmtplib.SMTPStatus.domain_unavailable:  # 421: it hangs up
                raise
            return Delivery({}, sender=Reply.of(error.code, error.message))
        return Delivery({one: await self._recipient(one, encoding) for one in mail.recipients})

    async def _recipient(self, address: str, encoding: str) -> Reply:
        try:
            answer = await self._smtp.rcpt(address, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as error:
            if error.code == aiosmtplib.SMTPStatus.domain_unavailable:
                raise
            return Reply.of(error.code, error.message)
        return Reply.of(answer.code, answer.message)

    async def _content(self, mail: Outgoing) -> Reply:
        try:
            answer = await self._smtp.data(mail.content, timeout=self._data_seconds)
        except aiosmtplib.SMTPDataError as error:
            # 2xx other than 250 is a yes too; what is no answer of SMTP tells nothing.
            if 200 <= error.code < 300 or 400 <= error.code < 600:
                return Reply.of(error.code, error.message)
            raise MailAnswerLostError(f"the server's answer makes no sense: {error}") from None
        except _BROKEN as error:
            raise MailAnswerLostError(f"the server's answer was lost ({_words(error)})") from None
        return Reply.of(answer.code, answer.message)

    async def _reset(self) -> None:
        try:
            await self._smtp.rset()
        except _BROKEN:
            self._smtp.close()  # nothing is lost: the next mail takes another connection


class Relay:
    """One account's server."""

    def __init__(self, name: str, account: Account, settings: Settings) -> None:
        self._name = name
        self._account = account
        self._settings = settings
        self._breaker = Breaker()
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
            except _StaleError:
                continue
        raise RelayUnavailableError("the server ends each session before it takes a mail")

    async def problem(self) -> str | None:
        """Say what is wrong with the server; a NOOP that it answers is the proof."""
        if self._breaker.closed_for:
            return f"{self._place}: {self._breaker.cause}"
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._ask()
        except TimeoutError:
            cause = f"no answer within {CHECK_SECONDS:g} s"
            self._breaker.failed(cause)
            return f"{self._place}: {cause}"
        except (RelayUnavailableError, RelayConfigurationError) as error:
            return str(error)
        except _BROKEN as error:
            return f"{self._place}: {_words(error)}"
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
        if seconds := self._breaker.closed_for:
            raise RelayUnavailableError(
                f"{self._place} did not answer several times: {self._breaker.cause}",
                retry_after=max(1.0, seconds),
            )

    @property
    def _place(self) -> str:
        return f"{self._account.host}:{self._account.real_port}"

    async def _open(self) -> Connection:
        account, settings = self._account, self._settings
        password = account.secret
        smtp = aiosmtplib.SMTP(
            hostname=account.host,
            port=account.real_port,
            username=account.username or None,
            password=password or None,
            local_hostname=settings.helo or _machine(),
            timeout=settings.answer_seconds,
            use_tls=account.tls == "implicit",
            start_tls=account.tls == "starttls",
            tls_context=self._context() if account.tls != "none" else None,
        )
        try:
            await smtp.connect()
            # Greeting and log-in leave it to the first mail otherwise.
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
        except BaseException as error:
            smtp.close()
            if isinstance(error, _BROKEN):
                raise self._failed(error) from None
            raise
        self._breaker.succeeded()
        _log.info("mail server connected", account=self._name, server=self._place)
        return Connection(
            smtp, mails=settings.mails_per_connection, data_seconds=settings.data_seconds
        )

    def _failed(self, error: Exception) -> RelayUnavailableError | RelayConfigurationError:
        words, code = _words(error), getattr(error, "code", 0)
        if self._is_configuration(error, code):
            return RelayConfigurationError(
                f"{self._place}: {words}: an operator has to mend the account or the server's "
                "certificate",
                retry_after=CONFIGURATION_SECONDS,
            )
        self._breaker.failed(words)
        return RelayUnavailableError(f"{self._place}: {words}")

    @staticmethod
    def _is_configuration(error: Exception, code: int) -> bool:
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return code >= 500  # 535: the log-in; 554: it takes nothing from this machine
        causes = (error, error.__cause__, error.__context__)
        if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
            return True
        known = (ConnectionError, TimeoutError, OSError)
        # What is left of the library's own: no STARTTLS offered, no way to log in.
        return isinstance(error, aiosmtplib.SMTPException) and not isinstance(error, known)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
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


def _is_taken(reply: Reply) -> bool:
    return reply.code is not None and 200 <= reply.code < 300


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _machine() -> str:
    # Never getfqdn: it asks DNS, and may wait for it.
    name = socket.gethostname()
    return name if name.replace("-", "").replace(".", "").isalnum() else "localhost"
