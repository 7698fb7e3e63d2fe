"""One document in a context of its own: loaded, waited for, printed, thrown away."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from pdf_render.errors import DocumentInvalidError, DocumentTooHeavyError

from .connection import BrowserConnection, PageSession, ProtocolError
from .faults import BrowserLostError, RendererCrashedError
from .job import Job, Printed
from .requests import Requests

T = TypeVar("T")
_CHUNK = 4 * 2**20
_QUIET_SECONDS = 0.5
_LOOK_SECONDS = 0.05
_PIXELS_PER_INCH = 96
_LONGEST_INCHES = 200.0
"""Viewers and PDF/A take no longer page than 14,400 units."""


class Page:
    """A page that was made for one job."""

    def __init__(self, connection: BrowserConnection, job: Job) -> None:
        self._connection = connection
        self._job = job
        self._context = ""
        self._session: PageSession
        self._requests: Requests
        self._loaded = asyncio.Event()
        self._crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        """Make the page in a new context; nothing of other documents is in it."""
        made = await self._connection.send("Target.createBrowserContext", {"disposeOnDetach": True})
        self._context = made["browserContextId"]
        wanted = {"url": "about:blank", "browserContextId": self._context}
        target = await self._connection.send("Target.createTarget", wanted)
        info = {"targetId": target["targetId"], "type": "page"}
        self._session = await self._connection.createSession(info)
        self._requests = Requests(self._session, self._job)
        # A page's main frame has the id of its target.
        self._requests.main_frame = target["targetId"]
        self._session.on("Inspector.targetCrashed", lambda _: self._crash())
        self._session.on("Page.loadEventFired", lambda _: self._loaded.set())
        self._session.on("Page.javascriptDialogOpening", lambda _: self._dismiss())

    async def print(self) -> Printed:
        """Load, wait and print.

        Raises:
            RendererCrashedError, BrowserLostError: it may work in another page.
            PermanentError: it will not.
        """
        await self._load()
        await self._wait_as_asked()
        pdf = await self._pdf()
        return Printed(pdf, self._requests.missing)

    async def close(self) -> None:
        """Throw the page away with its context. Raises BrowserLostError."""
        if hasattr(self, "_requests"):
            self._requests.close()
        if self._context:
            wanted = {"browserContextId": self._context}
            await self._connection.send("Target.disposeBrowserContext", wanted)

    def _crash(self) -> None:
        if not self._crashed.done():
            self._crashed.set_result(None)

    def _dismiss(self) -> None:
        # An open dialogue blocks printing for ever.
        self._session.send("Page.handleJavaScriptDialog", {"accept": False})

    async def _load(self) -> None:
        send = self._session.send
        # All of these have to be in force before the document begins: what is answered by the
        # browser overtakes what is answered by the page.
        settings = [
            send("Page.enable"),
            send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]}),
            send("Audits.enable"),
            send("Emulation.setScriptExecutionDisabled", {"value": not self._job.scripts}),
        ]
        if self._job.media != "print":
            settings.append(send("Emulation.setEmulatedMedia", {"media": self._job.media}))
        if self._job.scripts or self._job.fetch:
            where = {"behavior": "deny", "browserContextId": self._context}
            settings.append(self._connection.send("Browser.setDownloadBehavior", where))
        await self._alive(asyncio.gather(*settings))
        answer = await self._alive(send("Page.navigate", {"url": self._job.url}))
        if answer.get("errorText"):
            self._raise_trouble()
            raise DocumentInvalidError(f"the document cannot be opened: {answer['errorText']}")
        await self._alive(self._loaded.wait())
        fonts = {"expression": "document.fonts.ready.then(() => 0)", "awaitPromise": True}
        await self._alive(send("Runtime.evaluate", fonts))

    async def _wait_as_asked(self) -> None:
        waits = self._job.waits
        if waits.selector:
            await self._until(f"document.querySelector({json.dumps(waits.selector)}) !== null")
        if waits.expression:
            await self._until(f"Boolean({waits.expression})")
        if waits.idle:
            await self._until_quiet()
        if waits.delay:
            await self._pause(waits.delay)

    async def _until(self, expression: str) -> None:
        while True:
            wanted = {"expression": expression, "returnByValue": True}
            answer = await self._alive(self._session.send("Runtime.evaluate", wanted))
            if "exceptionDetails" in answer:
                told = answer["exceptionDetails"].get("exception", {}).get("description", "")
                raise DocumentInvalidError(f"the condition to wait for fails: {told[:200]}")
            if answer["result"].get("value") is True:
                return
            await self._pause(_LOOK_SECONDS)

    async def _until_quiet(self) -> None:
        quiet_since = time.monotonic()
        while self._requests.waiting or time.monotonic() - quiet_since < _QUIET_SECONDS:
            await self._pause(_LOOK_SECONDS)
            if self._requests.changed.is_set():
                self._requests.changed.clear()
                quiet_since = time.monotonic()

    async def _pause(self, seconds: float) -> None:
        ends: set[asyncio.Future[Any]] = {self._crashed, self._requests.trouble}
        await asyncio.wait(
            {*ends, self._connection.lost}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        self._raise_trouble()

    async def _pdf(self) -> bytes:
        options = {**self._job.options, "transferMode": "ReturnAsStream"}
        if self._job.single_page:
            options |= await self._one_long_page()
        try:
            answer = await self._alive(self._session.send("Page.printToPDF", options))
        except ProtocolError as error:
            if "age range" in str(error):
                raise DocumentInvalidError(
                    "the document has no such pages", field="page.ranges"
                ) from None
            if self._crashed.done():
                raise RendererCrashedError from error
            raise DocumentInvalidError(f"Chromium cannot print it: {error}") from None
        return await self._read(answer["stream"])

    async def _one_long_page(self) -> Mapping[str, Any]:
        asked = await self._alive(self._session.send("Page.getLayoutMetrics"))
        pixels = asked["cssContentSize"]["height"]
        options = self._job.options
        margins = options["marginTop"] + options["marginBottom"]
        height = pixels * options["scale"] / _PIXELS_PER_INCH + margins + 0.05
        if height > _LONGEST_INCHES:
            raise DocumentTooHeavyError(
                f"one page of {height:.0f} inches is over {_LONGEST_INCHES:.0f}",
                field="page.single_page",
            )
        return {"paperHeight": max(height, 1.0), "landscape": False, "preferCSSPageSize": False}

    async def _read(self, handle: str) -> bytes:
        parts, size, ended = [], 0, False
        while not ended:
            wanted = {"handle": handle, "size": _CHUNK}
            try:
                answer = await self._alive(self._session.send("IO.read", wanted))
            except ProtocolError as error:
                # Seen once in some thousands, on a crowded machine; another page can do it.
                raise BrowserLostError from error
            part = answer["data"]
            parts.append(base64.b64decode(part) if answer.get("base64Encoded") else part.encode())
            size += len(parts[-1])
            ended = answer["eof"]
            if size > self._job.largest:
                raise DocumentTooHeavyError(
                    f"the PDF is over {self._job.largest // 2**20} MiB: fewer pages or smaller "
                    "images"
                )
        return b"".join(parts)

    async def _alive(self, work: Awaitable[T]) -> T:
        """Wait for an answer, unless the page crashes or a request shows trouble first."""
        task = asyncio.ensure_future(work)
        ends: set[asyncio.Future[Any]] = {
            task,
            self._crashed,
            self._requests.trouble,
            self._connection.lost,
        }
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                self._raise_trouble()
            return await task
        finally:
            task.cancel()

    def _raise_trouble(self) -> None:
        if self._crashed.done():
            raise RendererCrashedError
        if self._requests.trouble.done():
            self._requests.trouble.result()
        if self._connection.lost.done():
            raise BrowserLostError
