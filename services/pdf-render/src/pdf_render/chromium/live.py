"""One running Chromium with its connection and the documents in it."""

import asyncio
import time
from contextlib import suppress

from workers_runtime.logs import get_logger

from .connection import BrowserConnection, ProtocolError, open_connection
from .faults import BrowserLostError, MemoryExceededError, RendererCrashedError
from .job import Job, Printed
from .memory import MemoryWatch, measured
from .page import Page
from .process import BrowserProcess, Launch

_log = get_logger(__name__)
_CLOSE_SECONDS = 1.0
_OPEN_SECONDS = 10.0


class LiveBrowser:
    """Prints in fresh contexts until it is retired or lost."""

    def __init__(
        self, process: BrowserProcess, connection: BrowserConnection, document_bytes: int
    ) -> None:
        self._process = process
        self._connection = connection
        self._watch = MemoryWatch(process.pid, document_bytes, self._busy_for)
        self._watching: asyncio.Task[None] | None = None
        self._begun: list[float] = []
        self._spare: Page | None = None
        self._opening: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self.in_use = 0
        self.served = 0
        self.retired = False

    @classmethod
    async def start(cls, launch: Launch, document_bytes: int) -> "LiveBrowser":
        """Start one. Raises BrowserUnavailableError."""
        process = await BrowserProcess.start(launch)
        try:
            connection = await open_connection(await process.endpoint())
        except BaseException:
            await process.kill()
            raise
        _log.info("browser started", pid=process.pid)
        return cls(process, connection, document_bytes)

    @property
    def pid(self) -> int:
        """The main process."""
        return self._process.pid

    @property
    def lost(self) -> bool:
        """Whether the process or the connection is gone."""
        return self._process.gone.done() or self._connection.lost.done()

    async def print(self, job: Job, seconds: float) -> Printed:
        """Print in a new context.

        Raises:
            TimeoutError: not within this time.
            BrowserLostError, RendererCrashedError, MemoryExceededError: it did not survive.
            PermanentError: the document cannot be printed.
        """
        self.in_use += 1
        self.served += 1
        started = time.monotonic()
        self._begun.append(started)
        self._look()
        page = self._taken()
        try:
            async with asyncio.timeout(seconds):
                if page is None:
                    page = Page(self._connection)
                    await page.open()
                self._make_spare()
                return await page.print(job)
        except (RendererCrashedError, BrowserLostError):
            if self._watch.just_ended_one:
                raise MemoryExceededError from None
            raise
        except ProtocolError as error:
            # A call that should not fail did: the page, or all of it, is going.
            _log.warning("call to Chromium failed", reason=str(error)[:200])
            raise BrowserLostError from error
        finally:
            self.in_use -= 1
            self._begun.remove(started)
            self._look()
            if page is not None:
                self._throw_away(page)

    def _busy_for(self) -> float:
        """How long the longest document has been in work, in seconds."""
        return time.monotonic() - min(self._begun, default=float("inf"))

    def _taken(self) -> Page | None:
        """Return the page that was made ahead, if its process is still there."""
        page, self._spare = self._spare, None
        if page is None or page.usable:
            return page
        self._throw_away(page)
        return None

    def _make_spare(self) -> None:
        """Have a page ready for the next document: its process starts while this one prints."""
        if self._spare is None and self._opening is None and not self.retired:
            self._opening = asyncio.create_task(self._open_spare())

    async def _open_spare(self) -> None:
        page = Page(self._connection)
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await page.open()
        except Exception as error:  # noqa: BLE001 - whoever prints next meets the same, and tells
            _log.debug("no page made ahead", error=type(error).__name__)
            self._throw_away(page)
        else:
            self._spare = page
        finally:
            self._opening = None

    def _look(self) -> None:
        """Keep an eye on memory while there is work."""
        if self.in_use and self._watching is None:
            self._watching = asyncio.create_task(self._watch.run())
        elif not self.in_use and self._watching is not None:
            self._watching.cancel()
            self._watching = None

    def _throw_away(self, page: Page) -> None:
        task = asyncio.create_task(self._close(page))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, page: Page) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await page.close()
        except TimeoutError:
            # It hangs as a whole, or on this page: nobody waits for it.
            _log.warning("browser does not answer, it is ended", pid=self.pid)
            self.retired = True
            await self.kill()
        except Exception as error:  # noqa: BLE001 - the page is gone already, by whatever means
            _log.debug("page was gone", error=type(error).__name__)

    async def memory(self) -> int:
        """What all of it takes, in bytes."""
        return (await asyncio.to_thread(measured, self.pid)).total

    async def settle(self) -> None:
        """Wait until thrown-away pages are closed and the next one is ready."""
        if self._opening is not None:
            await asyncio.wait({self._opening})
        if self._closing:
            await asyncio.wait(self._closing)

    async def kill(self) -> None:
        """End it now; the documents in it fail with BrowserLostError."""
        self.retired = True
        for task in (self._watching, self._opening):
            if task is not None:
                task.cancel()
        with suppress(asyncio.CancelledError):
            await self._connection.dispose()
        await self._process.kill()
