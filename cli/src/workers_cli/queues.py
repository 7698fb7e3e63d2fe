"""How full the queues are and who consumes them, asked without changing anything."""

from collections.abc import Iterable
from dataclasses import dataclass

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity

from workers_contracts.topology import UNROUTED, command_queues, dead_queue

UNROUTED_QUEUES = (dead_queue(UNROUTED), UNROUTED)
"""What no queue took: answered by the registry, and on its way there."""


@dataclass(frozen=True)
class QueueState:
    """A queue as the broker tells."""

    name: str
    ready: int = 0
    """Messages ready; those in somebody's hands are not counted."""
    consumers: int = 0
    exists: bool = True


def dead_queues() -> list[str]:
    """Return the names of all queues that keep what could not be done."""
    return [*(dead_queue(name) for name in command_queues()), *UNROUTED_QUEUES]


async def states(connection: AbstractConnection, names: Iterable[str]) -> list[QueueState]:
    """Ask for several queues. One that is missing closes the channel, so it is made anew."""
    found: list[QueueState] = []
    channel: AbstractChannel | None = None
    for name in names:
        if channel is None or channel.is_closed:
            channel = await connection.channel()
        try:
            queue = await channel.declare_queue(name, passive=True)
        except ChannelNotFoundEntity:
            found.append(QueueState(name, exists=False))
        else:
            told = queue.declaration_result
            found.append(QueueState(name, told.message_count or 0, told.consumer_count or 0))
    if channel is not None and not channel.is_closed:
        await channel.close()
    return found
