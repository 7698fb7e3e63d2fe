"""A connection attempt that its caller gives up ends with it.

aio-pika takes a cancellation in the middle of an attempt for trouble of the network: it goes on
connecting for nobody, for ever, and a loop that waits for its tasks at the end never ends.
"""

import asyncio
import contextlib

from aio_pika import RobustConnection
from aio_pika.abc import TimeoutType

CLOSE_SECONDS = 2.0


def end_with_its_caller() -> None:
    """Make this process's attempts end when they are cancelled; may be called repeatedly."""
    original = RobustConnection.connect
    if getattr(original, "ends", False):
        return

    async def connect(  # the library's own signature
        self: RobustConnection,
        timeout: TimeoutType = None,  # noqa: ASYNC109
    ) -> None:
        try:
            await original(self, timeout)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.close(), CLOSE_SECONDS)
            raise

    connect.ends = True  # type: ignore[attr-defined]
    RobustConnection.connect = connect  # type: ignore[method-assign]
