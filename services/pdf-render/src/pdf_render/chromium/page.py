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
    """A page in a context of its own; made ahead, used for one job."""

    def __init__(self, connection: BrowserConnection) -> None:
        self._connection = connection
        self._context = ""
        self._target = ""
        self._job: Job
        self._session: PageSession
        self._requests: Requests | None = None
        self._loaded = asyncio.Event()
        self._crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def usable(self) -> bool:
        """Whether its process is still there."""
        return not (self._crashed.done() or self._connection.lost.done())

    async def open(self) -> None:
        """Make the page in a new context, closed to everything; nothing of others is in it."""
        made = await self._connection.send("Target.createBrowserContext", {"disposeOnDetach": True})
        self._context = made["browserContextId"]
        wanted = {"url": "about:blank", "browserContextId": self._context}
        target = await self._connection.send("Target.createTarget", wanted)
        self._target = target["targetId"]
        info = {"targetId": self._target, "type": "page"}
        self._session = await self._connection.createSession(info)
        self._session.on("Inspector.targetCrashed", lambda _: self._crash())
        self._session.on("Page.loadEventFired", lambda _: self._loaded.set())
        self._session.on("Page.javascriptDialogOpening", lambda _: self._dismiss())
        send = self._session.send
        # All of these have to be in force before the document begins: what is answered by the
        # browser overtakes what is answered by the page.
        await asyncio.gather(
            send("Page.enable"),
            send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]}),
            send("Audits.enable"),
            send("Emulation.setScriptExecutionDisabled", {"value": True}),
        )

    async def print(self, job: Job) -> Printed:
        """Load, wait and print; once.

        Raises:
            RendererCrashedError, BrowserLostError: it may work in another page.
            PermanentError: it will not.
        """
        self._job = job
        # A page's main frame has the id of its target.
        requests = self._requests = Requests(self._session, job, main_frame=self._target)
        await self._load()
        await self._wait_as_asked(requests)
        pdf = await self._pdf()
        return Printed(pdf, requests.missing)

    async def close(self) -> None:
        """Throw the page away with its context. Raises BrowserLostError."""
        if self._requests is not None:
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
        settings = []
        if self._job.scripts:
            settings.append(send("Emulation.setScriptExecutionDisabled", {"value": False}))
        if self._job.media != "print":
            settings.append(send("Emulation.setEmulatedMedia", {"media": self._job.media}))
        if self._job.scripts or self._job.fetch:
            where = {"behavior": "deny", "browserContextId": self._context}
            settings.append(self._connection.send("Browser.setDownloadBehavior", where))
        if settings:
            await self._alive(asyncio.gather(*settings))
        answer = await self._alive(send("Page.navigate", {"url": self._job.url}))
        if answer.get("errorText"):
            self._raise_trouble()
            if self._job.fetch is None:
                # Nothing of a document of ours can be refused: its process ended under it.
                raise RendererCrashedError
            raise DocumentInvalidError(f"the document cannot be opened: {answer['errorText']}")
        await self._alive(self._loaded.wait())
        if not self._job.may_load_fonts:
            return
        fonts = {"expression": "document.fonts.ready.then(() => 0)", "awaitPromise": True}
        await self._alive(send("Runtime.evaluate", fonts))

    async def _wait_as_asked(self, requests: Requests) -> None:
        waits = self._job.waits
        if waits.selector:
            found = f"document.querySelector({json.dumps(waits.selector)}) !== null"
            await self._until(found, "wait.selector")
        if waits.expression:
            await self._until(f"Boolean({waits.expression})", "wait.expression")
        if waits.idle:
            await self._until_quiet(requests)
        if waits.delay:
            await self._pause(waits.delay)

    async def _until(self, expression: str, field: str) -> None:
        while True:
            wanted = {"expression": expression, "returnByValue": True}
            answer = await self._alive(self._session.send("Runtime.evaluate", wanted))
            if "exceptionDetails" in answer:
                told = answer["exceptionDetails"].get("exception", {}).get("description", "")
                raise DocumentInvalidError(
                    f"the condition to wait for fails: {told[:200]}", field=field
                )
            if answer["result"].get("value") is True:
                return
            await self._pause(_LOOK_SECONDS)

    async def _until_quiet(self, requests: Requests) -> None:
        quiet_since = time.monotonic()
        while requests.waiting or time.monotonic() - quiet_since < _QUIET_SECONDS:
            await self._pause(_LOOK_SECONDS)
            if requests.changed.is_set():
                requests.changed.clear()
                quiet_since = time.monotonic()

    async def _pause(self, seconds: float) -> None:
        await asyncio.wait(self._ends(), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
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
            if "content area" in str(error):
                raise DocumentInvalidError(
                    "the margins leave nothing of the page: smaller ones, or larger paper",
                    field="page.margins",
                ) from None
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
        wanted = {"handle": handle, "size": _CHUNK}
        while not ended:
            # Two at once: the second one of a small file says that this was all.
            asked = [self._session.send("IO.read", wanted) for _ in range(2)]
            try:
                answers = await self._alive(asyncio.gather(*asked))
            except ProtocolError as error:
                # Seen once in some thousands, on a crowded machine; another page can do it.
                raise BrowserLostError from error
            for answer in answers:
                part = answer["data"]
                parts.append(
                    base64.b64decode(part) if answer.get("base64Encoded") else part.encode()
                )
                size += len(parts[-1])
                ended = ended or answer["eof"]
            if size > self._job.largest:
                raise DocumentTooHeavyError(
                    f"the PDF is over {self._job.largest // 2**20} MiB: fewer pages or smaller "
                    "images"
                )
        return b"".join(parts)

    async def _alive(self, work: Awaitable[T]) -> T:
        """Wait for an answer, unless the page crashes or a request shows trouble first."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task, *self._ends()}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                self._raise_trouble()
            return await task
        finally:
            task.cancel()

    def _ends(self) -> set[asyncio.Future[Any]]:
        """What makes any wait pointless."""
        found: set[asyncio.Future[Any]] = {self._crashed, self._connection.lost}
        return found | ({self._requests.trouble} if self._requests else set())

    def _raise_trouble(self) -> None:
        if self._crashed.done():
            raise RendererCrashedError
        if self._requests and self._requests.trouble.done():
            self._requests.trouble.result()
        if self._connection.lost.done():
            raise BrowserLostError
