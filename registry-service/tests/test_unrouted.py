"""Commands that no queue took end in an event, and are kept where a person finds them."""

import asyncio

import pika
import pytest
from pika.spec import Basic

from registry_service.jobs import end, start
from registry_service.measures import Measures
from registry_service.unrouted import Unrouted, explained
from workers_runtime.testing import Bus, StartWorker

KEPT = "workers.unrouted.dead"


@pytest.fixture
async def answering(vhost_url):
    """Answer for unrouted commands; returns the numbers that are kept of it."""
    made = Unrouted(vhost_url, measures := Measures(), "test")
    job = start("unrouted", made.run())
    yield measures
    await end([job])
    await made.close()


def counted(measures: Measures, outcome: str) -> float:
    return measures.registry.get_sample_value("registry_unrouted_total", {"outcome": outcome}) or 0


@pytest.mark.integration
async def test_mistyped_key_fails_by_name_and_says_what_was_meant(bus: Bus, answering):
    await bus.publish(
        "efactura.sumbit", {"cif": "1"}, message_id="m1", correlation_id="c1",
        headers={"tid": "acme", "x-attempt": 9, "x-due-ms": 1},
    )  # fmt: skip
    event = await bus.event("efactura.failed", correlation_id="c1")
    assert event.persistent
    assert event.envelope["tid"] == "acme"
    assert event.data["code"] == "unknown_command"
    assert "did you mean efactura.submit?" in event.data["message"]
    assert (event.data["message_id"], event.data["attempts"]) == ("m1", 0)
    assert event.data["dead_letter_queue"] == KEPT
    letter = await bus.take(KEPT)
    assert (letter.message_id, letter.correlation_id) == ("m1", "c1")
    assert letter.body == b'{"cif": "1"}'
    assert letter.headers["x-command"] == "efactura.sumbit"
    assert letter.headers["x-reason-code"] == "unknown_command"
    assert letter.headers["tid"] == "acme"
    assert not {"x-attempt", "x-due-ms"} & set(letter.headers)
    while await bus.count("workers.unrouted"):
        await asyncio.sleep(0.05)
    assert len(bus.events) == 1


@pytest.mark.integration
async def test_each_of_many_gets_its_one_event(bus: Bus, answering):
    for number in range(20):
        await bus.publish("payroll.run", {}, correlation_id=f"c{number}")
    events = await bus.collect(20, "command.failed")
    assert {event.correlation_id for event in events} == {f"c{n}" for n in range(20)}
    assert len({event.message_id for event in events}) == len(bus.events) == 20
    assert counted(answering, "refused") == 20


def publish_in_latin1(url: str, key: bytes) -> None:
    """Publish as a careless client does: pika itself would make UTF-8 of the key."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    publish = Basic.Publish(exchange="workers.commands", routing_key=key)
    channel._impl._send_method(publish, (pika.BasicProperties(correlation_id="latin"), b"{}"))
    connection.close()


@pytest.mark.integration
async def test_key_that_is_not_utf8_is_answered_and_holds_up_nobody(bus: Bus, answering, vhost_url):
    await asyncio.to_thread(publish_in_latin1, vhost_url, "payroll.calculează".encode("iso8859_16"))
    await bus.publish("payroll.run", {}, correlation_id="after")
    await bus.event("command.failed", correlation_id="after")
    event = await bus.event("command.failed", correlation_id="latin")
    assert event.data["command"] == "payroll.calculeaz?"


@pytest.mark.integration
async def test_message_that_cannot_be_answered_holds_up_nobody(bus: Bus, answering, monkeypatch):
    def fail(key: str):
        if key == "payroll.bad":
            raise ValueError(key)
        return explained(key)

    monkeypatch.setattr("registry_service.unrouted.explained", fail)
    await bus.publish("payroll.bad", {}, correlation_id="bad")
    await bus.publish("payroll.run", {}, correlation_id="after")
    await bus.event("command.failed", correlation_id="after")
    monkeypatch.undo()
    await bus.event("command.failed", correlation_id="bad")


@pytest.mark.integration
async def test_command_whose_queue_was_missing_goes_on_by_itself(bus: Bus, answering):
    await bus.delete("anaf.taxpayer")
    await bus.publish("taxpayer.validate", {"number": "1"}, message_id="m1", headers={"tid": "a"})
    async with asyncio.timeout(15):
        while not counted(answering, "forwarded"):
            await asyncio.sleep(0.05)
    message = await bus.take("anaf.taxpayer")
    assert (message.message_id, message.body) == ("m1", b'{"number": "1"}')
    assert message.headers["tid"] == "a"
    assert (bus.events, await bus.count(KEPT)) == ([], 0)


@pytest.mark.integration
async def test_broker_without_the_queues_is_waited_for(vhost_url, answering):
    await asyncio.sleep(1.5)  # it has looked, and found nothing to look into
    async with Bus.connect(vhost_url) as bus:
        await bus.publish("efactura.sumbit", b"\xff", correlation_id="c1")
        event = await bus.event("efactura.failed", correlation_id="c1")
        assert event.data["message_id"]


@pytest.mark.integration
@pytest.mark.fault
async def test_killed_before_the_acknowledgement_it_repeats_the_same_event(
    bus: Bus, start_worker: StartWorker, tmp_path
):
    once = tmp_path / "once"
    secret = "0123456789abcdef0123456789abcdef"
    first = start_worker(
        "registry_service",
        WORKERS_FAILPOINT=f"after_publish@{once}",
        REGISTRY_JWT_SECRET=secret,
    )
    await bus.publish("efactura.sumbit", {}, correlation_id="c1")  # without an id of its own
    await asyncio.to_thread(first.wait_end)
    assert once.exists()
    start_worker("registry_service", REGISTRY_JWT_SECRET=secret)
    events = await bus.collect(2, "efactura.failed", correlation_id="c1")
    assert len({event.envelope["id"] for event in events}) == 1
    while await bus.count("workers.unrouted"):
        await asyncio.sleep(0.05)
    assert await bus.count(KEPT) in (1, 2)


@pytest.mark.parametrize(
    ("key", "event", "words"),
    [
        ("efactura.sumbit", "efactura.failed", "did you mean efactura.submit?"),
        ("efctura.submit", "efactura.failed", "did you mean efactura.submit?"),
        ("taxpayer.zzz", "taxpayer.failed", "the routing key taxpayer.zzz"),
        ("efactura.check", "efactura.failed", "is sent by its worker only"),
        ("payroll.run", "command.failed", "lists all that there are"),
        ("", "command.failed", "(empty)"),
    ],
)
def test_publisher_hears_of_it_where_it_listens(key, event, words):
    why, kind = explained(key)
    assert kind.key == event
    assert words in why
