"""Requests that come together go together: up to 100 codes in one look-up, one look-up a second."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeAlias, TypeVar

from workers_anaf.limits import Turns
from workers_runtime.errors import PermanentError

KeyType = TypeVar("KeyType")
ValueType = TypeVar("ValueType")
Batch: TypeAlias = dict[KeyType, "asyncio.Future[ValueType]"]


class Batcher(Generic[KeyType, ValueType]):
    """Coalesces concurrent questions; the same question asked twice is sent once.

    Args:
        fetch: answers many keys at once; what it raises reaches everyone who waits, an error in
            place of an answer only who asked for it; a batch that is refused for good is halved
            until the refused question is alone.
        turns: when the next call may be made, over all replicas.
        size: most keys of one call.
    """

    def __init__(
        self,
        fetch: Callable[[list[KeyType]], Awaitable[Mapping[KeyType, ValueType | Exception]]],
        turns: Turns,
        *,
        size: int = 100,
    ) -> None:
        self._fetch = fetch
        self._turns = turns
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
        for future in self._waiting.values():
            future.cancel()
        self._waiting.clear()

    async def _drain(self) -> None:
        halves: list[Batch[KeyType, ValueType]] = []
        try:
            while self._waiting or halves:
                async with self._turns.turn():
                    await self._ask(halves.pop() if halves else self._next(), halves)
        except Exception as error:  # noqa: BLE001 - nobody may wait for a task that has ended
            for batch in (*halves, self._waiting):
                _fail(batch, error)
            self._waiting.clear()
        finally:
            for batch in halves:
                _cancel(batch)

    def _next(self) -> "Batch[KeyType, ValueType]":
        return {key: self._waiting.pop(key) for key in list(self._waiting)[: self._size]}

    async def _ask(
        self,
        batch: "Batch[KeyType, ValueType]",
        halves: "list[Batch[KeyType, ValueType]]",
    ) -> None:
        try:
            answers = await self._fetch(list(batch))
            for key, future in batch.items():
                answer = answers[key]
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
        except asyncio.CancelledError:
            _cancel(batch)
            raise
        except PermanentError as error:
            if len(batch) == 1:
                _fail(batch, error)
            else:
                # One question that is refused must not take the others with it.
                keys, middle = list(batch), len(batch) // 2
                halves.append({key: batch[key] for key in keys[:middle]})
                halves.append({key: batch[key] for key in keys[middle:]})
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait
            _fail(batch, error)


def _cancel(batch: "Batch[KeyType, ValueType]") -> None:
    for future in batch.values():
        future.cancel()


def _fail(batch: "Batch[KeyType, ValueType]", error: Exception) -> None:
    for future in batch.values():
        if not future.done():
            future.set_exception(error)


def _look(future: "asyncio.Future[ValueType]") -> None:
    """Look at a failure that nobody waits for any more, so that nothing warns about it."""
    if not future.cancelled():
        future.exception()
