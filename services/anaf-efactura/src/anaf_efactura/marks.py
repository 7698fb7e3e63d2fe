"""Moments before an end at which something is told ahead. Pure arithmetic on aware times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment before the end."""

    name: Literal["3d", "1d", "4h", "30d", "14d", "7d"]
    before: timedelta


TERM: Final = (
    Mark("3d", timedelta(days=3)),
    Mark("1d", timedelta(days=1)),
    Mark("4h", timedelta(hours=4)),
)
"""Before the legal term of an invoice."""

LOGIN: Final = (
    Mark("30d", timedelta(days=30)),
    Mark("14d", timedelta(days=14)),
    Mark("7d", timedelta(days=7)),
    Mark("1d", timedelta(days=1)),
)
"""Before the end of the log-in at ANAF."""


def passed(marks: Sequence[Mark], end: datetime, now: datetime) -> Mark | None:
    """The last mark that has passed; None before the first one and after the end.

    One that was missed is not told late when a later one has passed: only the newest counts.
    """
    left = left_until(end, now)
    if left <= timedelta(0):
        return None
    return min((mark for mark in marks if left <= mark.before), key=_before, default=None)


def next_in(marks: Sequence[Mark], end: datetime, now: datetime) -> timedelta | None:
    """The time from `now` to the next mark; None when there is none."""
    left = left_until(end, now)
    ahead = [left - mark.before for mark in marks if left > mark.before]
    return min(ahead, default=None)


def left_until(end: datetime, now: datetime) -> timedelta:
    """The time from `now` to the end; through UTC, so that no hour of a clock change is lost."""
    return end.astimezone(UTC) - now.astimezone(UTC)


def _before(mark: Mark) -> timedelta:
    return mark.before
