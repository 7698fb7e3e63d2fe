"""Faults of the connection itself: silence, and an answer that breaks off."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ABORT_EXTENSION = "workers_sandbox.abort"
"""ASGI extension of our server: ends the connection at once; True makes it a reset."""


class Silence(Response):
    """Holds the connection without a word, then closes it."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Wait for the time to pass, or for the client to give up first."""
        gone = asyncio.ensure_future(_disconnected(receive))
        await asyncio.wait({gone}, timeout=self._seconds)
        gone.cancel()
        await _abort(scope, reset=False)


class CutShort(Response):
    """Promises the whole of an answer, sends a part, resets the connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send headers with the full Content-Length and half of the body."""
        whole = self._whole
        part = bytes(whole.body)[: max(1, len(whole.body) // 2)]
        await send(
            {
                "type": "http.response.start",
                "status": whole.status_code,
                "headers": whole.raw_headers,
            }
        )
        await send({"type": "http.response.body", "body": part, "more_body": True})
        # The part must be on the wire before the reset, which would drop it.
        await asyncio.sleep(0.05)
        await _abort(scope, reset=True)


class Late(Response):
    """Does the work after a wait, and not at all when the client has gone by then."""

    def __init__(self, work: Callable[[], Response], seconds: float) -> None:
        super().__init__()
        self._work = work
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then work and answer."""
        gone = asyncio.ensure_future(_disconnected(receive))
        left, _ = await asyncio.wait({gone}, timeout=self._seconds)
        gone.cancel()
        if not left:
            await self._work()(scope, receive, send)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _abort(scope: Scope, *, reset: bool) -> None:
    abort: Callable[[bool], None] | None = scope.get("extensions", {}).get(ABORT_EXTENSION)
    if abort is None:
        raise ConnectionAbortedError(
            "this server cannot cut connections; use workers_sandbox.server"
        )
    abort(reset)
    # Two turns of the loop let the server notice that the connection is gone.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
