"""The order in which a worker stops, so that no delivery attempt is burnt and nothing is cut."""

import asyncio
import time

from .consumers import Consumers
from .heartbeat import Heartbeat
from .kernel import Kernel
from .logs import get_logger
from .publisher import Publisher

STUCK_SECONDS = 2.0
"""A publish that waits for longer waits for a broker that does not answer."""

_log = get_logger(__name__)


async def drain(
    consumers: Consumers,
    kernel: Kernel,
    heartbeat: Heartbeat,
    publisher: Publisher,
    *,
    seconds: float,
) -> None:
    """Cancel the consumers, finish what runs within ``seconds``, hand back the rest, say so."""
    started = time.monotonic()
    await consumers.cancel()
    if kernel.running:
        _log.info("stopping, finishing what runs", running=len(kernel.running))
        late = await _finish(kernel.running, publisher, seconds)
        for task in late:
            task.cancel()
        if late:
            _log.warning("not finished in time, handed back", handed_back=len(late))
            await asyncio.wait(late, timeout=3)
    await consumers.settled()
    # Side by side: a broker that does not answer costs each of them its time.
    await asyncio.gather(heartbeat.stop(), consumers.close())
    _log.info("stopped", seconds=round(time.monotonic() - started, 2))


async def _finish(
    running: set[asyncio.Task[None]], publisher: Publisher, seconds: float
) -> set[asyncio.Task[None]]:
    """Wait for what runs; returns what does not end in time, or only waits for the broker.

    What waits to be published is in the journal: the next worker publishes it. ``running`` may
    grow: what the broker sent before it cancelled the consumers begins a moment later.
    """
    deadline = time.monotonic() + seconds
    while running and (left := deadline - time.monotonic()) > 0:
        await asyncio.wait(set(running), timeout=min(left, 0.5))
        if running <= publisher.stuck(STUCK_SECONDS):
            break
    return set(running)
