"""The private names of FastStream and aiormq that the runtime uses; a change must fail here first.

Each test says where the name is used and what it must do there.
"""

import asyncio
import inspect

import aiormq
import pytest

from workers_runtime.connection import cut
from workers_runtime.gathering import GatheringTransport

pytestmark = pytest.mark.integration


@pytest.fixture
async def inner(run_inner, vhost_url, redis_url, eventually):
    async with run_inner(vhost_url, redis_url) as worker:
        await eventually(lambda: worker.consumers.consuming)
        yield worker


async def test_broker_connection_is_where_consumers_look_for_it(inner):
    """`Consumers._disconnect` cuts `broker._connection`."""
    assert inner.broker._connection.transport.connection.is_opened


async def test_broker_may_be_made_to_forget_and_starts_again(inner):
    """`Consumers._disconnect` sets `_connection` and `_channel` to None after a hung stop."""
    await inner.consumers.cancel()
    cut(inner.broker._connection)
    old = inner.broker._connection
    inner.broker._connection = inner.broker._channel = None
    inner.broker.config.disconnect()
    await asyncio.wait_for(inner.broker.start(), 10)
    assert inner.broker._connection is not old
    assert inner.broker._channel is not None
    await asyncio.wait_for(old.close(), 5)


async def test_config_disconnect_forgets_every_channel(inner):
    """Otherwise a subscriber would be started on a channel of the dead connection."""
    before = inner.main._queue_obj.channel
    await inner.consumers._disconnect()
    inner.consumers.consuming = False
    await inner.consumers._build()
    assert inner.main._queue_obj.channel is not before
    assert not inner.main._queue_obj.channel.is_closed


async def test_subscriber_knows_its_queue_and_consumer_tag(inner, bus):
    """`Consumers.cancel` cancels by them, before anything else stops."""
    assert {s.queue.name for s in inner.broker.subscribers} == {
        "anaf.taxpayer", "anaf.taxpayer.suspect",
    }  # fmt: skip
    for subscriber in inner.broker.subscribers:
        assert isinstance(subscriber._consumer_tag, str)
        assert subscriber._queue_obj.name == subscriber.queue.name
    await inner.consumers.cancel()
    assert [s._consumer_tag for s in inner.broker.subscribers] == [None, None]
    await bus.publish("taxpayer.validate", {"number": "12345674"}, message_id="m")
    await asyncio.sleep(0.3)
    assert await bus.count("anaf.taxpayer") == 1


async def test_reader_task_of_the_wire_can_be_cancelled(inner, eventually):
    """`cut` ends it: a frozen broker never answers a polite close."""
    reader = inner.broker._connection.transport.connection._reader_task
    assert not reader.done()
    cut(inner.broker._connection)
    await eventually(reader.done, 5)


async def test_queue_hands_deliveries_to_the_subscriber_s_own_consume(inner, bus):
    """`bind` replaces it on the instance; the library's own way to the handler is left out."""
    taken = []
    real = inner.main.consume
    await inner.consumers._disconnect()

    async def noted(raw):
        taken.append(raw.message_id)
        await real(raw)

    inner.main.consume = noted
    await bus.publish("taxpayer.validate", {"number": "12345674"}, message_id="m")
    await bus.event("anaf.taxpayer.validated")
    assert taken == ["m"]
    assert inner.handled == ["12345674"]


async def test_delivery_to_a_stopped_subscriber_is_left_to_its_channel(inner, bus):
    """`running` is false between the library's stop and the channel's end."""
    inner.main.running = False
    await bus.publish("taxpayer.validate", {"number": "12345674"}, message_id="m")
    await asyncio.sleep(0.5)
    assert inner.handled == []
    await inner.consumers._disconnect()
    await bus.event("anaf.taxpayer.validated")
    assert inner.handled == ["12345674"]


async def test_publish_of_the_wire_need_not_wait_for_the_socket(inner, bus):
    """`Publisher` gives ``wait=False``, which aiormq's abstract channel does not name."""
    assert "wait" in inspect.signature(aiormq.Channel.basic_publish).parameters
    assert "wait" in inspect.signature(aiormq.Channel.basic_ack).parameters
    channel = await inner.publisher._connection.channel()
    assert isinstance(await channel.get_underlay_channel(), aiormq.Channel)


async def test_wire_is_opened_by_the_factories_that_gather(inner):
    """`gather` replaces them by name; the writer then keeps what one turn writes."""
    assert aiormq.connection.TCPTransportFactory is GatheringTransport
    assert aiormq.connection.TLSTransportFactory is GatheringTransport
    wire = inner.broker._connection.transport.connection
    assert isinstance(wire._transport_factory, GatheringTransport)
