"""Hears events as they are published, from a queue that is gone with this program."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from .errors import BrokerLostError

MAX_WAITING = 50_000
"""Events kept for a listener that is slow or was suspended; older ones are dropped first."""

_LOST = object()


@dataclass(frozen=True)
class Heard:
    """An event as it arrived."""

    exchange: str
    key: str
    envelope: dict[str, Any] | None
    """None when the body is not a JSON object."""
    size: int

    @property
    def type(self) -> str:
        """The event's type, which is its routing key."""
        return str((self.envelope or {}).get("type") or self.key)

    @property
    def data(self) -> dict[str, Any]:
        """The message inside the envelope."""
        data = (self.envelope or {}).get("data")
        return data if isinstance(data, dict) else {}

    @property
    def correlation_id(self) -> str:
        """The command's correlation id."""
        return str((self.envelope or {}).get("correlationid") or "")


class Listener:
    """Events in the order of their arrival."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Heard | object] = asyncio.Queue()

    async def receive(self, message: AbstractIncomingMessage) -> None:
        """Take one from the broker."""
        await self._waiting.put(
            Heard(
                message.exchange or "",
                message.routing_key or "",
                _envelope(message.body),
                len(message.body),
            )
        )
        await message.ack()

    def lost(self, *_: object) -> None:
        """Take note that the connection is gone."""
        self._waiting.put_nowait(_LOST)

    async def next(self) -> Heard:
        """Wait for the next event.

        Raises:
            BrokerLostError: the connection ended.
        """
        item = await self._waiting.get()
        if not isinstance(item, Heard):
            raise BrokerLostError("the connection to RabbitMQ ended", "workers doctor")
        return item


@asynccontextmanager
async def listening(
    connection: AbstractConnection, bindings: Iterable[tuple[str, str]]
) -> AsyncIterator[Listener]:
    """Listen to (exchange, pattern) pairs; what is published from now on is heard."""
    listener = Listener()
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=200)
    queue = await channel.declare_queue(
        exclusive=True, auto_delete=True, arguments={"x-max-length": MAX_WAITING}
    )
    for exchange, pattern in bindings:
        await queue.bind(exchange, pattern)
    await queue.consume(listener.receive)
    connection.close_callbacks.add(listener.lost)
    try:
        yield listener
    finally:
        connection.close_callbacks.discard(listener.lost)


def _envelope(body: bytes) -> dict[str, Any] | None:
    try:
        envelope = json.loads(body)
    except ValueError:
        return None
    return envelope if isinstance(envelope, dict) else None
