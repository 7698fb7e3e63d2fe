"""How often ANAF is asked, over days, without waiting for them."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from anaf_efactura.config import MAX_PLAN, Settings
from anaf_efactura.plan import DAY, CheckPlan

DEFAULT = CheckPlan(Settings.model_fields["check_plan"].default)


def moments(plan: CheckPlan, seconds: float) -> list[float]:
    """When a document that stays in processing is asked about."""
    found, now, round_ = [], plan.first, 1
    while now <= seconds:
        found.append(now)
        now += plan.after(round_)
        round_ += 1
    return found


def busiest_day(asked: list[float]) -> int:
    """The most questions within any 24 hours."""
    return max(sum(start <= each < start + DAY for each in asked) for start in asked)


def test_week_in_processing_stays_far_below_the_limit():
    asked = moments(DEFAULT, 7 * DAY)
    assert busiest_day(asked) <= 60
    assert len(asked) <= 140


def test_first_answers_are_asked_for_soon():
    assert [round(each / 60) for each in moments(DEFAULT, 3700)] == [1, 2, 4, 8, 15, 30, 60]


def test_waiting_never_ends():
    asked = moments(DEFAULT, 30 * DAY)
    assert max(b - a for a, b in itertools.pairwise(asked)) <= 3 * 3600


@given(st.lists(st.floats(0.01, 2 * DAY), min_size=1, max_size=MAX_PLAN))
def test_no_plan_asks_more_than_a_hundred_times_a_day(pauses):
    asked = moments(CheckPlan(tuple(pauses)), 7 * DAY)
    assert not asked or busiest_day(asked) <= 100


@given(st.lists(st.floats(0.01, DAY), min_size=1, max_size=MAX_PLAN), st.integers(1, 10_000))
def test_every_pause_is_positive(pauses, round_):
    plan = CheckPlan(tuple(pauses))
    assert plan.after(round_) > 0
    assert plan.patience > 0
