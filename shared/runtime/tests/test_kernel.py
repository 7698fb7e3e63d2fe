"""The life of a delivery, on a real broker, with a worker that does as it is told."""

import time
from pathlib import Path

import pytest

from workers_runtime.testing import Bus, StartWorker
from workers_runtime.testing.bus import Received

pytestmark = pytest.mark.integration
PROBE = str(Path(__file__).parent / "probe_worker.py")


@pytest.fixture
def probe(start_worker: StartWorker, effects: Path):
    return start_worker(PROBE, PROBE_EFFECTS=str(effects)).wait_ready()


def lines(effects: Path, number: str) -> list[list[str]]:
    """Return (number, attempt, in doubt, pid) of every effect of one command."""
    rows = [line.split() for line in effects.read_text().splitlines()]
    return [row for row in rows if row[0] == number]


async def test_command_ends_in_one_event_with_its_correlation_id(bus: Bus, probe, effects):
    await bus.publish(
        "taxpayer.validate", {"number": "good-1"}, message_id="m1", correlation_id="c1"
    )
    event = await bus.event("anaf.taxpayer.validated")
    assert event.correlation_id == event.data["correlation_id"] == "c1"
    assert event.envelope["causationid"] == "m1"
    assert event.envelope["type"] == "anaf.taxpayer.validated"
    assert event.envelope["source"] == "/workers/anaf.taxpayer"
    assert event.persistent
    assert len(lines(effects, "good-1")) == 1


async def test_transient_failure_is_tried_again_until_it_works(bus: Bus, probe, effects):
    await bus.publish("taxpayer.validate", {"number": "flaky-1"}, message_id="f1")
    await bus.event("anaf.taxpayer.validated")
    assert [row[1] for row in lines(effects, "flaky-1")] == ["1", "2", "3"]


async def test_failed_try_may_ask_for_a_follow_up_which_is_handled_once(bus: Bus, probe, effects):
    await bus.publish("taxpayer.validate", {"number": "watched-1"}, message_id="a1")
    found = await bus.collect(3, "anaf.taxpayer.validated")
    assert {event.data["number"] for event in found} == {"good-watched-1", "watched-1"}
    assert len({event.message_id for event in found}) == 2
    assert [row[1] for row in lines(effects, "watched-1")] == ["1", "2", "3"]
    # Both failed tries asked for it, under one id.
    assert len(lines(effects, "good-watched-1")) == 1


async def test_command_that_is_given_up_leaves_its_follow_up(bus: Bus, probe, effects):
    await bus.publish("taxpayer.validate", {"number": "doomed-1"}, message_id="a2")
    assert (await bus.event("taxpayer.failed")).data["code"] == "permanent"
    event = await bus.event("anaf.taxpayer.validated")
    assert event.data["number"] == "good-doomed-1"
    assert event.envelope["causationid"] != "a2"


async def test_used_up_quota_waits_for_its_moment(bus: Bus, probe, effects):
    await bus.publish("taxpayer.validate", {"number": "quota-1"}, message_id="q1")
    await bus.event("anaf.taxpayer.validated")
    assert len(lines(effects, "quota-1")) == 2


async def test_unknown_outcome_tells_the_handler_to_look_first(bus: Bus, probe, effects):
    await bus.publish("taxpayer.validate", {"number": "unknown-1"}, message_id="u1")
    await bus.event("anaf.taxpayer.validated")
    assert [row[2] for row in lines(effects, "unknown-1")] == ["0", "1"]


async def test_permanent_failure_is_one_event_and_a_dead_letter_without_secrets(bus: Bus, probe):
    await bus.publish("taxpayer.validate", {"number": "permanent-1"}, message_id="p1")
    event = await bus.event("taxpayer.failed")
    assert event.data["code"] == "permanent"
    assert event.data["field"] == "number"
    assert event.data["dead_letter_queue"] == "anaf.taxpayer.dead"
    dead = await bus.take("anaf.taxpayer.dead")
    assert dead.headers["x-reason-code"] == "permanent"
    assert dead.message_id == "p1"
    assert "eyJ" not in str(event.envelope) + str(dead.headers) + probe.log


async def test_failure_past_its_term_is_given_up(bus: Bus, probe, effects):
    await bus.publish("taxpayer.validate", {"number": "expired-1"}, message_id="e1")
    event = await bus.event("taxpayer.failed")
    assert event.data["code"] == "retries_exhausted"
    assert len(lines(effects, "expired-1")) == 1


async def test_duplicate_gets_the_recorded_event_and_no_second_effect(bus: Bus, probe, effects):
    for _ in range(3):
        await bus.publish("taxpayer.validate", {"number": "good-2"}, message_id="d1")
    found = await bus.collect(3, "anaf.taxpayer.validated")
    assert len({event.message_id for event in found}) == 1
    assert len(lines(effects, "good-2")) == 1


