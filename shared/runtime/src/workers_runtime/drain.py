"""The order in which a worker stops, so that no delivery attempt is burnt and nothing is cut."""

import asyncio
import time

from .consumers import Consumers
from .heartbeat import Heartbeat
from .kernel import Kernel
from .logs import get_logger

_log = get_logger(__name__)


async def drain(
    consumers: Consumers, kernel: Kernel, heartbeat: Heartbeat, *, seconds: float
) -> None:
    """Cancel the consumers, finish what runs within ``seconds``, hand back the rest, say so."""
    started = time.monotonic()
    await consumers.cancel()
    running = set(kernel.running)
    if running:
        _log.info("stopping, finishing what runs", running=len(running))
        _, late = await asyncio.wait(running, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            _log.warning("not finished in time, handed back", handed_back=len(late))
            await asyncio.wait(late, timeout=3)
    await heartbeat.stop()
    await consumers.close()
    _log.info("stopped", seconds=round(time.monotonic() - started, 2))
