"""How far back the lists are read, how long a failure waits, and when it is told."""

from datetime import UTC, datetime, timedelta

import pytest

from anaf_efactura.inbound.plan import ReceivePlan, days_left, mark_of
from workers_ledger.inboxes import Inbox
from workers_runtime.errors import PermanentError, QuotaError, TransientError

NOW = datetime(2026, 4, 14, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = ReceivePlan(every=HOUR / 4, overlap=DAY, settles=HOUR, alarm=45 * DAY)


def box(read: timedelta | None = None, swept: timedelta | None = None) -> Inbox:
    return Inbox(
        id="b",
        tenant="",
        cif="19",
        active=True,
        turn=1,
        due_at=NOW,
        followed_at=NOW - 90 * DAY,
        read_at=None if read is None else NOW - read,
        swept_at=None if swept is None else NOW - swept,
    )


@pytest.mark.parametrize(
    ("inbox", "back", "everything"),
    [
        (box(), 60 * DAY, True),
        (box(HOUR, HOUR), DAY + HOUR, False),
        # Romania's day is another one since the last reading of everything.
        (box(HOUR, 13 * HOUR), 60 * DAY, True),
        (box(HOUR, None), 60 * DAY, True),
        (box(70 * DAY, 70 * DAY), 60 * DAY, True),
    ],
)
def test_how_far_back_a_reading_goes(inbox, back, everything):
    assert PLAN.since(inbox, NOW) == (NOW - back, everything)


def test_trouble_of_weeks_within_a_day_never_shortens_the_window():
    long = ReceivePlan(every=HOUR, overlap=80 * DAY, settles=HOUR, alarm=DAY)
    assert long.since(box(HOUR, HOUR), NOW) == (NOW - 60 * DAY, False)


@pytest.mark.parametrize(
    ("error", "failures", "wait"),
    [
        (QuotaError("used up", until=NOW + 15 * HOUR), 1, 15 * HOUR),
        (QuotaError("used up", until=NOW - HOUR), 1, timedelta(seconds=1)),
        (PermanentError("no right"), 1, HOUR),
        (TransientError("later", retry_after=120), 1, timedelta(seconds=120)),
        (TransientError("away"), 50, HOUR / 4),
    ],
)
def test_pause_after_a_failure(error, failures, wait):
    assert PLAN.after_failure(error, failures, NOW) == wait


def test_first_failures_are_tried_again_soon():
    assert PLAN.after_failure(TransientError("away"), 1, NOW) < timedelta(seconds=2)


@pytest.mark.parametrize(
    ("days", "error", "mark"),
    [
        (0.9, TransientError("away"), None),
        (0, PermanentError("no right"), "refused"),
        (1, TransientError("away"), "1d"),
        (29, PermanentError("no right"), "7d"),
        (44.9, TransientError("away"), "30d"),
        (59, TransientError("away"), "45d"),
    ],
)
def test_marks(days, error, mark):
    assert mark_of(NOW - days * DAY, error, NOW) == mark


def test_days_left_never_fall_below_nothing():
    assert days_left(NOW - 45 * DAY, NOW) == 15
    assert days_left(NOW - 61 * DAY, NOW) == 0
