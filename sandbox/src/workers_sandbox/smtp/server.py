"""The SMTP side, on a thread of its own: STARTTLS and a log-in are demanded, nothing is relayed."""

import asyncio
import contextlib
import logging
import re
import socket
import threading
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from workers_sandbox.world import World

from .certificate import context
from .mailbox import PASSWORD, USER, Mail

_MARKER = re.compile(r"sbx-([245]\d\d)(?:[.@+-]|$)")
_TEXTS = {"250": "2.0.0 Ok", "450": "4.2.0 Greylisted", "452": "4.2.2 Mailbox full",
          "550": "5.1.1 User unknown", "554": "5.7.1 Refused by policy"}  # fmt: skip


class _Session(SMTP):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.transport is None:  # the second call is the one after STARTTLS
            self.event_handler.world.mailbox.sessions += 1
        # The raw one stays beneath TLS: cutting it cuts both.
        self.event_handler.open.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.open.discard(self.transport)
        super().connection_lost(error)


class _Handler:
    """The answers; the library speaks the protocol."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open: set[asyncio.BaseTransport | None] = set()

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """MAIL FROM."""
        del session
        answer = await self._trouble(server, "mail", [address])
        if answer is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """RCPT TO; an address with `sbx-550` in it is refused with that code."""
        del session
        answer = await self._trouble(server, "rcpt", [address])
        if answer is None and (found := _MARKER.search(address)):
            answer = f"{found[1]} {_TEXTS.get(found[1], 'as asked for')}"
        if answer is None or answer.startswith("2"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer or "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """The mail itself."""
        answer = await self._trouble(server, "data", envelope.rcpt_tos)
        if answer is not None:
            return answer
        mailbox = self.world.mailbox
        user = session.auth_data if isinstance(session.auth_data, str) else ""
        mailbox.mails.append(
            Mail(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                content=bytes(envelope.original_content or b""),
                tls=session.ssl is not None,
                user=user,
            )
        )
        answer = await self._trouble(server, "accepted", envelope.rcpt_tos)
        return answer or f"250 2.0.0 Ok: queued as SBX{len(mailbox.mails):05d}"

    async def _trouble(self, server: SMTP, step: str, recipients: list[str]) -> str | None:
        answer = self.world.mailbox.next_trouble(step, recipients)
        if answer == "hang":
            await asyncio.sleep(self.world.settings.hold_seconds)
        if answer in ("hang", "lost"):
            _cut(server.transport)
        return "what was that?" if answer == "garbage" else answer

    def log_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str,
               data: Any) -> AuthResult:  # fmt: skip
        """AUTH."""
        del server, session, envelope, mechanism
        known = isinstance(data, LoginPassword)
        right = known and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.world.mailbox.logins += right
        self.world.mailbox.refused_logins += not right
        return AuthResult(success=right, handled=False, auth_data=USER if right else None)


def _cut(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.WriteTransport):
        # One over TLS whose connection is gone already has nothing left to abort.
        with contextlib.suppress(AttributeError):
            transport.abort()


class MailServer:
    """A mail server of its own thread; use it as a context."""

    def __init__(self, world: World) -> None:
        settings = world.settings
        # The library warns at each log-in of what it does itself.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self._handler = _Handler(world)
        self._tls = context(world.keys.mail, world.keys.mail_pem)
        self._socket = socket.create_server((settings.host, settings.smtp_port))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="sandbox-smtp", daemon=True)
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> "MailServer":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._socket.close()

    def _session(self) -> SMTP:
        return _Session(
            self._handler,
            hostname="sandbox",
            ident="sandbox",
            tls_context=self._tls,
            require_starttls=True,
            authenticator=self._handler.log_in,
            auth_required=True,
            enable_SMTPUTF8=True,
            data_size_limit=32 * 1024 * 1024,
            loop=self._loop,
        )

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        loop = self._loop
        server = loop.run_until_complete(loop.create_server(self._session, sock=self._socket))
        loop.run_forever()
        server.close()
        # What was accepted this moment has a task that must begin: cancelled before, it would
        # leave its socket open.
        loop.run_until_complete(asyncio.sleep(0.01))
        for transport in self._handler.open:
            _cut(transport)
        rest = asyncio.all_tasks(loop)
        for one in rest:
            one.cancel()
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        loop.run_until_complete(asyncio.sleep(0.01))  # the sockets close in the loop
        loop.close()
