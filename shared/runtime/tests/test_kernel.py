"""The life of a delivery, on a real broker, with a worker that does as it is told."""

from pathlib import Path

import pytest

from workers_runtime.testing import Bus, StartWorker

pytestmark = pytest.mark.integration
PROBE = str(Path(__file__).parent / "probe_worker.py")


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    return tmp_path / "effects.txt"


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


async def test_killer_message_is_judged_alone_and_takes_no_innocent_with_it(
    bus: Bus, start_worker: StartWorker, effects
):
    await bus.publish("taxpayer.validate", {"number": "die-1"}, message_id="killer")
    for n in range(20):
        await bus.publish("taxpayer.validate", {"number": f"good-{n}"}, message_id=f"i{n}")
    deaths = 0
    for _ in range(8):
        worker = start_worker(PROBE, PROBE_EFFECTS=str(effects))
        try:
            event = await bus.event("taxpayer.failed", seconds=9)
        except AssertionError:
            assert worker.wait_end() == -9
            deaths += 1
        else:
            break
    assert event.data["code"] == "killed_its_worker"
    assert deaths <= 5
    await bus.collect(20, "anaf.taxpayer.validated")
    assert await bus.count("anaf.taxpayer.dead") == 1
