"""`workers send` on a real broker."""

import asyncio
import json

import aio_pika
import pytest

from workers_runtime.testing import Bus

pytestmark = pytest.mark.integration
INVOICE = ("efactura.submit", "--field", "cif=12345674", "--field", "xml=<Invoice/>")
LOOK_UP = ("taxpayer.validate", "--field", "number=12345674")


@pytest.fixture
async def answer(vhost_url: str):
    """Publish an event as a worker would."""
    connection = await aio_pika.connect(vhost_url)
    channel = await connection.channel()

    async def publish(key: str, correlation_id: str, **data) -> None:
        envelope = {
            "specversion": "1.0", "id": "e1", "source": "/workers/test", "type": key,
            "time": "2026-03-02T09:15:04.000Z", "correlationid": correlation_id, "data": data,
        }  # fmt: skip
        message = aio_pika.Message(json.dumps(envelope).encode(), correlation_id=correlation_id)
        await (await channel.get_exchange("workers.events")).publish(message, key)

    yield publish
    await connection.close()


async def until_queued(bus: Bus, queue: str, count: int = 1) -> None:
    while await bus.count(queue) != count:
        await asyncio.sleep(0.02)


async def test_command_arrives_persistent_with_its_identity(bus: Bus, later):
    ran = await later("send", *LOOK_UP, "--tid", "t1", "--message-id", "m1",
                      "--correlation-id", "c1", "--json")  # fmt: skip
    assert ran.code == 0
    assert ran.json == {
        "command": "taxpayer.validate", "message_id": "m1", "correlation_id": "c1", "tid": "t1"
    }  # fmt: skip
    got = await bus.take("anaf.taxpayer")
    assert json.loads(got.body) == {"number": "12345674"}
    assert got.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert (got.message_id, got.correlation_id, got.headers["tid"]) == ("m1", "c1", "t1")
    assert (got.content_type, got.type) == ("application/json", "taxpayer.validate")
    assert got.timestamp is not None


async def test_ids_are_made_and_told_and_an_idle_queue_is_mentioned(bus: Bus, later):
    ran = await later("send", "taxpayer.validate", "-", given='{"number": "RO12345674"}')
    assert ran.code == 0
    got = await bus.take("anaf.taxpayer")
    assert f"message id      {got.message_id}" in ran.out
    assert f"correlation id  {got.correlation_id}" in ran.out
    assert "no worker consumes anaf.taxpayer" in ran.err


async def test_empty_standard_input_sends_nothing(bus: Bus, later):
    ran = await later("send", "taxpayer.validate", "-", "--json", given="")
    assert ran.code == 2
    assert ran.error["message"] == "standard input is empty"
    assert await bus.count("anaf.taxpayer") == 0


async def test_unchecked_rubbish_is_sent_when_asked(bus: Bus, later):
    ran = await later("send", "taxpayer.validate", "-", "--no-check", given="not json")
    assert ran.code == 0
    assert (await bus.take("anaf.taxpayer")).body == b"not json"


async def test_unchecked_unknown_key_is_kept_and_told(bus: Bus, later):
    ran = await later("send", "taxpayer.valdate", "--no-check", "--field", "number=12345674")
    assert ran.code == 0
    assert "the registry answers" in ran.err
    assert await bus.count("workers.unrouted") == 1


FINAL = (
    ("efactura.accepted", {"upload_index": "5001"}, 0),
    ("efactura.rejected", {"errors": [{"rule": "BR-1", "message": "Lipsește."}]}, 3),
    ("efactura.failed", {"code": "anaf_no_right", "message": "no right"}, 4),
)


async def test_waiting_ends_with_the_final_event(bus: Bus, later, answer):
    for number, (event, data, code) in enumerate(FINAL, start=1):
        task = later("send", *INVOICE, "--correlation-id", event, "--wait", "--json")
        await until_queued(bus, "anaf.efactura", number)
        await answer(event, "somebody else")
        await answer("efactura.submitted", event, upload_index="5001")
        await asyncio.sleep(0.2)
        assert not task.done()
        await answer(event, event, **data)
        ran = await task
        assert ran.code == code
        assert [line.get("type", line.get("command")) for line in ran.lines] == [
            "efactura.submit", "efactura.submitted", event
        ]  # fmt: skip


async def test_waiting_in_words_shows_the_reason(bus: Bus, later, answer):
    task = later("send", *INVOICE, "--correlation-id", "c1", "--wait")
    await until_queued(bus, "anaf.efactura")
    await answer("efactura.rejected", "c1", errors=[{"rule": "BR-1", "message": "Lipsește suma."}])
    ran = await task
    assert ran.code == 3
    assert "BR-1: Lipsește suma." in ran.out


async def test_waiting_in_vain_ends_in_time_and_the_command_is_safe(bus: Bus, later):
    ran = await later("send", *LOOK_UP, "--wait", "--timeout", "0.5", "--json")
    assert ran.code == 5
    assert ran.error["code"] == "timed_out"
    assert ran.error["next"] == "workers waiting"
    assert ran.json["correlation_id"] in ran.error["message"]
    assert await bus.count("anaf.taxpayer") == 1


def test_broker_without_topology_says_what_to_run(workers):
    ran = workers("send", *LOOK_UP, "--json")
    assert ran.code == 2
    assert ran.error["code"] == "topology_missing"
    assert ran.error["next"] == "workers topology apply"
    assert workers("send", *LOOK_UP, "--wait", "--json").error["code"] == "topology_missing"


async def test_full_queue_is_told(bus: Bus, later, vhost_url):
    connection = await aio_pika.connect(vhost_url)
    channel = await connection.channel()
    await bus.delete("anaf.taxpayer")
    full = await channel.declare_queue(
        "anaf.taxpayer", durable=True,
        arguments={"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"},
    )  # fmt: skip
    await full.bind("workers.commands", "taxpayer.validate")
    codes = [(await later("send", *LOOK_UP, "--json")).code for _ in range(4)]
    last = await later("send", *LOOK_UP, "--json")
    await connection.close()
    assert 0 in codes
    assert last.code == 2
    assert last.error["code"] == "publish_not_confirmed"
    assert "full" in last.error["message"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("guest:guest", "guest:hunter2"), "refuses the user guest"),
        (("/test-", "/nothing-"), "has no virtual host nothing-"),
    ],
)
def test_wrong_password_and_virtual_host_are_told_apart(workers, vhost_url, change, words):
    ran = workers("tail", "--rmq-url", vhost_url.replace(*change), "--json")
    assert ran.code == 2
    assert ran.error["code"] == "broker_refused"
    assert words in ran.error["message"]
    assert "hunter2" not in ran.err
