"""Requests that come together go together: up to 100 codes in one look-up, one look-up a second."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from workers_anaf.limits import Pace

KeyType = TypeVar("KeyType")
ValueType = TypeVar("ValueType")


class Batcher(Generic[KeyType, ValueType]):
    """Coalesces concurrent questions; the same question asked twice is sent once.

    Args:
        fetch: answers many keys at once; what it raises reaches everyone who waits.
        pace: when the next call may start, over all replicas.
        size: most keys of one call.
    """

    def __init__(
        self,
        fetch: Callable[[list[KeyType]], Awaitable[dict[KeyType, ValueType]]],
        pace: Pace,
        *,
        size: int = 100,
    ) -> None:
        self._fetch = fetch
        self._pace = pace
        self._size = size
        self._waiting: dict[KeyType, asyncio.Future[ValueType]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: KeyType) -> ValueType:
        """Return the answer for one key."""
        future = self._waiting.get(key)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            future.add_done_callback(_look)
            self._waiting[key] = future
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._drain())
        # Several may wait for one answer: the first to be cancelled must not take it away.
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Stop; who still waits is cancelled."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _drain(self) -> None:
        while self._waiting:
            batch: dict[KeyType, asyncio.Future[ValueType]] = {}
            try:
                await self._pace.wait()
                batch = {key: self._waiting.pop(key) for key in list(self._waiting)[: self._size]}
                answers = await self._fetch(list(batch))
            except asyncio.CancelledError:
                for future in batch.values():
                    future.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - it belongs to those who wait
                # Failed before anything was taken: everyone waits for this very call.
                batch = batch or self._take_all()
                for future in batch.values():
                    future.set_exception(error)
            else:
                for key, future in batch.items():
                    future.set_result(answers[key])

    def _take_all(self) -> dict[KeyType, "asyncio.Future[ValueType]"]:
        waiting, self._waiting = self._waiting, {}
        return waiting


def _look(future: "asyncio.Future[ValueType]") -> None:
    """Look at a failure that nobody waits for any more, so that nothing warns about it."""
    if not future.cancelled():
        future.exception()
