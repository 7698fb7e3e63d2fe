"""Heartbeats from the bus, on a real broker."""

import asyncio
import time

import aio_pika
import pytest
from pydantic import SecretStr

from registry_service.app import make_service
from registry_service.clock import utc_now
from registry_service.heartbeats import (
    MAX_BEAT_BYTES,
    QUEUE,
    MalformedHeartbeatError,
    read_heartbeat,
)
from registry_service.jobs import end, start
from workers_contracts.topology import HEARTBEATS


@pytest.fixture
async def consuming(settings, eventually):
    """Start a service that consumes from the broker at the URL."""
    running = []

    async def run(url):
        made = make_service(settings(rmq_url=SecretStr(url)), utc_now)
        running.append((made, start("heartbeats", made.heartbeats.run())))
        await eventually(lambda: made.heartbeats.consuming, 30)
        return made

    yield run
    for made, job in running:
        await end([job], 5)
        await made.stop()


async def publish(url, *bodies):
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(HEARTBEATS)
        for body in bodies:
            message = aio_pika.Message(body, content_type="application/cloudevents+json")
            await exchange.publish(message, "worker.heartbeat")


def counted(made, outcome):
    return made.measures.heartbeats.labels(outcome)._value.get()


MALFORMED = {
    "not JSON": (b"{", "not JSON"),
    "not UTF-8": (b"\xff\xfe{}", "not JSON"),
    "deep": (b"[" * 50_000, "not JSON"),
    "a list": (b"[]", "not a CloudEvent"),
    "no envelope": (b'{"id": "x"}', "not a CloudEvent"),
    "other version": (b'{"specversion": "0.3"}', "not a CloudEvent"),
    "other type": (b'{"specversion": "1.0", "type": "x"}', "type is not worker.heartbeat"),
    "no data": (b'{"specversion": "1.0", "type": "worker.heartbeat"}', "data: "),
    "too large": (b" " * (MAX_BEAT_BYTES + 1), "over 65536 bytes"),
}


@pytest.mark.parametrize(("body", "words"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_heartbeat_is_refused_with_a_reason(body, words):
    with pytest.raises(MalformedHeartbeatError, match=words):
        read_heartbeat(body)


def test_reason_names_the_field_and_never_the_value(beat, envelope):
    data = beat().model_dump(mode="json") | {"status": "hunter2"}
    with pytest.raises(MalformedHeartbeatError, match=r"data\.status") as refused:
        read_heartbeat(envelope(beat(), data=data))
    assert "hunter2" not in str(refused.value)


def test_time_without_a_zone_is_refused(beat, envelope):
    data = beat().model_dump(mode="json") | {"last_seen": "2026-03-02T09:00:00"}
    with pytest.raises(MalformedHeartbeatError, match=r"data\.last_seen.*timezone"):
        read_heartbeat(envelope(beat(), data=data))


@pytest.mark.integration
async def test_heartbeat_end_to_end(consuming, vhost_url, beat, envelope, eventually):
    made = await consuming(vhost_url)
    await publish(vhost_url, envelope(beat(last_seen=utc_now())))
    await eventually(made.registry.workers)
    assert made.registry.reply().workers[0].status == "running"
    await publish(vhost_url, envelope(beat(last_seen=utc_now(), status="stopped")))
    await eventually(lambda: not made.registry.workers())


@pytest.mark.integration
async def test_malformed_heartbeats_never_block_the_good_ones(
    consuming, vhost_url, beat, envelope, eventually
):
    made = await consuming(vhost_url)
    bad = [body for body, _ in MALFORMED.values()]
    await publish(vhost_url, *bad, envelope(beat(last_seen=utc_now())))
    await eventually(made.registry.workers)
    assert counted(made, "malformed") == len(bad)
    connection = await aio_pika.connect(vhost_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(QUEUE, passive=True)
        assert queue.declaration_result.message_count == 0


@pytest.mark.integration
@pytest.mark.fault
async def test_deleted_queue_is_declared_again_and_consumed(
    consuming, vhost_url, beat, envelope, eventually
):
    made = await consuming(vhost_url)
    connection = await aio_pika.connect(vhost_url)
    async with connection:
        channel = await connection.channel()
        await channel.queue_delete(QUEUE)
    began = time.monotonic()

    async def arrives():
        await publish(vhost_url, envelope(beat(last_seen=utc_now())))
        await asyncio.sleep(0.3)
        return made.registry.workers()

    await eventually(arrives, 30)
    assert time.monotonic() - began < 15


@pytest.mark.integration
@pytest.mark.fault
async def test_broker_away_at_the_start_and_killed_later(
    private_broker, settings, beat, envelope, eventually
):
    await private_broker.kill()
    url = private_broker.url
    made = make_service(settings(rmq_url=SecretStr(url)), utc_now)
    job = start("heartbeats", made.heartbeats.run())
    await asyncio.sleep(0.5)
    assert not made.heartbeats.consuming
    await private_broker.start()
    await eventually(lambda: made.heartbeats.consuming, 30)
    await publish(url, envelope(beat(last_seen=utc_now())))
    await eventually(made.registry.workers)
    await private_broker.kill()
    await eventually(lambda: not made.heartbeats.consuming, 15)
    await private_broker.start()
    await eventually(lambda: made.heartbeats.consuming, 30)
    await publish(url, envelope(beat(id="two", last_seen=utc_now())))
    await eventually(lambda: len(made.registry.fleet) == 2)
    await end([job], 5)
    assert job.done()
    await made.stop()
