"""The topology on a real broker: declared once, and its differences told without changing them."""

import aio_pika
import pytest

from workers_contracts.topology import topology
from workers_runtime.declare import declare, differences
from workers_runtime.errors import TopologyError

pytestmark = pytest.mark.integration


@pytest.fixture
async def connection(vhost_url: str):
    async with await aio_pika.connect(vhost_url) as opened:
        yield opened


async def test_empty_broker_misses_everything_and_is_not_changed(connection):
    wanted = topology()
    for _ in range(2):
        found = await differences(connection)
        assert {d.problem for d in found} == {"missing"}
        names = [(d.kind, d.name) for d in found]
        assert names == [("exchange", e.name) for e in wanted.exchanges] + [
            ("queue", q.name) for q in wanted.queues
        ]


async def test_declared_broker_has_no_difference(connection):
    channel = await connection.channel()
    await declare(channel)
    await declare(channel)
    assert await differences(connection) == []


async def test_other_arguments_are_told_in_the_brokers_words(connection):
    channel = await connection.channel()
    await declare(channel)
    await channel.queue_delete("anaf.taxpayer")
    await channel.declare_queue("anaf.taxpayer", durable=True)
    await channel.exchange_delete("workers.events")
    await channel.declare_exchange("workers.events", "fanout", durable=True)
    await channel.queue_delete("workers.delay.5s")
    found = {d.name: d for d in await differences(connection)}
    assert set(found) == {"anaf.taxpayer", "workers.events", "workers.delay.5s"}
    assert "x-dead-letter-exchange" in found["anaf.taxpayer"].problem
    assert "type" in found["workers.events"].problem
    assert found["workers.delay.5s"].problem == "missing"
    with pytest.raises(TopologyError, match="topology diff"):
        await declare(await connection.channel())


async def test_command_without_a_binding_is_kept_and_seen(connection):
    channel = await connection.channel()
    await declare(channel)
    exchange = await channel.get_exchange("workers.commands")
    await exchange.publish(aio_pika.Message(b"{}"), "no.such.command")
    unrouted = await channel.get_queue("workers.unrouted")
    assert (await unrouted.get(no_ack=True)).routing_key == "no.such.command"


async def test_every_rung_returns_to_the_queue_named_by_the_routing_key(connection, eventually):
    channel = await connection.channel()
    await declare(channel)
    exchange = await channel.get_exchange("workers.delay.1s")
    await exchange.publish(aio_pika.Message(b"1"), "anaf.taxpayer")
    queue = await channel.get_queue("anaf.taxpayer")

    async def arrived():
        return await queue.get(no_ack=True, fail=False)

    assert await arrived() is None
    await eventually(arrived, 5)
