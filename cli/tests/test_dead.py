"""`workers dead list` and `show` on a real broker: looking takes nothing and keeps the order."""

import aio_pika
import pytest

from workers_cli.dead_queues import warning_of_looks
from workers_cli.letters import Letter
from workers_contracts.topology import command_queues
from workers_runtime.testing import Bus

pytestmark = pytest.mark.integration
QUEUE = "anaf.taxpayer.dead"


async def test_queues_are_listed_with_their_counts(bus: Bus, later, bury):
    await bury("m1")
    await bury("m2", queue="no.such.key", exchange="workers.commands")
    ran = await later("dead", "list", "--json")
    assert ran.code == 0
    counts = {queue["name"]: queue["ready"] for queue in ran.json["queues"]}
    empty = {f"{queue}.dead": 0 for queue in command_queues()}
    assert counts == empty | {QUEUE: 1, "workers.unrouted": 1, "workers.unrouted.dead": 0}
    assert "workers dead list anaf.taxpayer.dead" in (await later("dead", "list")).err


async def test_messages_are_listed_with_their_reason(bus: Bus, later, bury):
    await bury("m1", x_replay=2)
    ran = await later("dead", "list", QUEUE, "--json")
    (letter,) = ran.json["messages"]
    assert letter | {"size": 0, "looks": 0} == {
        "position": 1, "message_id": "m1", "correlation_id": "c-m1",
        "command": "taxpayer.validate", "code": "permanent", "field": "number",
        "reason": "the register refuses", "attempts": 3, "replays": 2, "tenant": "tenant-demo",
        "dead_since": "2026-03-02T09:15:04.000Z", "queue": "anaf.taxpayer", "size": 0, "looks": 0,
    }  # fmt: skip
    words = (await later("dead", "list", "anaf.taxpayer")).out
    for word in ("m1", "permanent", "number", "the register refuses", "2026-03-02T09:15:04"):
        assert word in words


async def test_looking_often_keeps_every_message_in_its_order(bus: Bus, later, bury):
    for number in range(60):
        await bury(f"m{number}")
    for _ in range(3):
        ran = await later("dead", "list", QUEUE, "--limit", "50", "--json")
        assert ran.json["count"] == 60
        assert [one["message_id"] for one in ran.json["messages"]] == [f"m{n}" for n in range(50)]
        await later("dead", "show", QUEUE, "m7")
    taken = [(await bus.take(QUEUE)).message_id for _ in range(60)]
    assert taken == [f"m{number}" for number in range(60)]


async def test_next_command_sees_what_the_last_one_looked_at(bus: Bus, later, bury):
    for number in range(30):
        await bury(f"m{number}")
    counts = [(await later("dead", "list", QUEUE, "--json")).json["count"] for _ in range(10)]
    assert counts == [30] * 10


async def test_message_that_the_broker_gave_up_tells_why(bus: Bus, later, vhost_url):
    connection = await aio_pika.connect(vhost_url)
    channel = await connection.channel()
    source = await channel.get_queue("anaf.taxpayer")
    await bus.publish("taxpayer.validate", {"number": "1"}, message_id="m1")
    while (message := await source.get(fail=False)) is None:
        pass
    await message.reject(requeue=False)
    await connection.close()
    while await bus.count(QUEUE) != 1:
        pass
    (letter,) = (await later("dead", "list", QUEUE, "--json")).json["messages"]
    assert letter["code"] == "rejected"
    assert letter["reason"] == "given up by the broker: rejected"
    assert letter["queue"] == "anaf.taxpayer"


async def test_shown_message_has_its_headers_and_no_secret(bus: Bus, later, bury):
    body = b'{"number": "12345674", "password": "hunter2", "deep": [{"api_key": "hunter2"}]}'
    await bury("m0")
    await bury("m1", body, authorization="Bearer hunter2hunter2", x_reason="no: token=hunter2")
    ran = await later("dead", "show", QUEUE, "m1", "--json")
    assert ran.code == 0
    assert ran.json["properties"]["message_id"] == "m1"
    assert ran.json["headers"]["x-reason-code"] == "permanent"
    assert ran.json["body"]["number"] == "12345674"
    assert ran.json["body"]["password"] == "[redacted]"
    words = await later("dead", "show", QUEUE, "m1")
    assert "x-reason-code: permanent" in words.out
    for shown in (ran, words):
        assert "hunter2hunter2" not in shown.out
        assert '"hunter2"' not in shown.out


async def test_message_without_id_is_shown_by_its_number(bus: Bus, later, publish_bare):
    publish_bare("no.such.key", b"{}")
    publish_bare("no.such.key", b"\xff\x00")
    listed = (await later("dead", "list", "workers.unrouted", "--json")).json["messages"]
    assert [(one["message_id"], one["attempts"]) for one in listed] == [("", 0), ("", 0)]
    ran = await later("dead", "show", "workers.unrouted", "--position", "2", "--json")
    assert ran.json["body"] == "[2 bytes that are not UTF-8 text]"
    words = await later("dead", "show", "workers.unrouted", "--position", "1")
    assert words.err.strip().endswith("workers dead replay workers.unrouted --all")


async def test_absent_message_and_absent_queue_are_told(bus: Bus, later):
    ran = await later("dead", "show", QUEUE, "m1", "--json")
    assert (ran.code, ran.error["code"]) == (2, "no_such_message")
    await bus.delete(QUEUE)
    ran = await later("dead", "list", QUEUE, "--json")
    assert (ran.code, ran.error["next"]) == (2, "workers topology apply")
    assert "missing" in (await later("dead", "list")).out


async def test_messages_in_other_hands_are_mentioned(bus: Bus, later, bury, vhost_url):
    await bury("m1")
    connection = await aio_pika.connect(vhost_url)
    channel = await connection.channel()
    source = await channel.get_queue(QUEUE)
    while await source.get(fail=False) is None:
        pass
    assert (await later("dead", "list", QUEUE, "--json")).json["count"] == 0
    await connection.close()


@pytest.mark.parametrize(
    ("version", "looks", "warned"),
    [("4.1.0", 15, True), ("4.1.0", 3, False), ("3.10.8", 15, False)],
)
def test_many_looks_are_warned_of_where_the_broker_counts_them(version, looks, warned):
    fields = dict.fromkeys(Letter.__dataclass_fields__, "") | {"looks": looks}
    assert bool(warning_of_looks(version, [Letter(**fields)])) is warned
