"""The demonstration's side of the bus: a plain AMQP client that imports nothing of the product."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from .document import Data, Document

_TENANT = "demo"


class Bus:
    """Publishes commands and hears every event."""

    def __init__(self, channel: AbstractChannel) -> None:
        self._channel = channel

    async def publish(self, document: Document, body: Data) -> None:
        """Publish one command as flat JSON and wait for the broker's confirmation."""
        exchange = await self._channel.get_exchange("workers.commands", ensure=False)
        message = aio_pika.Message(
            json.dumps(body, ensure_ascii=False).encode(),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=str(uuid4()),
            correlation_id=document.id,
            headers={"tid": _TENANT},
        )
        await exchange.publish(message, routing_key=document.key, timeout=10)

    async def listen(self, hear: Callable[[dict[str, Any]], None]) -> None:
        """Call `hear` with every event from now on, until the connection closes."""
        queue = await self._channel.declare_queue(exclusive=True)
        await queue.bind("workers.events", "#")

        async def on_message(message: AbstractIncomingMessage) -> None:
            hear(json.loads(message.body))
            await message.ack()

        await queue.consume(on_message)


@asynccontextmanager
async def open_bus(url: str) -> AsyncIterator[Bus]:
    """A connection that is closed at the end."""
    connection = await asyncio.wait_for(aio_pika.connect(url), 10)
    async with connection:
        yield Bus(await connection.channel())
