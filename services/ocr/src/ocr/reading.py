"""Reading a document's pages: from what is kept, from the text layer, or by recognition."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from .client import READERS, Processes
from .engine import pages
from .engine.kind import PDF, kind
from .engine.problems import Problem
from .engine.values import Document, Limits, Models, Options
from .errors import BY_PROBLEM, JobTimeoutError, ModelsUnavailableError
from .fields.told import Found, told_fields
from .models import missing
from .scratch import Scratch
from .store import PageStore

TRIES = 2
"""Of a page that takes too long or ends its process."""

AGAIN = frozenset({"page_timeout", "worker_crashed"})
"""Problems that may have come from outside the page."""

LIGHT_SECONDS = 20.0
"""For opening a document, and for a text layer: both take milliseconds."""

MODELS_SECONDS = 60.0
"""Until a document is tried again that needs models which are not there."""


class Budget:
    """Seconds of reading that a document has left.

    Its pages' time in a process counts; waiting for a process behind other documents does not.
    """

    def __init__(self, allowed: float, spent: float) -> None:
        self.allowed = allowed
        self.spent = spent

    def share(self, seconds: float) -> float:
        """Return how much of `seconds` there is; JobTimeoutError when there is nothing left."""
        if self.spent >= self.allowed:
            raise JobTimeoutError(
                f"the document took longer than {self.allowed:g} s in all; send its "
                "pages in parts, with `pages`",
                field="pages",
            )
        return min(seconds, self.allowed - self.spent)

    @asynccontextmanager
    async def running(self, room: asyncio.Semaphore) -> AsyncIterator[None]:
        """Wait for room, and count the time from then on."""
        async with room:
            begun = time.monotonic()
            try:
                yield
            finally:
                self.spent += time.monotonic() - begun


@dataclass(frozen=True)
class Job:
    """A document on this machine, and how it is read."""

    path: str
    key: str
    document: Document
    options: Options


class Reader:
    """Reads pages in processes.

    Args:
        seconds: that one page may take.
    """

    def __init__(
        self,
        processes: Processes,
        store: PageStore,
        scratch: Scratch,
        *,
        limits: Limits,
        models: Models,
        seconds: float,
    ) -> None:
        self._processes = processes
        self._store = store
        self._scratch = scratch
        self._limits = limits
        self._models = models
        self._seconds = seconds
        # Here and not before the processes: time in this row is nobody's, and the models' own
        # test has not to stand in it.
        self._opening = asyncio.Semaphore(READERS)
        self._recognising = asyncio.Semaphore(processes.recognisers)

    async def open(
        self, content: bytes, *, tenant: str, sha256: str, options: Options, field: str
    ) -> Job:
        """Put a document where the processes reach it, and look whether it can be read.

        Raises:
            PermanentError: it cannot; `field` is the command's field it came in.
        """
        try:
            media_type = kind(content[:1024])
            path = await self._scratch.put(content)
            key = self._store.key(tenant, sha256, options, self._models)
            document = await self._inspected(path, media_type)
        except Problem as problem:
            raise BY_PROBLEM[problem.code](problem.message, field=field) from None
        return Job(path, key, document, options)

    async def _inspected(self, path: str, media_type: str) -> Document:
        for attempt in range(1, TRIES + 1):
            try:
                return await self._processes.read(
                    pages.inspect, LIGHT_SECONDS, path, media_type, self._limits
                )
            except Problem as problem:
                if problem.code not in AGAIN:
                    raise
                if attempt == TRIES:
                    # Opening is all that was done: nothing but the file can be the cause.
                    message = f"the document cannot be opened: {problem.message}"
                    raise Problem("corrupt_file", message) from None
        raise AssertionError("unreachable")

    async def kept(self, job: Job, numbers: Sequence[int], *, failed: bool) -> dict[int, str]:
        """Return the pages that were read before.

        Args:
            failed: also those that could not be read; a document that is asked for anew tries
                them again, its later parts do not.
        """
        found = await self._store.read(job.key, numbers)
        return {n: page for n, page in found.items() if failed or not pages.is_failed(page)}

    async def read(
        self, job: Job, numbers: Sequence[int], budget: Budget, *, needed: bool
    ) -> dict[int, str]:
        """Read pages, each as JSON; what fails is a page that says so.

        Args:
            budget: what the document may take.
            needed: pages must be kept, because others follow in a later part.

        Raises:
            JobTimeoutError: the budget is used up.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {
                    number: group.create_task(self._page(job, number, budget, needed=needed))
                    for number in numbers
                }
        except ExceptionGroup as errors:
            # One is enough to know what becomes of the document.
            raise errors.exceptions[0] from None
        return {number: task.result() for number, task in tasks.items()}

    async def _page(self, job: Job, number: int, budget: Budget, *, needed: bool) -> str:
        page = await self._tried(job, number, budget)
        if pages.is_failed(page) and not needed:
            return page
        # A failed one is kept too while others follow: their part would begin with it again.
        await self._store.keep(job.key, number, page, needed=needed)
        return page

    async def _tried(self, job: Job, number: int, budget: Budget) -> str:
        attempt = 1
        while True:
            try:
                return await self._once(job, number, budget)
            except Problem as problem:
                if problem.code == "page_timeout":
                    budget.share(0)
                if problem.code not in AGAIN or attempt == TRIES:
                    return pages.failed(number, f"ocr_{problem.code}", problem.message)
            attempt += 1

    async def _once(self, job: Job, number: int, budget: Budget) -> str:
        if job.document.media_type == PDF and job.options.mode != "ocr":
            async with budget.running(self._opening):
                page = await self._processes.read(
                    pages.read_text,
                    budget.share(LIGHT_SECONDS),
                    job.path,
                    number,
                    job.options,
                )
            if page is not None:
                return page
        if (absent := missing(self._models.folder)) is not None:
            raise ModelsUnavailableError(absent, retry_after=MODELS_SECONDS)
        async with budget.running(self._recognising):
            return await self._processes.recognise(
                pages.recognise,
                budget.share(self._seconds),
                job.path,
                job.document.media_type,
                number,
                job.options,
                self._limits,
                self._models,
            )

    async def fields(self, texts: Sequence[str], kind: str | None) -> Found:
        """Return the fields of a document, when a kind is named.

        In a process: patterns over a page made to be hard for them hold a whole worker up.
        """
        if kind is None:
            return Found()
        try:
            async with self._opening:
                return Found(await self._processes.read(told_fields, LIGHT_SECONDS, texts, kind))
        except Problem as problem:
            if problem.code not in AGAIN:
                raise
            return Found(warnings=(f"its fields were not found: {problem.message}",))

    def close(self, job: Job) -> None:
        """Forget the document's copy."""
        self._scratch.remove(job.path)
