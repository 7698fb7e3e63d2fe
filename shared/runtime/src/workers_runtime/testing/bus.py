"""The bus as another team sees it."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import ChannelNotFoundEntity

from workers_contracts.topology import COMMANDS, EVENTS, HEARTBEATS
from workers_runtime.declare import declare

SECONDS = 15.0


@dataclass
class Received:
    """An event as it arrived."""

    key: str
    envelope: dict[str, Any]
    headers: dict[str, Any]
    message_id: str
    correlation_id: str
    persistent: bool
    at: float = field(default_factory=time.monotonic)

    @property
    def data(self) -> dict[str, Any]:
        """The message inside the envelope."""
        data: dict[str, Any] = self.envelope["data"]
        return data


class Bus:
    """Publishes commands and collects every event and heartbeat from its own queue."""

    def __init__(self, connection: aio_pika.abc.AbstractRobustConnection) -> None:
        self._connection = connection
        self._channel: AbstractChannel
        self.events: list[Received] = []
        self.heartbeats: list[Received] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, url: str) -> AsyncIterator["Bus"]:
        """Declare the topology and listen to everything."""
        connection = await aio_pika.connect_robust(url, reconnect_interval=0.5)
        bus = cls(connection)
        bus._channel = await connection.channel()
        await declare(bus._channel)
        await bus._listen(EVENTS, bus.events)
        await bus._listen(HEARTBEATS, bus.heartbeats)
        try:
            yield bus
        finally:
            await connection.close()

    async def _listen(self, exchange: str, into: list[Received]) -> None:
        # Durable: a broker that restarts in a test must not lose what it saw.
        queue = await self._channel.declare_queue(
            f"test.{exchange}", durable=True, arguments={"x-queue-type": "quorum"}
        )
        await queue.bind(exchange, "#")

        async def receive(message: AbstractIncomingMessage) -> None:
            into.append(
                Received(
                    key=message.routing_key or "",
                    envelope=json.loads(message.body),
                    headers=dict(message.headers),
                    message_id=message.message_id or "",
                    correlation_id=message.correlation_id or "",
                    persistent=message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT,
                )
            )
            with contextlib.suppress(Exception):
                await message.ack()

        await queue.consume(receive)

    async def publish(
        self,
        key: str,
        body: Mapping[str, Any] | bytes | str,
        *,
        message_id: str | None = None,
        correlation_id: str | None = None,
        headers: Mapping[str, Any] | None = None,
        exchange: str = COMMANDS,
        **properties: Any,
    ) -> None:
        """Publish as any AMQP client would; returns once the broker confirmed."""
        raw = json.dumps(body).encode() if isinstance(body, Mapping) else body
        message = aio_pika.Message(
            raw.encode() if isinstance(raw, str) else raw,
            message_id=message_id,
            correlation_id=correlation_id,
            headers=dict(headers or {}),
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            content_type="application/json",
            **properties,
        )
        target = (
            await self._channel.get_exchange(exchange, ensure=False)
            if exchange
            else self._channel.default_exchange
        )
        await target.publish(message, key)

    async def event(
        self, key: str, *, correlation_id: str | None = None, seconds: float = SECONDS
    ) -> Received:
        """Wait for the first event with this key (and correlation id)."""
        return (await self.collect(1, key, correlation_id=correlation_id, seconds=seconds))[0]

    async def collect(
        self,
        count: int,
        key: str | None = None,
        *,
        correlation_id: str | None = None,
        seconds: float = SECONDS,
    ) -> list[Received]:
        """Wait until ``count`` matching events are there."""
        deadline = time.monotonic() + seconds
        while True:
            found = [
                event
                for event in self.events
                if key in (None, event.key) and correlation_id in (None, event.correlation_id)
            ]
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                seen = [(event.key, event.correlation_id) for event in self.events]
                raise AssertionError(f"{len(found)} of {count} {key} within {seconds:g} s: {seen}")
            await asyncio.sleep(0.05)

    async def heartbeat(self, status: str | None = None, *, seconds: float = SECONDS) -> Received:
        """Wait for a heartbeat, of a certain status when one is named."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for beat in self.heartbeats:
                if status in (None, beat.data["status"]):
                    return beat
            await asyncio.sleep(0.05)
        raise AssertionError(f"no heartbeat {status or ''} within {seconds:g} s")

    async def count(self, queue: str) -> int | None:
        """Return the messages ready in a queue; None when there is no such queue."""
        channel = await self._connection.channel()
        try:
            found = await channel.declare_queue(queue, passive=True)
        except ChannelNotFoundEntity:
            return None
        else:
            return found.declaration_result.message_count
        finally:
            if not channel.is_closed:
                await channel.close()

    async def take(
        self, queue: str, *, seconds: float = SECONDS
    ) -> aio_pika.abc.AbstractIncomingMessage:
        """Take the next message of a queue away, for example a dead letter."""
        deadline = time.monotonic() + seconds
        channel = await self._connection.channel()
        source = await channel.get_queue(queue, ensure=False)
        while time.monotonic() < deadline:
            message = await source.get(no_ack=True, fail=False)
            if message is not None:
                return message
            await asyncio.sleep(0.05)
        raise AssertionError(f"nothing in {queue} within {seconds:g} s")

    async def delete(self, queue: str) -> None:
        """Delete a queue with all it holds, as an operator's mistake would."""
        channel = await self._connection.channel()
        await channel.queue_delete(queue)
        await channel.close()
