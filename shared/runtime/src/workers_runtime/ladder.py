"""The delay ladder: shared queues with one fixed delay each, climbed down until the time is due."""

from workers_contracts.topology import DELAYS_SECONDS, delay_name

TOLERANCE_SECONDS = 0.5
"""A message that is due within this time is handled now."""


def rung_for(seconds: float) -> str:
    """Return the exchange of the longest rung that does not overshoot ``seconds``.

    The rest is waited on shorter rungs, so a wait ends at most one short rung late.
    """
    fitting = [rung for rung in DELAYS_SECONDS if rung <= seconds]
    return delay_name(max(fitting, default=DELAYS_SECONDS[0]))


def remaining_seconds(due_ms: int, now_ms: int) -> float:
    """Return how long a message still has to wait; 0 when it is due."""
    left = (due_ms - now_ms) / 1000
    return left if left > TOLERANCE_SECONDS else 0.0
