"""A uvicorn server that can cut a connection, in this thread or in the background."""

import asyncio
import socket
import ssl
import struct
import threading
import time
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import build
from .certificates import Certificates
from .misbehaviours.transport import ABORT_EXTENSION
from .routing import BY_CERTIFICATE
from .settings import Settings
from .smtp.server import MailServer


class _CuttableProtocol(H11Protocol):
    """Gives the application a way to end the connection without another byte."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app: ASGIApp = self.app

        def abort(reset: bool) -> None:
            if reset:
                # Linger 0 turns the close into a TCP reset.
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            transport.abort()

        async def cuttable(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[ABORT_EXTENSION] = abort
            await app(scope, receive, send)

        self.app = cuttable


def _server(
    app: ASGIApp, settings: Settings, *, quiet: bool, certificates: Certificates | None = None
) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=_CuttableProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="critical" if quiet else "info",
        server_header=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificates.host if certificates else None,
        ssl_ca_certs=str(certificates.authority) if certificates else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if certificates else ssl.CERT_NONE,
    )
    return uvicorn.Server(config)


def run(settings: Settings) -> None:
    """Serve until interrupted."""
    app = build(settings)
    with MailServer(app.state.world):
        _server(app, settings, quiet=False).run()


def _by_certificate(app: ASGIApp) -> ASGIApp:
    """The application as its host for certificates sees it: TLS has said who is calling."""

    async def marked(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[BY_CERTIFICATE] = {}
        await app(scope, receive, send)

    return marked


class _Thread:
    """A server on a real socket, served by a thread of this process."""

    def __init__(self, server: uvicorn.Server, settings: Settings, port: int, scheme: str) -> None:
        self._server = server
        self._socket = socket.create_server((settings.host, port))
        self._thread = threading.Thread(target=self._serve, name="workers-sandbox", daemon=True)
        host, port = self._socket.getsockname()[:2]
        self.url = f"{scheme}://{host}:{port}"

    def start(self) -> None:
        """Return when it serves."""
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError(f"the sandbox did not start on {self.url} within 10 s")
            time.sleep(0.005)

    def end(self) -> None:
        """Return when it serves no more."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._until_told())

    async def _until_told(self) -> None:
        await self._server.serve(sockets=[self._socket])
        # A client may knock while it ends, after the connections were closed.
        await asyncio.sleep(0.01)
        for late in list(self._server.server_state.connections):
            late.transport.abort()
        await asyncio.sleep(0.01)


class BackgroundServer:
    """A sandbox in the background; with certificates also ANAF's host that demands one."""

    def __init__(self, settings: Settings, certificates: Certificates | None = None) -> None:
        app = build(settings)
        self._mail = MailServer(app.state.world)
        self._threads = [
            _Thread(_server(app, settings, quiet=True), settings, settings.port, "http")
        ]
        if certificates:
            server = _server(_by_certificate(app), settings, quiet=True, certificates=certificates)
            self._threads.append(_Thread(server, settings, 0, "https"))
        self.url = self._threads[0].url
        self.certificate_url = self._threads[-1].url
        self.smtp_port = self._mail.port

    def __enter__(self) -> "BackgroundServer":
        self._mail.__enter__()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._mail.__exit__()
        for thread in self._threads:
            thread.end()
