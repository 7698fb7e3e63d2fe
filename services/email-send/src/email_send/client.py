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

from .accounts import Account
from .config import Settings
from .errors import (
    MailAnswerLostError,
    MailInvalidError,
    RelayConfigurationError,
    RelayUnavailableError,
)
from .replies import Reply

CONFIGURATION_SECONDS = 300.0
"""A refused account is left alone for this long: only a person can mend it."""

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


class StaleError(Exception):
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
        """Ask for a sign of life; RelayUnavailableError when there is none."""
        try:
            await self._smtp.noop()
        except _BROKEN as error:
            raise RelayUnavailableError(f"{self._smtp.hostname}: {_words(error)}") from None

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
                raise StaleError from None
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


async def connect(account: Account, settings: Settings, tls: ssl.SSLContext | None) -> Connection:
    """Open a session, with TLS and the log-in done.

    Raises:
        RelayUnavailableError: the server was not reached, or cannot now.
        RelayConfigurationError: it refuses the account, or its certificate is not trusted.
    """
    smtp = aiosmtplib.SMTP(
        hostname=account.host,
        port=account.real_port,
        username=account.username or None,
        password=account.secret or None,
        local_hostname=settings.helo or _machine(),
        timeout=settings.answer_seconds,
        use_tls=account.tls == "implicit",
        start_tls=account.tls == "starttls",
        tls_context=tls,
    )
    try:
        await smtp.connect()
        # Left to the first mail otherwise, whose check of the size needs it.
        if smtp.is_ehlo_or_helo_needed:
            await smtp.ehlo()
    except BaseException as error:
        smtp.close()
        if isinstance(error, _BROKEN):
            raise _failed(f"{account.host}:{account.real_port}", error) from None
        raise
    return Connection(smtp, mails=settings.mails_per_connection, data_seconds=settings.data_seconds)


def _failed(place: str, error: Exception) -> RelayUnavailableError | RelayConfigurationError:
    if not _is_configuration(error, getattr(error, "code", 0)):
        return RelayUnavailableError(f"{place}: {_words(error)}")
    return RelayConfigurationError(
        f"{place}: {_words(error)}: an operator has to mend the account, or the server's "
        "certificate",
        retry_after=CONFIGURATION_SECONDS,
    )


def _is_configuration(error: Exception, code: int) -> bool:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return code >= 500  # 535: the log-in; 554: it takes nothing from this machine
    causes = (error, error.__cause__, error.__context__)
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return True
    known = (ConnectionError, TimeoutError, OSError)
    # What is left of the library's own: no STARTTLS offered, no way to log in.
    return isinstance(error, aiosmtplib.SMTPException) and not isinstance(error, known)


def _is_taken(reply: Reply) -> bool:
    return reply.code is not None and 200 <= reply.code < 300


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _machine() -> str:
    # Never getfqdn: it asks DNS, and may wait for it.
    name = socket.gethostname()
    return name if name.replace("-", "").replace(".", "").isalnum() else "localhost"
