"""Declares the bus on a broker, and tells how a live broker differs from it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed

from workers_contracts.topology import Binding, Exchange, Queue, Topology, topology

from .errors import TopologyError


async def declare(channel: AbstractChannel, wanted: Topology | None = None) -> None:
    """Declare exchanges, queues and bindings; does nothing where they are already right.

    Raises:
        TopologyError: something has the same name and other arguments.
    """
    wanted = wanted or topology()
    try:
        for exchange in wanted.exchanges:
            await _exchange(channel, exchange)
        for queue in wanted.queues:
            await _queue(channel, queue)
            # At once: what is published between a queue and its binding is not routed.
            for binding in (one for one in wanted.bindings if one.queue == queue.name):
                await _bind(channel, binding)
    except ChannelPreconditionFailed as error:
        raise TopologyError(
            f"the broker holds something of the same name with other arguments: {error}; "
            "`workers topology diff` shows all differences"
        ) from error


async def _exchange(channel: AbstractChannel, exchange: Exchange) -> None:
    await channel.declare_exchange(
        exchange.name, exchange.type, durable=True, arguments=dict(exchange.arguments)
    )


async def _queue(channel: AbstractChannel, queue: Queue) -> None:
    await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))


async def _bind(channel: AbstractChannel, binding: Binding) -> None:
    queue = await channel.get_queue(binding.queue, ensure=False)
    await queue.bind(binding.exchange, binding.routing_key)


@dataclass(frozen=True)
class Difference:
    """One way in which the live broker is not what it should be."""

    kind: str
    """exchange or queue."""
    name: str
    problem: str
    """missing, or the broker's words about the argument that differs."""


async def differences(
    connection: AbstractConnection, wanted: Topology | None = None
) -> list[Difference]:
    """Compare without changing anything. Bindings cannot be read over AMQP and are left out."""
    wanted = wanted or topology()
    found: list[Difference] = []
    for exchange in wanted.exchanges:
        async with _probe(connection, found, "exchange", exchange.name) as channel:
            await channel.declare_exchange(exchange.name, passive=True)
            await _exchange(channel, exchange)
    for queue in wanted.queues:
        async with _probe(connection, found, "queue", queue.name) as channel:
            await channel.declare_queue(queue.name, passive=True)
            await _queue(channel, queue)
    return found


@asynccontextmanager
async def _probe(
    connection: AbstractConnection, found: list[Difference], kind: str, name: str
) -> AsyncIterator[AbstractChannel]:
    # The broker closes the channel at each "no", so every question has its own.
    channel = await connection.channel()
    try:
        yield channel
    except ChannelNotFoundEntity:
        found.append(Difference(kind, name, "missing"))
    except ChannelPreconditionFailed as error:
        found.append(Difference(kind, name, str(error)))
    finally:
        if not channel.is_closed:
            await channel.close()
