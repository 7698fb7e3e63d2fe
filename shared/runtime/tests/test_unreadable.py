"""AMQP properties that break the client library: the message is refused, its neighbours are not."""

import contextlib
import json
import sys
from datetime import UTC, datetime

import pika
import pytest
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from workers_runtime.unreadable import UNREADABLE, tolerate

pytestmark = pytest.mark.integration
QUEUE = "anaf.taxpayer"


def nested(depth: int) -> dict[str, object]:
    table: dict[str, object] = {}
    for _ in range(depth):
        table = {"": table}
    return table


@contextlib.contextmanager
def deep_recursion():
    """Let our publisher encode what the worker cannot decode."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    yield
    sys.setrecursionlimit(limit)


HOSTILE = {
    "a message id in Latin-1": {"message_id": "ș".encode("iso8859_16")},
    "a correlation id that is not text": {"correlation_id": b"\xff\xfe"},
    "a content type that is not text": {"content_type": b"\xff"},
    "a timestamp far away": {"timestamp": 2**63 - 1},
    "headers nested too deep": {"headers": nested(2000)},
    "a type that is not text": {"type": b"\xff"},
}
ODD = {
    "a cluster id": {"cluster_id": "x"},
    "the highest priority": {"priority": 255},
    "a timestamp in milliseconds": {"timestamp": 1_767_225_600_000},
    "header values of every sort": {
        "headers": {
            "bytes": b"\xff", "none": None, "list": [1, [2]], "table": {"a": {"b": 1}},
            "time": datetime(2026, 1, 1, tzinfo=UTC), "bool": True, "x-attempt": [1],
        }
    },
}  # fmt: skip


@pytest.fixture
def publish(vhost_url):
    """Publish three commands, the middle one with the given properties."""

    def run(properties: dict[str, object]) -> None:
        with pika.BlockingConnection(pika.URLParameters(vhost_url)) as connection:
            channel = connection.channel()
            for name, given in {
                "before": {"message_id": "before", "correlation_id": "before"},
                "hostile": properties,
                "after": {"message_id": "after", "correlation_id": "after"},
            }.items():
                body = json.dumps({"number": name}).encode()
                with deep_recursion():
                    channel.basic_publish(
                        "workers.commands", "taxpayer.validate", body, pika.BasicProperties(**given)
                    )

    return run


@pytest.fixture
async def inner(run_inner, vhost_url, redis_url, eventually):
    async with run_inner(vhost_url, redis_url) as worker:
        await eventually(lambda: worker.consumers.consuming)
        yield worker


async def test_hostile_properties_are_refused_and_neighbours_are_handled(bus, inner, publish):
    for properties in HOSTILE.values():
        publish(properties)
    count = len(HOSTILE)
    failed = await bus.collect(count, "taxpayer.failed")
    await bus.collect(2, "anaf.taxpayer.validated")
    assert all("AMQP properties cannot be read" in event.data["message"] for event in failed)
    assert inner.handled.count("hostile") == 0
    assert await bus.count(f"{QUEUE}.dead") == count
    for _ in range(count):
        dead = await bus.take(f"{QUEUE}.dead")
        assert json.loads(dead.body) == {"number": "hostile"}
        assert dead.headers["x-reason-code"] == "invalid_message"
    assert inner.rebuilds("consumer") == inner.rebuilds("stalled") == 0


async def test_odd_but_readable_properties_are_accepted(bus, inner, publish, eventually):
    for properties in ODD.values():
        publish(properties)
    await eventually(lambda: inner.handled.count("hostile") == len(ODD))
    assert await bus.count(f"{QUEUE}.dead") == 0


def test_what_was_decoded_before_the_problem_is_kept():
    tolerate()
    tolerate()
    good = ContentHeader(0, 0, Basic.Properties(message_id="m", correlation_id="c", app_id="abc"))
    header = ContentHeader()
    header.unmarshal(good.marshal().replace(b"abc", b"a\xffc"))
    assert (header.properties.message_id, header.properties.correlation_id) == ("m", "c")
    assert header.properties.headers == {UNREADABLE: "UnicodeDecodeError"}


def test_readable_properties_are_decoded_as_ever():
    tolerate()
    properties = Basic.Properties(message_id="m", headers={"a": 1}, delivery_mode=2)
    header = ContentHeader()
    header.unmarshal(ContentHeader(0, 5, properties).marshal())
    assert header.properties == properties
    assert header.body_size == 5
