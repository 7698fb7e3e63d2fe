"""What a beat, a silence and a removal change."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from registry_service import fleet as module
from registry_service.fleet import Fleet
from registry_service.views import InstanceRecord
from workers_contracts.examples import examples
from workers_contracts.heartbeat import WorkerStatus


def events(notices):
    return [(n.event, n.status, n.previous) for n in notices]


def test_first_beat_registers(beat, clock):
    accepted = Fleet().accept(beat(), clock())
    assert accepted.outcome == "registered"
    assert events(accepted.notices) == [("registered", "running", "")]


def test_changed_status_is_announced_and_an_equal_one_is_not(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(ago=20), clock())
    assert fleet.accept(beat(ago=10), clock()).notices == ()
    accepted = fleet.accept(beat(status="error"), clock())
    assert events(accepted.notices) == [("status_changed", "error", "running")]


def test_older_beat_changes_nothing(beat, clock):
    fleet = Fleet()
    newest = beat()
    fleet.accept(newest, clock())
    late = beat(ago=5, status="error", progress=99)
    assert fleet.accept(late, clock()).outcome == "ignored_older"
    assert fleet.of("anaf.efactura")[0].status is newest


def test_repeated_beat_changes_nothing(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(), clock())
    assert fleet.accept(beat(status="error"), clock()).outcome == "ignored_older"


def test_restart_under_the_same_id_counts_as_newer(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(), clock())
    again = beat(ago=3, started_at=clock() - timedelta(seconds=4), progress=0)
    assert fleet.accept(again, clock()).outcome == "updated"


def test_farewell_removes_at_once_and_a_late_beat_does_not_bring_it_back(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(ago=30), clock())
    accepted = fleet.accept(beat(status="stopped"), clock())
    assert accepted.outcome == "unregistered"
    assert events(accepted.notices) == [("stopped", "stopped", "running")]
    assert fleet.accept(beat(ago=10), clock()).outcome == "ignored_older"
    assert fleet.tags() == []


def test_farewell_of_an_unknown_instance_says_nothing(beat, clock):
    accepted = Fleet().accept(beat(status="stopped"), clock())
    assert (accepted.outcome, accepted.notices) == ("unregistered", ())


def test_silence_beyond_75_seconds_is_missing_and_said_once(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(), clock())
    clock.forward(75)
    assert fleet.sweep(clock()) == []
    clock.forward(1)
    (notice,) = fleet.sweep(clock())
    assert (notice.event, notice.status, notice.previous) == ("missing", "missing", "running")
    assert notice.reason == "no heartbeat for 76 s"
    assert fleet.sweep(clock()) == []


def test_missing_instance_comes_back_with_a_beat(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(), clock())
    clock.forward(80)
    fleet.sweep(clock())
    accepted = fleet.accept(beat(), clock())
    assert events(accepted.notices) == [("status_changed", "running", "missing")]


def test_clock_of_a_worker_that_is_behind_does_not_make_it_missing(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(ago=600), clock())
    clock.forward(30)
    fleet.accept(beat(ago=600), clock())
    clock.forward(50)
    assert fleet.sweep(clock()) == []


def test_replaced_instance_is_forgotten_and_the_last_one_is_kept_for_a_day(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(), clock())
    fleet.accept(beat(tag="reges", id="alone"), clock())
    clock.forward(100)
    fleet.accept(beat(id="two"), clock())
    fleet.sweep(clock())
    clock.forward(30)
    (notice,) = fleet.sweep(clock())
    assert (notice.event, notice.id) == ("removed", "one")
    clock.forward(86_000)
    fleet.sweep(clock())
    assert [i.status.id for i in fleet.of("reges")] == ["alone"]
    clock.forward(1000)
    fleet.sweep(clock())
    assert fleet.of("reges") == []


def test_crashed_instance_is_forgotten_when_its_successor_stopped_in_order(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(), clock())
    fleet.lose(fleet.of("anaf.efactura")[0], "its port is closed", clock())
    clock.forward(10)
    fleet.accept(beat(id="two"), clock())
    clock.forward(10)
    fleet.accept(beat(id="two", status="stopped"), clock())
    assert fleet.sweep(clock()) == []
    clock.forward(101)
    assert [(n.event, n.id) for n in fleet.sweep(clock())] == [("removed", "one")]


def test_removed_worker_is_announced_and_returns_with_its_next_beat(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(), clock())
    (notice,) = fleet.remove("anaf.efactura", clock())
    assert (notice.event, notice.reason) == ("removed", "removed by request")
    assert fleet.remove("anaf.efactura", clock()) == []
    clock.forward(30)
    assert fleet.accept(beat(), clock()).outcome == "registered"


def test_lost_instance_that_beat_meanwhile_is_not_lost(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(ago=1), clock())
    before = fleet.of("anaf.efactura")[0]
    fleet.accept(beat(), clock())
    assert fleet.lose(before, "its port is closed", clock()) == []


def test_memory_that_publishers_can_take_is_bounded(beat, clock, monkeypatch):
    monkeypatch.setattr(module, "MAX_INSTANCES", 2)
    fleet = Fleet()
    fleet.accept(beat(id="a", ago=1), clock())
    fleet.accept(beat(id="b"), clock())
    assert fleet.accept(beat(id="c"), clock()).outcome == "refused_full"
    assert fleet.accept(beat(id="a"), clock()).outcome == "updated"


def test_farewells_are_forgotten_in_time(beat, clock):
    fleet = Fleet()
    fleet.accept(beat(status="stopped"), clock())
    clock.forward(121)
    fleet.sweep(clock())
    assert fleet.accept(beat(ago=121), clock()).outcome == "registered"


def test_restored_instance_never_replaces_a_newer_one(beat, clock):
    fleet = Fleet()
    newest = beat()
    fleet.accept(newest, clock())
    fleet.restore(InstanceRecord(status=beat(ago=5), received_at=clock()))
    fleet.restore(InstanceRecord(status=beat(id="two"), received_at=clock()))
    assert [i.status.id for i in fleet.of("anaf.efactura")] == ["one", "two"]
    assert fleet.get("anaf.efactura", "one").status is newest


@given(order=st.permutations(range(6)))
def test_any_order_of_arrival_ends_with_the_newest_beat(order):
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    base = examples()["worker.heartbeat"]["running"]
    fleet = Fleet()
    for number in order:
        body = base | {"last_seen": now + timedelta(seconds=number), "progress": number}
        fleet.accept(WorkerStatus.model_validate(body), now)
    assert [i.status.progress for i in fleet] == [5]
