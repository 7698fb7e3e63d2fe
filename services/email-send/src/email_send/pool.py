"""Open connections to one server, used again: a handshake costs more than a mail."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar


class Pooled(Protocol):
    """A connection as the pool sees it."""

    @property
    def is_usable(self) -> bool:
        """Whether another mail may go through it."""

    def close(self) -> None:
        """Cut it, whatever it is doing."""

    async def end(self) -> None:
        """Say goodbye, then close it."""


ConnectionType = TypeVar("ConnectionType", bound=Pooled)


class Pool(Generic[ConnectionType]):
    """At most `size` connections at once; the last used one is used next.

    Args:
        make: opens a connection; what it raises reaches the caller.
        size: connections at once.
        idle_seconds: an unused one is ended after this time.
    """

    def __init__(
        self, make: Callable[[], Awaitable[ConnectionType]], *, size: int, idle_seconds: float
    ) -> None:
        self._make = make
        self._room = asyncio.Semaphore(size)
        self._idle_seconds = idle_seconds
        self._idle: list[tuple[float, ConnectionType]] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._reaper: asyncio.TimerHandle | None = None
        self.made = 0
        """Connections opened so far."""

    @asynccontextmanager
    async def connection(self, *, fresh: bool = False) -> AsyncIterator[ConnectionType]:
        """Lend a connection. It comes back only when the block ends without an exception."""
        async with self._room:
            one = None if fresh else self._take()
            if one is None:
                one = await self._make()
                self.made += 1
            try:
                yield one
            except BaseException:
                # Also a cancelled block: the session may be out of step with the server.
                one.close()
                raise
            self._give_back(one)

    def _take(self) -> ConnectionType | None:
        self._reap()
        while self._idle:
            _, one = self._idle.pop()
            if one.is_usable:
                return one
            one.close()
        return None

    def _give_back(self, one: ConnectionType) -> None:
        if one.is_usable:
            self._idle.append((time.monotonic(), one))
            self._wake_later()
        else:
            self._end(one)

    def _reap(self) -> None:
        # The longest unused ones stand first.
        oldest = time.monotonic() - self._idle_seconds
        while self._idle and self._idle[0][0] <= oldest:
            self._end(self._idle.pop(0)[1])

    def _wake_later(self) -> None:
        if self._reaper is None:
            loop = asyncio.get_running_loop()
            self._reaper = loop.call_later(self._idle_seconds, self._woken)

    def _woken(self) -> None:
        self._reaper = None
        self._reap()
        if self._idle:
            self._wake_later()

    def _end(self, one: ConnectionType) -> None:
        task = asyncio.get_running_loop().create_task(one.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End all that are not lent."""
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        while self._idle:
            self._end(self._idle.pop()[1])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.gather(*self._ending)
