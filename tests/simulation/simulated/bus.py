"""A message bus in simulated time: what RabbitMQ does with a message, without its clock.

RabbitMQ cannot be told what day it is. Everything else in the simulation is the product's own:
kernel, journal, handlers, ledger, client. The real broker is in all other tests.
"""

import heapq
import itertools
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import aio_pika

from workers_contracts.base import Command
from workers_contracts.topology import COMMANDS, EVENTS
from workers_runtime.identity import DUE
from workers_runtime.publisher import Publisher


@dataclass(order=True)
class Due:
    """A message in a queue, and the moment at which it is delivered (seconds since 1970)."""

    at: float
    order: int
    queue: str = field(compare=False)
    message: aio_pika.Message = field(compare=False)
    exchange: str = field(compare=False, default="")
    redelivered: bool = field(compare=False, default=False)


class SimulatedBus:
    """Queues by name, delivered in the order of their moments."""

    def __init__(self, commands: dict[str, type[Command]]) -> None:
        self._queues = {key: command.queue() for key, command in commands.items()}
        self._waiting: list[Due] = []
        self._order = itertools.count()
        self.events: list[tuple[float, str, aio_pika.Message]] = []
        self.dead: list[aio_pika.Message] = []
        self.acknowledged: set[int] = set()
        self.delivered = 0

    def put(self, exchange: str, key: str, message: aio_pika.Message, at: float) -> None:
        """Take in a message as the broker would: route it, or keep it until it is due."""
        if exchange == EVENTS:
            self.events.append((at, key, message))
        elif exchange == COMMANDS:
            self._wait(at, self._queues[key], message, exchange)
        elif key.endswith(".dead"):
            self.dead.append(message)
        else:
            # The ladder climbs down to the due time; the climb itself is tested elsewhere.
            due = int(str(message.headers.get(DUE, 0))) / 1000
            self._wait(max(at, due), key, message, exchange)

    def _wait(self, at: float, queue: str, message: aio_pika.Message, exchange: str) -> None:
        heapq.heappush(self._waiting, Due(at, next(self._order), queue, message, exchange))

    @property
    def next_at(self) -> float:
        """The moment of the next delivery; infinite when nothing waits."""
        return self._waiting[0].at if self._waiting else math.inf

    def take(self) -> Due:
        """Return the next delivery."""
        return heapq.heappop(self._waiting)

    def left(self) -> list[Due]:
        """What waits for a moment after the end."""
        return sorted(self._waiting)

    def delivery(self, due: Due) -> Any:
        """Return a message as a consumer of the AMQP library gets it."""
        self.delivered += 1
        tag = self.delivered

        async def acknowledge(delivery_tag: int, **_options: object) -> None:
            self.acknowledged.add(delivery_tag)

        async def hand_back(**_options: object) -> None:
            self._wait(due.at + 1, due.queue, due.message, due.exchange)
            self.acknowledged.add(tag)

        message = due.message
        return SimpleNamespace(
            body=message.body,
            headers=message.headers,
            message_id=message.message_id,
            correlation_id=message.correlation_id,
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            timestamp=message.timestamp,
            type=message.type,
            exchange=due.exchange,
            routing_key=due.queue,
            redelivered=due.redelivered,
            delivery_tag=tag,
            delivery_mode=message.delivery_mode,
            channel=SimpleNamespace(basic_ack=acknowledge),
            nack=hand_back,
        )


class SimulatedPublisher(Publisher):
    """The product's publisher, with the simulated bus in the place of the socket."""

    bus: SimulatedBus

    async def publish(
        self, exchange: str, routing_key: str, message: aio_pika.Message, *, mandatory: bool
    ) -> None:
        """Hand the message to the bus; it is safe there at once."""
        del mandatory
        self.bus.put(exchange, routing_key, message, datetime.now(UTC).timestamp())