@pytest.mark.fault
async def test_killer_message_is_judged_alone_and_takes_none_of_50_innocents_with_it(
    bus: Bus, start_worker: StartWorker, effects, eventually
):
    """The innocents are in the worker's hands at the first two deaths, and stay there."""
    await bus.publish("taxpayer.validate", {"number": "die-50"}, message_id="killer")
    innocents = [f"patient-{n}" for n in range(50)]
    for name in innocents:
        await bus.publish("taxpayer.validate", {"number": name}, message_id=name)

    def failed() -> list[Received]:
        return [event for event in bus.events if event.key == "taxpayer.failed"]

    dead: list[int] = []
    while not failed():
        worker = start_worker(PROBE, PROBE_EFFECTS=str(effects), PREFETCH="60")
        await eventually(lambda worker=worker: failed() or not worker.running, 120)
        dead += [] if worker.running else [worker.pid]
        assert len(dead) <= 5
    assert failed()[0].data["code"] == "killed_its_worker"
    await bus.collect(50, "anaf.taxpayer.validated", seconds=120)
    in_hand = [row[0] for row in map(str.split, effects.read_text().splitlines())
               if int(row[3]) == dead[0]]  # fmt: skip
    assert sorted(in_hand) == sorted(["die-50", *innocents])
    assert len({event.correlation_id for event in bus.events}) == 51
    assert [event.message_id for event in failed()] == [failed()[0].message_id]
    assert await bus.count("anaf.taxpayer.dead") == 1


@pytest.mark.fault
async def test_dead_letter_survives_a_crash_between_its_record_and_its_copy(
    bus: Bus, start_worker: StartWorker, effects, tmp_path: Path
):
    once = f"after_record@{tmp_path}/once"
    dying = start_worker(PROBE, PROBE_EFFECTS=str(effects), WORKERS_FAILPOINT=once).wait_ready()
    await bus.publish("taxpayer.validate", {"number": "permanent-1"}, message_id="p1")
    assert dying.wait_end() == -9
    assert await bus.count("anaf.taxpayer.dead") == 0
    start_worker(PROBE, PROBE_EFFECTS=str(effects))
    event = await bus.event("taxpayer.failed", seconds=30)
    assert event.data["code"] == "permanent"
    dead = await bus.take("anaf.taxpayer.dead")
    assert (dead.message_id, dead.headers["x-reason-code"]) == ("p1", "permanent")
    assert len(lines(effects, "permanent-1")) == 1


async def test_duplicate_is_answered_under_the_correlation_id_it_came_with(bus: Bus, probe):
    for correlation_id in ("first", "second"):
        await bus.publish(
            "taxpayer.validate",
            {"number": "good-9"},
            message_id="g9",
            correlation_id=correlation_id,
        )
        event = await bus.event("anaf.taxpayer.validated", correlation_id=correlation_id)
        assert event.envelope["correlationid"] == correlation_id
        assert event.data["correlation_id"] == correlation_id
    assert len({event.message_id for event in bus.events}) == 1


async def test_duplicate_of_a_dead_letter_is_answered_and_not_buried_again(bus: Bus, probe):
    for _ in range(2):
        await bus.publish("taxpayer.validate", {"number": "permanent-2"}, message_id="p2")
    events = await bus.collect(2, "taxpayer.failed")
    assert events[0].message_id == events[1].message_id
    assert await bus.count("anaf.taxpayer.dead") == 1


async def test_tenants_with_the_same_message_id_get_events_of_their_own(bus: Bus, probe, effects):
    for tenant in ("a", "b"):
        await bus.publish(
            "taxpayer.validate", {"number": "good-3"}, message_id="same", headers={"tid": tenant}
        )
    events = await bus.collect(2, "anaf.taxpayer.validated")
    assert len({event.message_id for event in events}) == 2
    assert len(lines(effects, "good-3")) == 2


async def test_retry_waits_as_long_as_asked_also_after_an_earlier_wait(bus: Bus, probe, effects):
    """A message that comes back a little before its time must not shorten the next wait."""
    due = int((time.time() + 0.4) * 1000)
    await bus.publish(
        "anaf.taxpayer",
        {"number": "later-3"},
        exchange="",
        message_id="l1",
        headers={"x-due-ms": due},
    )
    started = time.monotonic()
    await bus.event("anaf.taxpayer.validated")
    assert time.monotonic() - started > 2.5
    assert len(lines(effects, "later-3")) == 2


async def test_undeclared_event_is_a_failure_and_not_sent(bus: Bus, probe):
    await bus.publish("taxpayer.validate", {"number": "undeclared-1"}, message_id="u2")
    event = await bus.event("taxpayer.failed")
    assert event.data["code"] == "handler_contract"
    assert event.data["message_id"] == "u2"


async def test_bug_is_tried_again_in_doubt(bus: Bus, probe, effects, eventually):
    await bus.publish("taxpayer.validate", {"number": "bug-1"}, message_id="b1")
    await eventually(lambda: len(lines(effects, "bug-1")) >= 2)
    assert [row[2] for row in lines(effects, "bug-1")][:2] == ["0", "1"]
    assert "KeyError" in probe.log
