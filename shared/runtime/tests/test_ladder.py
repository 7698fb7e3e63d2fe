"""The delay ladder: how long a wait really takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_contracts.topology import DELAYS_SECONDS
from workers_runtime.ladder import TOLERANCE_SECONDS, remaining_seconds, rung_for

SHORTEST = DELAYS_SECONDS[0]


def climb(seconds: float) -> tuple[float, int]:
    """Walk down the ladder; returns the time waited and the number of rungs."""
    due_ms, now_ms, hops = int(seconds * 1000), 0, 0
    left = seconds
    while left > 0:
        rung = int(rung_for(left).removeprefix("workers.delay.").removesuffix("s"))
        now_ms += rung * 1000
        hops += 1
        left = remaining_seconds(due_ms, now_ms)
    return now_ms / 1000, hops


@pytest.mark.parametrize(
    ("seconds", "rung"),
    [(0.1, 1), (1, 1), (4.9, 1), (5, 5), (29, 5), (30, 30), (299, 30), (300, 300), (3599, 300),
     (3600, 3600), (1e9, 3600)],
)  # fmt: skip
def test_rung_is_the_longest_that_does_not_overshoot(seconds, rung):
    assert rung_for(seconds) == f"workers.delay.{rung}s"


@given(st.floats(0.001, 30 * 86_400))
def test_whole_wait_is_at_most_one_short_rung_wrong(seconds):
    waited, hops = climb(seconds)
    assert seconds - TOLERANCE_SECONDS - 0.001 <= waited <= seconds + SHORTEST
    # A day is 24 long rungs; nobody pays hundreds of hops for one wait.
    assert hops <= seconds / DELAYS_SECONDS[-1] + 4 * len(DELAYS_SECONDS) + 12


@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_what_is_due_does_not_wait(due_ms, now_ms):
    left = remaining_seconds(due_ms, now_ms)
    assert left == 0 or left == (due_ms - now_ms) / 1000 > TOLERANCE_SECONDS
