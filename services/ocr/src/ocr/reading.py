"""Reading a document's pages: from what is kept, from the text layer, or by recognition."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from .client import Processes
from .engine import pages
from .engine.kind import PDF, kind
from .engine.problems import Problem
from .engine.values import Document, Limits, Models, Options
from .errors import BY_PROBLEM, ModelsUnavailableError
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
        try:
            return await self._processes.read(
                pages.inspect, LIGHT_SECONDS, path, media_type, self._limits
            )
        except Problem as problem:
            if problem.code in AGAIN:
                # Opening is all that was done: nothing but the file can be the cause.
                message = f"the document cannot be opened: {problem.message}"
                raise Problem("corrupt_file", message) from None
            raise

    async def kept(self, job: Job, numbers: Sequence[int]) -> dict[int, str]:
        """Return the pages that were read before."""
        return await self._store.read(job.key, numbers)

    async def read(self, job: Job, numbers: Sequence[int], *, needed: bool) -> dict[int, str]:
        """Read pages, each as JSON; what fails is a page that says so.

        Args:
            needed: pages must be kept, because others follow in a later part.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {
                    number: group.create_task(self._page(job, number, needed=needed))
                    for number in numbers
                }
        except ExceptionGroup as errors:
            # One is enough to know what becomes of the document.
            raise errors.exceptions[0] from None
        return {number: task.result() for number, task in tasks.items()}

    async def _page(self, job: Job, number: int, *, needed: bool) -> str:
        for attempt in range(1, TRIES + 1):
            try:
                page = await self._once(job, number)
                break
            except Problem as problem:
                if problem.code not in AGAIN or attempt == TRIES:
                    return pages.failed(number, f"ocr_{problem.code}", problem.message)
        await self._store.keep(job.key, number, page, needed=needed)
        return page

    async def _once(self, job: Job, number: int) -> str:
        if job.document.media_type == PDF and job.options.mode != "ocr":
            page = await self._processes.read(
                pages.read_text, LIGHT_SECONDS, job.path, number, job.options
            )
            if page is not None:
                return page
        if (absent := missing(self._models.folder)) is not None:
            raise ModelsUnavailableError(absent, retry_after=MODELS_SECONDS)
        return await self._processes.recognise(
            pages.recognise,
            self._seconds,
            job.path,
            job.document.media_type,
            number,
            job.options,
            self._limits,
            self._models,
        )

    def close(self, job: Job) -> None:
        """Forget the document's copy."""
        self._scratch.remove(job.path)
