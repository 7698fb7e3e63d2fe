"""Checks of RabbitMQ: reach, rights, topology, consumers, dead letters."""

import asyncio
from collections.abc import Awaitable, Callable

import aio_pika
from aio_pika.abc import AbstractConnection

from workers_cli.broker import connected, translated, version
from workers_cli.errors import CliError
from workers_cli.queues import UNROUTED_QUEUES, QueueState, dead_queues, states
from workers_contracts.topology import EVENTS, command_queues
from workers_runtime.connection import address
from workers_runtime.declare import differences

from .result import Check, ok, unchecked, wrong

_LATER = ("permissions", "topology", "consumers", "dead letters", "unrouted")
Step = Callable[[AbstractConnection], Awaitable[Check]]


async def broker_checks(url: str) -> list[Check]:
    """Check the broker; what needs it is unchecked when it does not answer."""
    try:
        async with connected(url) as connection:
            found = [ok("broker", f"RabbitMQ {version(connection)} at {address(url)}")]
            for name, step in zip(_LATER, (_permissions, _topology, *_queue_steps()), strict=True):
                found.append(await _checked(name, url, step, connection))
            return found
    except CliError as error:
        rest = [unchecked(name, "RabbitMQ does not answer") for name in _LATER]
        return [wrong("broker", error.message, error.next_step), *rest]


async def _checked(name: str, url: str, step: Step, connection: AbstractConnection) -> Check:
    try:
        with translated(url):
            return await step(connection)
    except CliError as error:
        return wrong(name, error.message, error.next_step)


async def _permissions(connection: AbstractConnection) -> Check:
    """Declare, bind, publish and consume on a queue of our own."""
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    queue = await channel.declare_queue(exclusive=True, auto_delete=True)
    await queue.bind(EVENTS, "workers.doctor")
    await channel.default_exchange.publish(aio_pika.Message(b"{}"), queue.name)
    message = await queue.get(timeout=5, fail=False)
    if message is None:
        return wrong("permissions", "an own message did not come back", "look at RabbitMQ's log")
    await message.ack()
    await queue.delete(if_unused=False, if_empty=False)
    await channel.close()
    return ok("permissions", "may declare, bind, publish and consume")


async def _topology(connection: AbstractConnection) -> Check:
    found = await differences(connection)
    if found:
        names = ", ".join(difference.name for difference in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        return wrong(
            "topology", f"{len(found)} differences: {names}{more}", "workers topology diff"
        )
    return ok("topology", "exchanges and queues are as they should be")


def _queue_steps() -> tuple[Step, Step, Step]:
    async def consumers(connection: AbstractConnection) -> Check:
        found = await states(connection, command_queues())
        idle = [queue.name for queue in found if not queue.consumers]
        if idle:
            start = f"just run {idle[0].replace('.', '_')}"
            return wrong("consumers", f"nobody consumes {', '.join(idle)}", start)
        return ok("consumers", f"all {len(found)} queues have one")

    async def dead(connection: AbstractConnection) -> Check:
        names = [name for name in dead_queues() if name not in UNROUTED_QUEUES]
        return _empty("dead letters", await states(connection, names))

    async def unrouted(connection: AbstractConnection) -> Check:
        return _empty("unrouted", await states(connection, UNROUTED_QUEUES))

    return consumers, dead, unrouted


def _empty(name: str, found: list[QueueState]) -> Check:
    full = [queue for queue in found if queue.ready]
    if full:
        told = ", ".join(f"{queue.ready} in {queue.name}" for queue in full)
        return wrong(name, told, f"workers dead list {full[0].name}")
    return ok(name, "none")


async def gather_checks(*parts: Awaitable[list[Check]]) -> list[Check]:
    """Make several groups of checks at once and keep their order."""
    return [check for group in await asyncio.gather(*parts) for check in group]
