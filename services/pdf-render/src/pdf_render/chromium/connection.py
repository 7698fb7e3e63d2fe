"""Pyppeteer's protocol connection with flat sessions, no compression, and losses that are told.

Its own one wraps each message of a page in another message, compresses everything, ends its
receive loop when a listener fails, and leaves calls waiting when a page crashes.
"""

import asyncio
import itertools
import json
import warnings
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from pdf_render.errors import BrowserUnavailableError
from workers_runtime.logs import get_logger

from .faults import BrowserLostError

with warnings.catch_warnings():
    # Pyppeteer imports the old client of websockets, which it is not used with here.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyppeteer.connection import CDPSession, Connection
    from pyppeteer.errors import NetworkError as ProtocolError

_log = get_logger(__name__)
Answer = dict[str, Any]
__all__ = ["Answer", "BrowserConnection", "PageSession", "ProtocolError", "open_connection"]


class PageSession(CDPSession):  # type: ignore[misc]  # pyppeteer has no types
    """One page's part of the connection."""

    def send(
        self, method: str, params: Mapping[str, Any] | None = None
    ) -> "asyncio.Future[Answer]":
        """Ask the page; ProtocolError when it refuses, BrowserLostError when it is gone."""
        future: asyncio.Future[Answer] = self._connection.post(method, params, self._sessionId)
        return future

    def hear(self, method: str, params: Mapping[str, Any]) -> None:
        """Tell the listeners of an event; one that fails harms nobody else."""
        try:
            self.emit(method, params)
        except Exception:  # noqa: BLE001 - whatever it is, the others go on
            _log.exception("listener failed", method=method)


class BrowserConnection(Connection):  # type: ignore[misc]  # pyppeteer has no types
    """The connection to one Chromium; made by `open_connection`."""

    def __init__(self, url: str, socket: ClientConnection) -> None:
        # Not pyppeteer's own __init__: that one connects by itself, with compression.
        super(Connection, self).__init__()
        self._url = url
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._pending: dict[int, tuple[asyncio.Future[Answer], str, str]] = {}
        self._sessions: dict[str, PageSession] = {}
        self.lost = asyncio.create_task(self._recv_loop())
        """Ends when the connection does."""

    def send(
        self, method: str, params: Mapping[str, Any] | None = None
    ) -> "asyncio.Future[Answer]":
        """Ask the browser itself."""
        return self.post(method, params, "")

    def post(
        self, method: str, params: Mapping[str, Any] | None, session: str
    ) -> "asyncio.Future[Answer]":
        """Send a message now; the future holds its answer."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        future: asyncio.Future[Answer] = self._loop.create_future()
        # Many are not waited for: what is wrong with them shows in those that are.
        future.add_done_callback(_seen)
        if self.lost.done():
            future.set_exception(BrowserLostError(f"{method}: the connection is closed"))
            return future
        self._pending[number] = (future, method, session)
        self._loop.create_task(self._transmit(json.dumps(message))).add_done_callback(_seen)
        return future

    async def createSession(self, targetInfo: Mapping[str, str]) -> PageSession:  # noqa: N802, N803 - pyppeteer's names
        """Attach to a page."""
        wanted = {"targetId": targetInfo["targetId"], "flatten": True}
        answer = await self.send("Target.attachToTarget", wanted)
        session = PageSession(self, targetInfo["type"], answer["sessionId"], self._loop)
        self._sessions[answer["sessionId"]] = session
        return session

    async def dispose(self) -> None:
        """Close the connection."""
        self.lost.cancel()
        await asyncio.wait({self.lost})

    async def _transmit(self, text: str) -> None:
        await self._socket.send(text)

    async def _recv_loop(self) -> None:
        try:
            async for text in self._socket:
                self._dispatch(json.loads(text))
        except (WebSocketException, OSError, ValueError):
            _log.info("connection to Chromium lost")
        finally:
            self._fail("")
            # Not its closing handshake: who is dead does not answer it.
            self._socket.transport.abort()

    def _dispatch(self, message: Answer) -> None:
        if "id" in message:
            self._answer(message)
            return
        method, params = message.get("method", ""), message.get("params", {})
        session = self._sessions.get(message.get("sessionId", ""))
        if method == "Target.detachedFromTarget":
            self._sessions.pop(params["sessionId"], None)
            self._fail(params["sessionId"])
        elif session is not None:
            session.hear(method, params)

    def _answer(self, message: Answer) -> None:
        future, method, _ = self._pending.pop(message["id"], (None, "", ""))
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(ProtocolError(f"{method}: {message['error'].get('message')}"))
        else:
            future.set_result(message.get("result", {}))

    def _fail(self, session: str) -> None:
        """Tell all who wait for this page, or everybody."""
        for number, (future, method, owner) in list(self._pending.items()):
            if session in ("", owner):
                del self._pending[number]
                if not future.done():
                    future.set_exception(BrowserLostError(f"{method}: no answer will come"))


def _seen(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()


async def open_connection(url: str) -> BrowserConnection:
    """Connect to a Chromium that was just started."""
    try:
        socket = await connect(
            url, compression=None, max_size=None, ping_interval=None, proxy=None, open_timeout=10
        )
    except (WebSocketException, OSError, TimeoutError) as error:
        reason = f"Chromium takes no connection: {type(error).__name__}"
        raise BrowserUnavailableError(reason) from error
    return BrowserConnection(url, socket)
