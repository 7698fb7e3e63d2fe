"""The queues of dead letters as commands see them: checked names, whole readings."""

from aio_pika.abc import AbstractConnection

from workers_contracts.topology import dead_queue

from .broker import version
from .errors import NoSuchQueueError
from .letters import Letter, read
from .output import note
from .queues import dead_queues, states

LOOKS_LIMIT = 20
"""RabbitMQ 4 drops a quorum queue's message after so many returns, unless told otherwise."""


def checked(queue: str) -> str:
    """Return the name of a queue of dead letters; that of its work queue will do.

    Raises:
        NoSuchQueueError: no such queue keeps dead letters.
    """
    for name in (queue, dead_queue(queue)):
        if name in dead_queues():
            return name
    raise NoSuchQueueError(
        f"{queue} is not a queue of dead letters; there are {', '.join(dead_queues())}",
        "workers dead list",
    )


async def count_of(connection: AbstractConnection, queue: str) -> int:
    """Return how many messages are ready.

    Raises:
        NoSuchQueueError: the queue is not on this broker.
    """
    state = (await states(connection, [queue]))[0]
    if not state.exists:
        raise NoSuchQueueError(f"the queue {queue} is not on this broker", "workers topology apply")
    return state.ready


async def read_all(connection: AbstractConnection, queue: str) -> list[Letter]:
    """Return all letters of a queue; tells the person what may be missing or in danger."""
    count = await count_of(connection, queue)
    letters = await read(connection, queue, count)
    if len(letters) < count:
        note(f"{count - len(letters)} more are in the hands of another program now")
    if danger := warning_of_looks(version(connection), letters):
        note(danger)
    return letters


def warning_of_looks(broker_version: str, letters: list[Letter]) -> str:
    """Return a warning while there is time to act: RabbitMQ 4 counts each look."""
    looks = max((letter.looks for letter in letters), default=-1) + 1
    major = broker_version.partition(".")[0]
    if not major.isdigit() or int(major) < 4 or looks <= LOOKS_LIMIT // 2:
        return ""
    return (
        f"these messages were read {looks} times; RabbitMQ may drop them after {LOOKS_LIMIT}: "
        "replay them, or set the policy delivery-limit -1 on this queue"
    )
