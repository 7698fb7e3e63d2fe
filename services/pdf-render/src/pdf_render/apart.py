"""Puts files together in a process of its own when foreign PDFs are among them.

What others made may be made to hang or to swell; a process can be ended, a thread cannot.
"""

import asyncio
import multiprocessing
import resource
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from workers_contracts.pdf import RenderPdf
from workers_runtime.errors import PermanentError

from .errors import (
    ArchiveFormatError,
    DocumentInvalidError,
    DocumentTimeoutError,
    DocumentTooHeavyError,
    FileUnusableError,
)
from .finishing import Finished, Parts, finish

_KINDS: dict[str, type[PermanentError]] = {
    one.code: one
    for one in (
        ArchiveFormatError,
        DocumentInvalidError,
        DocumentTooHeavyError,
        FileUnusableError,
    )
}
_START_SECONDS = 20.0
"""For a new Python on a crowded machine; not of the document's own time."""

_LOOK_SECONDS = 0.1
"""Between two looks whether anybody still waits for it."""


async def finish_apart(
    command: RenderPdf, parts: Parts, *, seconds: float, memory: int
) -> Finished:
    """As `finish`, ended after so many seconds or bytes.

    Raises:
        DocumentTimeoutError, DocumentTooHeavyError: it took too much.
        FileUnusableError, ArchiveFormatError: as `finish`.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(
        target=_work, args=(sending, command.model_dump(), parts, memory), daemon=True
    )
    stop = threading.Event()

    def work() -> Finished:
        try:
            # Its start writes the contents into a pipe and waits until the other side reads.
            process.start()
            sending.close()
            return _result(receiving, seconds, stop)
        finally:
            if process.pid is not None:
                process.kill()
                process.join()
            receiving.close()

    # All of it in one thread, so that a process that just starts is ended too.
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({working})
        raise


def _result(receiving: Connection, seconds: float, stop: threading.Event) -> Finished:
    deadline = time.monotonic() + _START_SECONDS
    while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
        if not receiving.poll(min(left, _LOOK_SECONDS)):
            continue
        try:
            kind, value = receiving.recv()
        except EOFError:
            raise DocumentTooHeavyError(
                "a PDF to merge took too much memory, or broke what reads it", field="merge_after"
            ) from None
        if kind == "started":
            deadline = time.monotonic() + seconds
            continue
        if kind == "finished":
            return Finished(**value)
        raise _KINDS[kind](value[0], field=value[1])
    raise DocumentTimeoutError(f"the PDFs to merge were not read within {seconds:g} s")


def _work(sending: Connection, command: dict[str, Any], parts: Parts, memory: int) -> None:
    """What the process does."""
    import pikepdf  # noqa: F401, PLC0415 - before the clock and the limit begin

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sending.send(("started", None))
    try:
        done = finish(RenderPdf.model_validate(command), parts)
    except (ArchiveFormatError, DocumentInvalidError, FileUnusableError) as error:
        sending.send((error.code, (str(error), error.field)))
    except MemoryError:
        sending.send((DocumentTooHeavyError.code, ("the PDFs to merge take too much memory", None)))
    else:
        found = {"pdf": done.pdf, "pages": done.pages, "tagged": done.tagged}
        sending.send(("finished", found))
