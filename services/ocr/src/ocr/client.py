"""The way out: the processes that open documents, and those that recognise them.

Each is ended alone when a page takes too long or the process dies; the others go on.
"""

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from workers_runtime.logs import get_logger

from .engine.problems import Problem
from .engine.process import begin
from .errors import EngineBusyError, ModelsUnavailableError

_log = get_logger(__name__)
READERS = 2
POOLS = 3
"""Times that processes are made anew for one page before it waits."""

P = ParamSpec("P")
T = TypeVar("T")


class Processes:
    """Runs functions in processes.

    Args:
        recognisers: how many may recognise at once.
        recycle: pages after which a process is replaced.
        megabytes: data that one process may have.
    """

    def __init__(self, *, recognisers: int, recycle: int, megabytes: int) -> None:
        self.recognisers = recognisers
        # Opening is light and a fresh interpreter quick; recognising is neither: those processes
        # are forked from one that has the libraries loaded.
        self._readers = _Pool("spawn", READERS, recycle * 20, megabytes)
        self._recognisers = _Pool("forkserver", recognisers, recycle, megabytes)

    async def read(
        self, function: Callable[P, T], seconds: float, *args: P.args, **_: P.kwargs
    ) -> T:
        """Run what needs no models; see `recognise`."""
        return await self._readers.run(function, seconds, *args)

    async def recognise(
        self, function: Callable[P, T], seconds: float, *args: P.args, **_: P.kwargs
    ) -> T:
        """Run a function in a process that has the models.

        Raises:
            Problem: what the function found, `page_timeout` or `worker_crashed`.
        """
        return await self._recognisers.run(function, seconds, *args)

    async def close(self) -> None:
        """End every process."""
        await asyncio.gather(self._readers.close(), self._recognisers.close())


class _Pool:
    def __init__(self, method: str, size: int, recycle: int, megabytes: int) -> None:
        self._method = method
        self._size = size
        self._recycle = recycle
        self._megabytes = megabytes
        self._pool: ProcessPool | None = None
        self._making = asyncio.Lock()

    async def run(self, function: Callable[..., T], seconds: float, *args: Any) -> T:
        for _ in range(POOLS):
            pool = await self._open()
            try:
                future: Future[T] = pool.schedule(function, args=list(args), timeout=seconds)
            except RuntimeError:
                await self._discard(pool)
                continue
            try:
                return await self._answer(future, seconds)
            except BrokenProcessPool:
                # Processes died before any of them had taken the page: it is not to blame.
                _log.warning("processes made anew")
                await self._discard(pool)
        raise EngineBusyError("the engine's processes end as soon as they begin", retry_after=30.0)

    async def _answer(self, future: "Future[T]", seconds: float) -> T:
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError:
            raise Problem("page_timeout", f"it took longer than {seconds:g} s") from None
        except ProcessExpired as error:
            _log.warning("process ended", exit_code=error.exitcode)
            raise Problem(
                "worker_crashed", f"reading it ended its process (exit code {error.exitcode})"
            ) from None
        except Problem as problem:
            if problem.code != "models_unavailable":
                raise
            raise ModelsUnavailableError(problem.message, retry_after=60.0) from None
        except ImportError as error:
            # OpenCV's own libraries, on a machine that has no screen.
            raise ModelsUnavailableError(
                f"the engine cannot be loaded: {error}; install libgl1 and libglib2.0-0",
                retry_after=60.0,
            ) from None
        except MemoryError:
            raise Problem("worker_crashed", "reading it took more memory than allowed") from None

    async def _open(self) -> ProcessPool:
        async with self._making:
            if self._pool is None:
                # The first start of processes may take a while: never in the event loop.
                self._pool = await asyncio.to_thread(self._make)
            return self._pool

    async def _discard(self, pool: ProcessPool) -> None:
        async with self._making:
            if self._pool is pool:
                self._pool = None
                await asyncio.to_thread(_end, pool)

    def _make(self) -> ProcessPool:
        context = multiprocessing.get_context(self._method)
        if self._method == "forkserver":
            context.set_forkserver_preload(["ocr.engine.preload"])
        return ProcessPool(
            max_workers=self._size,
            max_tasks=self._recycle,
            initializer=begin,
            initargs=[self._megabytes],
            context=context,
        )

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(_end, pool)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # Pebble's own is not annotated
    pool.join()
