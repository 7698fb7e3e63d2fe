"""Keeps a Chromium ready: starts it when needed, replaces it in time, survives its end."""

import asyncio
import time
from dataclasses import dataclass, field

from pdf_render.errors import (
    BrowserUnavailableError,
    DocumentCrashError,
    DocumentTimeoutError,
    DocumentTooHeavyError,
)
from workers_runtime.logs import get_logger

from .faults import BrowserLostError, MemoryExceededError, RendererCrashedError
from .job import ORIGIN, Asset, Job, Printed
from .live import LiveBrowser
from .process import Launch

_log = get_logger(__name__)
_TRIES = 3
_CRASHES = 2
_MEMORY_EVERY = 25
"""Documents between two looks at what all of Chromium takes."""
_GOOD_FOR = 60.0
_CHECK_SECONDS = 4.0
_CHECK = Job(files={ORIGIN: Asset("text/html", b"<p>ok</p>")})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is done at once, and for how long one Chromium is kept."""

    parallel: int = 2
    recycle_after: int = 200
    recycle_bytes: int = 600 * 2**20
    document_bytes: int = 1024 * 2**20


@dataclass
class _Breaker:
    """What the last check or document showed."""

    problem: str | None = None
    at: float = field(default=float("-inf"))

    def note(self, problem: str | None) -> None:
        self.problem, self.at = problem, time.monotonic()

    @property
    def fresh(self) -> bool:
        return time.monotonic() - self.at < _GOOD_FOR


class Chromium:
    """The renderer: give it a job, get a PDF."""

    def __init__(self, launch: Launch | None = None, limits: Limits | None = None) -> None:
        self._launch = launch or Launch()
        self._limits = limits or Limits()
        self._places = asyncio.Semaphore(self._limits.parallel)
        self._starting: asyncio.Task[LiveBrowser] | None = None
        self._live: LiveBrowser | None = None
        self._old: set[asyncio.Task[None]] = set()
        self._breaker = _Breaker()

    @property
    def pid(self) -> int | None:
        """The main process of the present Chromium."""
        return self._live.pid if self._live and not self._live.lost else None

    async def print(self, job: Job, seconds: float) -> Printed:
        """Print a document; a Chromium that ends under it is replaced, and it is tried again.

        Raises:
            BrowserUnavailableError: there is no Chromium, or it ends again and again.
            DocumentTimeoutError, DocumentCrashError, DocumentTooHeavyError: this document's fault.
            PermanentError: what the job's own fetch raised, or the document cannot be printed.
        """
        async with self._places:
            try:
                printed = await self._print(job, seconds)
            except BrowserUnavailableError as error:
                self._breaker.note(str(error))
                raise
        self._breaker.note(None)
        return printed

    async def _print(self, job: Job, seconds: float) -> Printed:
        crashes, lost = 0, 0
        until = 0.0
        while True:
            live = await self._browser()
            until = until or time.monotonic() + seconds
            try:
                return await live.print(job, max(until - time.monotonic(), 0.1))
            except TimeoutError:
                raise DocumentTimeoutError(
                    f"not printed within {seconds:g} s: make the document smaller, or give it "
                    "more time with timeout_seconds or PDF_RENDER_SECONDS"
                ) from None
            except MemoryExceededError:
                raise DocumentTooHeavyError(
                    f"the document took over {self._limits.document_bytes // 2**20} MiB of memory"
                ) from None
            except RendererCrashedError:
                crashes += 1
                if crashes >= _CRASHES:
                    raise DocumentCrashError(
                        "Chromium's renderer crashed on this document twice"
                    ) from None
            except BrowserLostError:
                lost += 1
                if lost >= _TRIES:
                    raise BrowserUnavailableError(
                        f"Chromium ended {lost} times under this document"
                    ) from None
                until = 0.0
            finally:
                await self._after(live)

    async def _browser(self) -> LiveBrowser:
        while self._live is None or self._live.lost or self._live.retired:
            if self._starting is None:
                self._starting = asyncio.create_task(self._start())
                self._starting.add_done_callback(self._started)
            # Who gives up waiting does not stop it: others wait too, and it may be slow, once.
            await asyncio.shield(self._starting)
        return self._live

    async def _start(self) -> LiveBrowser:
        self._replace()
        return await LiveBrowser.start(self._launch, self._limits.document_bytes)

    def _started(self, task: asyncio.Task[LiveBrowser]) -> None:
        self._starting = None
        if not task.cancelled() and task.exception() is None:
            self._live = task.result()

    async def _after(self, live: LiveBrowser) -> None:
        """Retire a Chromium that served long enough or grew too large."""
        if live.retired or live.lost:
            return
        due = live.served >= self._limits.recycle_after
        if not due and live.served % _MEMORY_EVERY == 0:
            due = await live.memory() > self._limits.recycle_bytes
        if due:
            live.retired = True
            _log.info("browser replaced", pid=live.pid, served=live.served)

    def _replace(self) -> None:
        old, self._live = self._live, None
        if old is not None:
            task = asyncio.create_task(_end_when_unused(old))
            self._old.add(task)
            task.add_done_callback(self._old.discard)

    async def problem(self) -> str | None:
        """Say why nothing can be printed, by printing something unless that was just done."""
        if not self._breaker.fresh:
            self._breaker.note(await self._checked())
        return self._breaker.problem

    async def _checked(self) -> str | None:
        # Beside the places: long documents in all of them are no sign of illness.
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                await self._print(_CHECK, _CHECK_SECONDS)
        except TimeoutError:
            return f"Chromium did not print within {_CHECK_SECONDS:g} s"
        except (BrowserUnavailableError, DocumentTimeoutError, DocumentCrashError) as error:
            return str(error)
        return None

    async def close(self) -> None:
        """End everything that was started."""
        if self._starting is not None:
            await asyncio.wait({self._starting})
        if self._live is not None:
            await self._live.kill()
        for task in list(self._old):
            await task


async def _end_when_unused(old: LiveBrowser) -> None:
    while old.in_use and not old.lost:
        await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=0.1)
    await old.settle()
    await old.kill()
