"""The publisher on a real broker: confirmed, persistent, repaired, and never stuck."""

import asyncio
import time
from pathlib import Path

import aio_pika
import aiormq
import pytest
from aio_pika.abc import AbstractChannel

from workers_contracts.topology import COMMANDS, EVENTS
from workers_runtime.connection import Connection
from workers_runtime.declare import declare
from workers_runtime.errors import TopologyError
from workers_runtime.publisher import MAX_HEADER, plain_headers
from workers_runtime.wire import Wire

pytestmark = pytest.mark.integration
QUEUE = "anaf.taxpayer"


def message(body: bytes = b"{}", **properties: object) -> aio_pika.Message:
    settings = {"message_id": "m-1", "delivery_mode": 2, **properties}
    return aio_pika.Message(body, **settings)


@pytest.fixture
async def channel(vhost_url: str):
    connection = await aio_pika.connect(vhost_url)
    async with connection:
        opened = await connection.channel()
        await declare(opened)
        yield opened


async def drain_queue(channel: AbstractChannel, name: str) -> list[bytes]:
    queue = await channel.get_queue(name, ensure=False)
    found = []
    while (got := await queue.get(no_ack=True, fail=False)) is not None:
        found.append(got.body)
    return found


async def test_message_is_in_its_queue_when_publish_returns(vhost_url, channel, make_publisher):
    publisher = make_publisher(vhost_url)
    assert not publisher.is_connected
    await publisher.publish(COMMANDS, "taxpayer.validate", message(b"1"), mandatory=True)
    assert publisher.is_connected
    await publisher.publish("", QUEUE, message(b"2"), mandatory=True)
    assert await drain_queue(channel, QUEUE) == [b"1", b"2"]


async def test_wire_keeps_all_its_properties_and_is_persistent(vhost_url, channel, make_publisher):
    wire = Wire("", QUEUE, '{"ș": 1}', "id-1", "c-1", {"tid": "t", "x-attempt": 2}, type="a.do")
    await make_publisher(vhost_url).send(wire)
    queue = await channel.get_queue(QUEUE, ensure=False)
    got = await queue.get(no_ack=True)
    assert got.body.decode() == wire.body
    assert (got.message_id, got.correlation_id, got.type) == ("id-1", "c-1", "a.do")
    assert wire.headers.items() <= got.headers.items()
    assert got.content_type == "application/json"
    assert got.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert got.timestamp is not None


async def test_delayed_wire_goes_to_the_ladder_with_its_due_time(
    vhost_url, channel, make_publisher, eventually
):
    await make_publisher(vhost_url).send(Wire("", QUEUE, "{}", "i", "c", delay_seconds=0.7))
    waiting = await channel.declare_queue("workers.delay.1s", passive=True)
    assert waiting.declaration_result.message_count == 1
    queue = await channel.get_queue(QUEUE, ensure=False)

    async def arrived():
        return await queue.get(no_ack=True, fail=False)

    started = time.time()
    await eventually(arrived, 5)
    assert 0.6 < time.time() - started < 3


async def test_event_nobody_wants_is_fine(vhost_url, channel, make_publisher):
    wire = Wire(EVENTS, "nobody.wants", "{}", "i", "c")
    await asyncio.wait_for(make_publisher(vhost_url).send(wire), 3)


async def test_missing_queue_is_declared_again_and_the_message_is_in_it(
    vhost_url, channel, make_publisher, metrics
):
    await channel.queue_delete(QUEUE)
    await make_publisher(vhost_url).publish("", QUEUE, message(b"1"), mandatory=True)
    assert await drain_queue(channel, QUEUE) == [b"1"]
    assert metrics.publish_retries.labels(reason="unroutable")._value.get() == 1


async def test_returned_message_is_not_confirmed_by_another_with_its_id(
    vhost_url, channel, make_publisher
):
    """Two tenants may use the same ids; the library knows returned messages by their id alone."""
    await channel.queue_delete(QUEUE)
    publisher = make_publisher(vhost_url)
    await publisher.connect()
    bodies = [b"1", b"2", b"3"]
    async with asyncio.TaskGroup() as group:
        for body in bodies:
            group.create_task(publisher.publish("", QUEUE, message(body), mandatory=True))
    assert sorted(await drain_queue(channel, QUEUE)) == bodies


async def test_missing_exchange_is_declared_again(vhost_url, make_publisher, metrics):
    """The very first worker on an empty broker."""
    publisher = make_publisher(vhost_url)
    await publisher.publish(COMMANDS, "taxpayer.validate", message(b"1"), mandatory=True)
    async with await aio_pika.connect(vhost_url) as connection:
        assert await drain_queue(await connection.channel(), QUEUE) == [b"1"]
    assert metrics.publish_retries.labels(reason="unroutable")._value.get() == 1


async def test_repair_that_fails_is_tried_again(vhost_url, make_publisher):
    calls = 0

    async def repair(channel: AbstractChannel) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise TopologyError("in the way")
        if calls == 2:
            raise ConnectionResetError("gone")
        await declare(channel)

    publisher = make_publisher(vhost_url, repair=repair)
    await publisher.publish("", QUEUE, message(b"1"), mandatory=True)
    assert calls == 3


