"""`workers dead replay` on a real broker: nothing lost, nothing done twice."""

import asyncio
from pathlib import Path

import aio_pika
import pytest

from workers_runtime.testing import Bus, StartWorker

pytestmark = pytest.mark.integration
QUEUE = "anaf.taxpayer.dead"
PROBE = Path(__file__).parents[2] / "shared" / "runtime" / "tests" / "probe_worker.py"


async def settled(bus: Bus, queue: str, count: int) -> None:
    for _ in range(250):
        if await bus.count(queue) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{queue} has {await bus.count(queue)}, not {count}")


async def test_replayed_message_is_a_first_try_with_its_old_ids(bus: Bus, later, bury):
    await bury(
        "m1", b'{"number":"1"}', x_replay=1, x_in_doubt=1, x_due_ms=5, traceparent="00-a-b-01"
    )
    ran = await later("dead", "replay", QUEUE, "m1", "--yes", "--json")
    assert ran.code == 0
    assert ran.json["replayed"] == [
        {"message_id": "m1", "correlation_id": "c-m1", "to": "anaf.taxpayer",
         "code": "permanent", "replay": 2}
    ]  # fmt: skip
    got = await bus.take("anaf.taxpayer")
    assert got.body == b'{"number":"1"}'
    assert (got.message_id, got.correlation_id) == ("m1", "c-m1")
    assert got.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    headers = {k: v for k, v in got.headers.items() if k != "x-delivery-count"}
    assert headers == {
        "tid": "tenant-demo", "traceparent": "00-a-b-01", "x-in-doubt": 1, "x-replay": 2
    }  # fmt: skip
    await settled(bus, QUEUE, 0)


async def test_chosen_ones_go_and_the_others_keep_their_order(bus: Bus, later, bury):
    for number in range(40):
        await bury(f"m{number}", code="permanent" if number % 2 else "anaf_no_right")
    await later("dead", "list", QUEUE)
    ran = await later("dead", "replay", QUEUE, "--code", "anaf_no_right", "--yes")
    assert ran.code == 0
    assert ran.out.count("replayed m") == 20
    await settled(bus, "anaf.taxpayer", 20)
    sent = [(await bus.take("anaf.taxpayer")).message_id for _ in range(20)]
    assert sent == [f"m{number}" for number in range(0, 40, 2)]
    left = [(await bus.take(QUEUE)).message_id for _ in range(20)]
    assert left == [f"m{number}" for number in range(1, 40, 2)]


async def test_all_go_through_a_window_smaller_than_the_queue(bus, later, bury, monkeypatch):
    monkeypatch.setattr("workers_cli.replaying.WINDOW", 7)
    for number in range(30):
        await bury(f"m{number}")
    assert len((await later("dead", "replay", QUEUE, "--all", "--yes", "--json")).json["replayed"])
    sent = [(await bus.take("anaf.taxpayer")).message_id for _ in range(30)]
    assert sent == [f"m{number}" for number in range(30)]
    await settled(bus, QUEUE, 0)


async def test_unrouted_command_goes_through_the_exchange_once_its_queue_is_there(
    bus: Bus, later, bury
):
    await bury("m1", queue="taxpayer.valdate", exchange="workers.commands")
    await bus.delete("anaf.taxpayer")
    await bury("m2", queue="taxpayer.validate", exchange="workers.commands")
    await settled(bus, "workers.unrouted", 2)
    await later("topology", "apply")
    ran = await later("dead", "replay", "workers.unrouted", "--all", "--yes", "--json")
    assert ran.code == 1
    assert [one["message_id"] for one in ran.json["replayed"]] == ["m2"]
    assert "no command has the key taxpayer.valdate" in ran.json["skipped"][0]["why"]
    assert (await bus.take("anaf.taxpayer")).message_id == "m2"
    await settled(bus, "workers.unrouted", 1)


async def test_message_without_id_gets_one_that_is_told(bus: Bus, later, publish_bare):
    await bus.delete("anaf.taxpayer")
    publish_bare("taxpayer.validate", b"{}")
    await later("topology", "apply")
    ran = await later("dead", "replay", "workers.unrouted", "--all", "--yes", "--json")
    (sent,) = ran.json["replayed"]
    assert len(sent["message_id"]) == 36
    assert (await bus.take("anaf.taxpayer")).message_id == sent["message_id"]


async def test_header_that_names_a_strange_queue_is_not_followed(bus: Bus, later, bury):
    await bury("m1", x_queue="amq.somewhere")
    ran = await later("dead", "replay", QUEUE, "--all", "--yes")
    assert ran.code == 1
    assert "stays    m1" in ran.out
    await settled(bus, QUEUE, 1)


