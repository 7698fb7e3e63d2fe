"""Ends the process of a document that takes too much memory, before the machine suffers."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

LOOK_SECONDS = 0.5
_FRESH = 2.0
"""Seconds in which a crash is taken for the end of a process that was too large."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a Chromium takes, in bytes."""

    total: int
    largest: int
    largest_pid: int | None


def measured(pid: int) -> Memory:
    """Look at a process and all below it; what ends meanwhile counts nothing."""
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return Memory(0, 0, None)
    sizes = {one.pid: _own(one) for one in processes}
    children = {number: size for number, size in sizes.items() if number != pid}
    largest = max(children, key=lambda number: children[number], default=None)
    return Memory(sum(sizes.values()), children.get(largest or 0, 0), largest)


def _own(process: psutil.Process) -> int:
    try:
        found = process.memory_info()
    except psutil.Error:
        return 0
    # Shared pages are the program itself, the same in each process.
    return int(found.rss - found.shared)


class MemoryWatch:
    """Looks at one Chromium while it works on something for longer than a moment."""

    def __init__(self, pid: int, limit: int, busy_for: Callable[[], float]) -> None:
        self._pid = pid
        self._limit = limit
        self._busy_for = busy_for
        self._ended_at = 0.0

    @property
    def just_ended_one(self) -> bool:
        """Whether a crash now is this watch's doing."""
        return time.monotonic() - self._ended_at < _FRESH

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=LOOK_SECONDS)
            if self._busy_for() < LOOK_SECONDS:
                continue  # a look costs as much as a tenth of a document
            found = await asyncio.to_thread(measured, self._pid)
            if found.largest > self._limit and found.largest_pid:
                self._ended_at = time.monotonic()
                _end(found.largest_pid)


def _end(pid: int) -> None:
    try:
        psutil.Process(pid).kill()
    except psutil.Error:
        return