async def test_full_queue_is_back_pressure_until_it_is_drained(
    vhost_url, channel, make_publisher, metrics
):
    arguments = {"x-queue-type": "quorum", "x-max-length": 2, "x-overflow": "reject-publish"}
    await channel.declare_queue("bounded", durable=True, arguments=arguments)
    publisher = make_publisher(vhost_url)
    refused = metrics.publish_retries.labels(reason="not_confirmed")._value
    published = 0
    while refused.get() == 0:
        # A quorum queue takes some more than its bound before it refuses.
        task = asyncio.create_task(
            publisher.publish("", "bounded", message(b"%d" % published), mandatory=True)
        )
        published += 1
        while not task.done() and refused.get() == 0:
            await asyncio.sleep(0.01)
        assert published < 50
    assert not task.done()
    assert publisher.is_connected
    first = await drain_queue(channel, "bounded")
    await asyncio.wait_for(task, 8)
    rest = await drain_queue(channel, "bounded")
    assert first + rest == [b"%d" % n for n in range(published)]


async def test_cancellation_by_the_caller_ends_a_publish_at_once(make_publisher):
    publisher = make_publisher("amqp://guest:guest@127.0.0.1:1/")
    task = asyncio.create_task(publisher.publish("", QUEUE, message(), mandatory=True))
    await asyncio.sleep(0.3)
    assert not task.done()
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("place", [Connection.channel, aiormq.Channel.basic_publish])
async def test_cancellation_inside_the_library_is_a_lost_connection(
    vhost_url, channel, make_publisher, metrics, monkeypatch, place
):
    publisher = make_publisher(vhost_url)
    slips = 0

    async def slipping(self, *arguments, **options):
        nonlocal slips
        if slips < 2:
            slips += 1
            raise asyncio.CancelledError
        return await place(self, *arguments, **options)

    owner = Connection if place is Connection.channel else aiormq.Channel
    monkeypatch.setattr(owner, place.__name__, slipping)
    await publisher.publish("", QUEUE, message(b"1"), mandatory=True)
    assert await drain_queue(channel, QUEUE) == [b"1"]
    assert metrics.publish_retries.labels(reason="not_confirmed")._value.get() == 2


async def test_cancellation_by_the_caller_is_never_taken_for_the_library_s(
    vhost_url, make_publisher, monkeypatch, metrics
):
    publisher = make_publisher(vhost_url)
    await publisher.connect()
    waiting = asyncio.Event()

    async def unconfirmed(self, *arguments, **options):
        waiting.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(aiormq.Channel, "basic_publish", unconfirmed)
    task = asyncio.create_task(publisher.publish("", QUEUE, message(), mandatory=True))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert publisher.is_connected
    assert metrics.publish_retries.labels(reason="not_confirmed")._value.get() == 0


async def test_hundred_at_once_share_one_connection(vhost_url, channel, make_publisher, eventually):
    publisher = make_publisher(vhost_url)
    every = [publisher.publish("", QUEUE, message(b"%d" % n), mandatory=True) for n in range(100)]
    await asyncio.gather(*every)
    assert len(await drain_queue(channel, QUEUE)) == 100


def test_headers_that_would_not_fit_are_left_out():
    hostile = {f"h{n}": "x" for n in range(500)}
    assert len(plain_headers(hostile)) == 100
    assert plain_headers({
        "ok": "x" * MAX_HEADER, "n": 5, "long": "x" * (MAX_HEADER + 1), "table": {"a": 1},
        "x-death": [{"count": 1}], "bytes": b"x", "none": None, "real": 1.5,
    }) == {"ok": "x" * MAX_HEADER, "n": 5}  # fmt: skip


@pytest.mark.fault
async def test_frozen_and_killed_broker(private_broker, make_publisher, request):
    """One broker for both faults: its start is the slow part."""
    publisher = make_publisher(private_broker.url, confirm_seconds=2.0)
    await publisher.publish("", QUEUE, message(b"0"), mandatory=True)
    files = len(list(Path("/proc/self/fd").iterdir()))

    await private_broker.freeze()
    frozen = [
        asyncio.create_task(publisher.publish("", QUEUE, message(b"%d" % n), mandatory=True))
        for n in range(1, 6)
    ]
    await asyncio.sleep(9)
    assert not any(task.done() for task in frozen)
    assert not publisher.is_connected
    await private_broker.thaw()
    thawed = time.monotonic()
    await asyncio.wait_for(asyncio.gather(*frozen), 20)
    latency = time.monotonic() - thawed
    request.node.user_properties.append(("seconds_after_thaw", round(latency, 2)))
    assert latency < 8

    await private_broker.kill()
    during = asyncio.create_task(publisher.publish("", QUEUE, message(b"6"), mandatory=True))
    await asyncio.sleep(0.5)
    assert not during.done()
    await private_broker.start()
    started = time.monotonic()
    await asyncio.wait_for(during, 20)
    latency = round(time.monotonic() - started, 2)
    request.node.user_properties.append(("seconds_after_restart", latency))

    async with await aio_pika.connect(private_broker.url) as connection:
        bodies = await drain_queue(await connection.channel(), QUEUE)
    # At least once: a copy may be doubled by its retry, never missing, never invented.
    assert set(bodies) == {b"%d" % n for n in range(7)}
    assert len(bodies) <= 13
    # Connections that hung are closed behind us, not collected.
    for _ in range(50):
        if len(list(Path("/proc/self/fd").iterdir())) <= files + 2:
            break
        await asyncio.sleep(0.1)
    assert len(list(Path("/proc/self/fd").iterdir())) <= files + 2
