"""Many instances as one worker."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_service.aggregate import instance_view, worker_view
from registry_service.fleet import Instance

SLOW = {"reason": "authority_slow", "points": 30, "detail": "9.2 s on average"}


def test_worst_status_lowest_score_and_its_reasons_are_shown(beat, clock):
    good = Instance(beat(id="a", status="idle"), clock())
    slow = Instance(beat(id="b", metrics={"health_score": 70, "deductions": [SLOW]}), clock())
    view = worker_view("anaf.efactura", [good, slow])
    assert (view.status, view.health_score, view.instance_count) == ("running", 70, 2)
    assert [d.detail for d in view.deductions] == ["9.2 s on average"]
    assert view.reason == ""


def test_missing_instance_is_an_error_with_its_reason(beat, clock):
    lost = replace(Instance(beat(), clock()), missing="no heartbeat for 80 s")
    view = worker_view("anaf.efactura", [lost, Instance(beat(id="b"), clock())])
    assert (view.status, view.health_score) == ("error", 0)
    assert view.reason == "one: no heartbeat for 80 s"
    assert [(d.reason, d.points) for d in view.deductions] == [("heartbeat_missing", 100)]


def test_error_says_why(beat, clock):
    status = beat(status="error", metrics={"health_score": 70, "deductions": [SLOW]})
    assert instance_view(Instance(status, clock())).reason == "9.2 s on average"
    bare = beat(status="error")
    assert instance_view(Instance(bare, clock())).reason == "the worker reports an error"


def test_queue_size_is_the_newest_known_not_the_sum(beat, clock):
    instances = [
        Instance(beat(id="a", ago=9, metrics={"queue_size": 7, "waiting": 2}), clock()),
        Instance(beat(id="b", ago=5, metrics={"queue_size": 4, "waiting": 3}), clock()),
        Instance(beat(id="c", ago=1, metrics={"queue_size": None}), clock()),
    ]
    view = worker_view("anaf.efactura", instances)
    assert (view.queue_size, view.waiting) == (4, 3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    states=st.lists(
        st.tuples(st.sampled_from(["running", "idle", "error"]), st.integers(0, 100)), min_size=1
    )
)
def test_aggregate_is_never_better_than_its_instances(beat, clock, states):
    instances = [
        Instance(beat(id=str(n), status=status, metrics={"health_score": score}), clock())
        for n, (status, score) in enumerate(states)
    ]
    view = worker_view("anaf.efactura", instances)
    assert view.health_score == min(score for _, score in states)
    assert (view.status == "error") == any(status == "error" for status, _ in states)
    assert view.instance_count == len(states)
