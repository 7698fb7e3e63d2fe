"""Rules, markers and chaos."""

from collections import Counter

import pytest

from workers_sandbox.misbehaviours.catalogue import CATALOGUE
from workers_sandbox.misbehaviours.effects import EFFECTS
from workers_sandbox.misbehaviours.selection import Faults, Subject, marker

UPLOAD = Subject("upload", frozenset({"12345674"}), "12345674", "A-1")


def picked(faults: Faults, subject: Subject = UPLOAD, chaos: float = 0) -> str | None:
    fault = faults.pick(subject, chaos)
    return fault.scenario.id if fault else None


def test_every_misbehaviour_has_an_effect():
    assert set(EFFECTS) == set(CATALOGUE)


def test_rule_acts_as_often_as_asked():
    faults = Faults(1)
    faults.add({"scenario": "rate-limited-429", "times": 2})
    assert [picked(faults) for _ in range(3)] == ["rate-limited-429"] * 2 + [None]
    faults.add({"scenario": "rate-limited-429", "times": None})
    assert [picked(faults) for _ in range(9)] == ["rate-limited-429"] * 9


@pytest.mark.parametrize(
    ("match", "acts"),
    [
        ({}, True),
        ({"operation": "upload"}, True),
        ({"operation": "descarcare"}, False),
        ({"cif": "12345674"}, True),
        ({"cif": 12345674}, True),
        ({"cif": "87654329"}, False),
        ({"number": "A-1"}, True),
        ({"number": "A"}, False),
        ({"operation": "upload", "cif": "12345674", "number": "A-2"}, False),
    ],
)
def test_rule_matches_what_it_names(match, acts):
    faults = Faults(1)
    faults.add({"scenario": "reset-mid-body", "match": match})
    assert (picked(faults) is not None) is acts


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({}, "'scenario' must be one of"),
        ({"scenario": "no-such"}, "'scenario' must be one of"),
        ({"scenario": "corrupt-zip", "times": 0}, "'times'"),
        ({"scenario": "corrupt-zip", "times": "2"}, "'times'"),
        ({"scenario": "corrupt-zip", "match": []}, None),
        ({"scenario": "corrupt-zip", "match": [1]}, "'match' must be an object"),
        ({"scenario": "corrupt-zip", "match": {"colour": "red"}}, "colour"),
        ({"scenario": "corrupt-zip", "match": {"operation": "upload"}}, "acts on: descarcare"),
        ({"scenario": "corrupt-zip", "params": {"variant": "x"}}, "'variant' must be one of"),
        ({"scenario": "corrupt-zip", "params": {"count": 1}}, "knows variant, not: count"),
        ({"scenario": "nok-many-errors", "params": {"count": "3"}}, "'params.count'"),
        ({"scenario": "reset-mid-body", "params": {"x": 1}}, "knows nothing"),
    ],
)
def test_wrong_wishes_say_what_is_wrong(wish, word):
    faults = Faults(1)
    if word is None:
        faults.add(wish)
        return
    with pytest.raises((ValueError, TypeError), match=word):
        faults.add(wish)
    assert faults.rules == []


def test_rules_are_removed():
    faults = Faults(1)
    first = faults.add({"scenario": "corrupt-zip"}).id
    faults.add({"scenario": "rate-limited-429"})
    assert faults.remove(first)
    assert not faults.remove(first)
    faults.clear()
    assert faults.rules == []


@pytest.mark.parametrize("scenario", CATALOGUE)
@pytest.mark.parametrize("form", ["PMX-1-SBX-{}", "SBX-{}-0007", "sbx-{}", "A SBX-{} B"])
def test_marker_is_found_in_any_case(scenario, form):
    for number in (form.format(scenario), form.format(scenario.upper())):
        found = marker(number)
        assert found is not None
        assert found[0].id == scenario


@pytest.mark.parametrize("number", ["", "PMX-1", "SBX-", "SBX-nothing", "corrupt-zip"])
def test_other_numbers_have_no_marker(number):
    assert marker(number) is None


def test_marker_names_a_variant():
    assert marker("A-SBX-corrupt-zip.empty")[1] == {"variant": "empty"}
    assert marker("A-SBX-corrupt-zip.unknown")[1] == {}


def test_marker_acts_once_for_document_and_operation():
    faults = Faults(1)
    one = Subject("upload", frozenset({"1"}), "1", "X-SBX-error-500-html")
    other = Subject("upload", frozenset({"2"}), "2", "X-SBX-error-500-html")
    state = Subject("stareMesaj", frozenset({"1"}), "1", "X-SBX-error-500-html")
    seen = [picked(faults, subject) for subject in (one, one, other, state, state)]
    assert seen == ["error-500-html", None, "error-500-html", "error-500-html", None]


def test_lasting_marker_stays():
    faults = Faults(1)
    subject = Subject("upload", frozenset({"1"}), "1", "X-SBX-nok-one-error")
    assert [picked(faults, subject) for _ in range(3)] == ["nok-one-error"] * 3


def test_rule_goes_before_marker():
    faults = Faults(1)
    faults.add({"scenario": "rate-limited-429"})
    subject = Subject("upload", frozenset({"1"}), "1", "X-SBX-nok-one-error")
    assert [picked(faults, subject) for _ in range(2)] == ["rate-limited-429", "nok-one-error"]


def test_chaos_follows_from_seed_and_count():
    def run(seed: int) -> list[str | None]:
        faults = Faults(seed)
        return [picked(faults, UPLOAD, 0.2) for _ in range(300)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    share = sum(one is not None for one in run(1)) / 300
    assert 0.12 < share < 0.28
    assert picked(Faults(1), UPLOAD, 0) is None


@pytest.mark.parametrize("operation", ["upload", "descarcare", "stareMesaj", "taxpayer", "token"])
def test_chaos_draws_only_what_a_client_gets_over(operation):
    faults = Faults(3)
    subject = Subject(operation, frozenset({"1"}), "1", "A")
    seen = Counter(picked(faults, subject, 1) for _ in range(200))
    assert len(seen) > 3
    forbidden = {"refresh-token-expired", "no-right-403", "quota-text-200", "nok-one-error"}
    assert not forbidden & set(seen)
    if operation == "token":
        assert not {"timeout-after-acceptance", "reset-mid-body"} & set(seen)