async def test_missing_target_leaves_the_message_where_it_is(bus: Bus, later, bury):
    await bury("m1")
    await bus.delete("anaf.taxpayer")
    ran = await later("dead", "replay", QUEUE, "--all", "--yes", "--json")
    assert ran.code == 1
    assert ran.error["code"] == "not_replayed"
    assert ran.error["next"] == "workers topology apply"
    await settled(bus, QUEUE, 1)


async def test_question_is_asked_and_no_means_no(bus: Bus, later, bury):
    await bury("m1")
    ran = await later("dead", "replay", QUEUE, "--all", given="n\n")
    assert ran.code == 2
    assert "1 x permanent -> anaf.taxpayer" in ran.err
    assert "nothing was changed" in ran.err
    await settled(bus, QUEUE, 1)
    assert (await later("dead", "replay", QUEUE, "--all", given="y\n")).code == 0
    await settled(bus, QUEUE, 0)
    nothing = await later("dead", "replay", QUEUE, "--all", given="")
    assert (nothing.code, nothing.err) == (0, f"nothing to replay in {QUEUE}\n")


async def test_one_unknown_id_replays_nothing(bus: Bus, later, bury):
    await bury("m1")
    ran = await later("dead", "replay", QUEUE, "m1", "m2", "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (2, "no_such_message")
    assert "m2; nothing was replayed" in ran.error["message"]
    await settled(bus, QUEUE, 1)
    asked = await later("dead", "replay", QUEUE, "m1", "--json")
    assert (asked.code, asked.error["next"]) == (2, "add --yes")


async def test_killed_between_publish_and_acknowledgement_nothing_is_lost(
    bus: Bus, later, bury, start_cli, tmp_path
):
    for number in range(5):
        await bury(f"m{number}")
    marker = tmp_path / "killed"
    process = start_cli(
        "dead", "replay", QUEUE, "--all", "--yes",
        WORKERS_ENV="test", WORKERS_FAILPOINT=f"after_publish@{marker}",
    )  # fmt: skip
    assert await asyncio.to_thread(process.wait, 20) == -9
    await settled(bus, QUEUE, 5)
    assert (await later("dead", "replay", QUEUE, "--all", "--yes")).code == 0
    await settled(bus, "anaf.taxpayer", 6)
    seen = [await bus.take("anaf.taxpayer") for _ in range(6)]
    assert [one.message_id for one in seen] == ["m0", "m0", "m1", "m2", "m3", "m4"]
    assert {one.headers["x-replay"] for one in seen} == {1}


async def test_life_of_a_failure_until_a_mended_worker_does_it(
    bus: Bus, later, start_worker: StartWorker
):
    broken = start_worker(str(PROBE))
    command = ("taxpayer.validate", "--field", "number=permanent-1", "--message-id", "m1")
    ran = await later("send", *command, "--correlation-id", "c1", "--wait", "--timeout", "30")
    assert ran.code == 4
    assert "permanent: never, token [redacted]" in ran.out
    (letter,) = (await later("dead", "list", QUEUE, "--json")).json["messages"]
    assert (letter["message_id"], letter["code"]) == ("m1", "permanent")
    shown = (await later("dead", "show", QUEUE, "m1")).out
    assert '"number": "permanent-1"' in shown
    assert "eyJ" not in shown
    broken.end()
    start_worker("anaf_taxpayer")
    assert (await later("dead", "replay", QUEUE, "m1", "--yes")).code == 0
    done = await bus.event("anaf.taxpayer.validated", correlation_id="c1", seconds=30)
    assert done.data["reason"] == "malformed"
    assert done.envelope["causationid"] == "m1"
    assert await bus.count(QUEUE) == 0


async def test_mistyped_command_is_replayed_under_the_right_key(bus: Bus, later, bury):
    mistyped = {
        "queue": "workers.unrouted.dead", "code": "unknown_command",
        "x_queue": "workers.unrouted", "x_command": "taxpayer.valdate",
    }  # fmt: skip
    await bury("m1", **mistyped)
    arguments = ("dead", "replay", "workers.unrouted.dead", "m1", "--yes", "--json")
    (skipped,) = (await later(*arguments)).json["skipped"]
    assert "no command has the key taxpayer.valdate" in skipped["why"]
    assert "--as KEY" in skipped["why"]
    for wrong in ("taxpayer.validat", "efactura.check"):
        assert (await later(*arguments, "--as", wrong)).code == 2
    ran = await later(*arguments, "--as", "taxpayer.validate")
    assert [one["to"] for one in ran.json["replayed"]] == ["taxpayer.validate"]
    message = await bus.take("anaf.taxpayer")
    assert (message.message_id, message.exchange) == ("m1", "workers.commands")
    assert (await later("dead", "replay", QUEUE, "--all", "--as", "taxpayer.validate")).code == 2
