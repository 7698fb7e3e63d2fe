"""Exchanges, queues and bindings of the bus, as data derived from the catalogue.

Everything that declares, checks, draws or scales the bus reads this one description.
"""

from dataclasses import dataclass, field
from functools import cache

from .catalog import commands

COMMANDS = "workers.commands"
EVENTS = "workers.events"
HEARTBEATS = "workers.heartbeats"
CONTROL = "workers.control"
UNROUTED = "workers.unrouted"

DELAYS_SECONDS = (1, 5, 30, 300, 3600)
"""Rungs of the delay ladder, in seconds."""

MAX_MESSAGE_BYTES = 256 * 1024
"""Largest body of a message; anything larger is an artifact reference."""

DELIVERY_LIMIT = 20
"""Backstop only: the workers count deaths themselves, see the suspect lane."""

LOOKS_LIMIT = 1_000_000
"""Delivery limit of queues that people look into; RabbitMQ 4 drops a letter after 20 by default."""

MAX_QUEUE_LENGTH = 100_000
"""Bound of a worker's queue: beyond it the broker refuses the publisher, visibly."""


@dataclass(frozen=True)
class Exchange:
    """A durable exchange."""

    name: str
    type: str = "topic"
    arguments: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Queue:
    """A durable quorum queue."""

    name: str
    arguments: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Binding:
    """A routing rule from an exchange to a queue."""

    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True)
class Topology:
    """The whole bus."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]


def dead_queue(queue: str) -> str:
    """Name of the queue that keeps what ``queue`` could not do."""
    return f"{queue}.dead"


def suspect_queue(queue: str) -> str:
    """Name of the lane where a message that ended two workers is judged alone."""
    return f"{queue}.suspect"


def delay_name(seconds: int) -> str:
    """Name of the exchange and queue of one rung of the delay ladder."""
    return f"workers.delay.{seconds}s"


def _quorum(name: str, **arguments: str | int) -> Queue:
    renamed = {f"x-{key.replace('_', '-')}": value for key, value in arguments.items()}
    return Queue(name, {"x-queue-type": "quorum", **renamed})


def work_queue(name: str) -> Queue:
    """Describe a queue that workers consume: bounded, with the dead-letter queue behind it."""
    return _quorum(
        name,
        dead_letter_exchange="",
        dead_letter_routing_key=dead_queue(name.removesuffix(".suspect")),
        dead_letter_strategy="at-least-once",
        overflow="reject-publish",
        max_length=MAX_QUEUE_LENGTH,
        delivery_limit=DELIVERY_LIMIT,
    )


def kept_queue(name: str) -> Queue:
    """Describe a queue without consumers: it keeps its messages until a person acts."""
    return _quorum(name, delivery_limit=LOOKS_LIMIT)


def delay_queue(seconds: int) -> Queue:
    """Describe one rung: after its time it hands back to the queue named by the routing key."""
    return _quorum(
        delay_name(seconds),
        message_ttl=seconds * 1000,
        dead_letter_exchange="",
        dead_letter_strategy="at-least-once",
        overflow="reject-publish",
    )


def command_queues() -> list[str]:
    """Return the names of the queues that workers consume, without lanes and dead letters."""
    return sorted({command.queue() for command in commands().values()})


@cache
def topology() -> Topology:
    """Return the bus as it should be."""
    exchanges = [
        Exchange(UNROUTED, type="fanout"),
        Exchange(COMMANDS, arguments={"alternate-exchange": UNROUTED}),
        Exchange(EVENTS),
        Exchange(HEARTBEATS),
        Exchange(CONTROL),
    ]
    queues = [kept_queue(UNROUTED), kept_queue(dead_queue(UNROUTED))]
    bindings = [Binding(UNROUTED, UNROUTED, "")]
    for name in command_queues():
        queues += [work_queue(name), work_queue(suspect_queue(name)), kept_queue(dead_queue(name))]
    # A worker's own follow-ups go straight to their queue: nobody else may send them.
    public = [command for command in commands().values() if command.is_public()]
    bindings += [Binding(COMMANDS, command.queue(), command.key) for command in public]
    for seconds in DELAYS_SECONDS:
        exchanges.append(Exchange(delay_name(seconds)))
        queues.append(delay_queue(seconds))
        bindings.append(Binding(delay_name(seconds), delay_name(seconds), "#"))
    return Topology(tuple(exchanges), tuple(queues), tuple(bindings))
