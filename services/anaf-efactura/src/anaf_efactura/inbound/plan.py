"""How often, how far back, and when to warn. Pure arithmetic on aware times."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workers_anaf.romania import today
from workers_ledger.inboxes import Inbox
from workers_runtime.errors import PermanentError, QuotaError, TransientError, WorkerError
from workers_runtime.failure import backoff

LIFE: Final = timedelta(days=60)
"""ANAF lists a message and gives its archive for this long."""

OVERDUE: Final = LIFE + timedelta(days=2)
"""What was not fetched by then never will be, whatever clock is right."""

LOST: Final = timedelta(hours=1)
"""A reading that is late by this much is taken for lost, and is begun anew."""

HOLD: Final = timedelta(hours=36)
"""A message that nobody was heard to fetch for this long is handed out again; longer than the wait
for a new day's allowance."""

REFUSED: Final = timedelta(hours=1)
"""Before lists that ANAF refused are asked for again: a person has to act in SPV."""

DOUBTED: Final = timedelta(days=8)
"""So long a refusal waits for an upload in doubt that may be behind it: longer than a term."""

PATIENCE: Final = timedelta(hours=6)
"""A message that is old when it is first seen, in a box that is new here, is no alarm before."""

MORE: Final = timedelta(seconds=2)
"""Before the next reading when one could not hand out everything."""

LIST_MARKS: Final = tuple(timedelta(days=days) for days in (1, 7, 30, 45))
"""Lists that were not read for this long are told of."""


@dataclass(frozen=True)
class ReceivePlan:
    """The settings of receiving."""

    every: timedelta
    overlap: timedelta
    """Entries may appear later than the moment they bear."""
    settles: timedelta
    """Before what may be our own documents' is fetched."""
    alarm: timedelta
    """A listed message that is not stored after this long is told of."""

    def since(self, inbox: Inbox, now: datetime) -> tuple[datetime, bool]:
        """Return from when to read, and whether that is everything that ANAF lists.

        Once a day everything is: no entry may be missed because it came very late.
        """
        swept_today = inbox.swept_at is not None and today(inbox.swept_at) == today(now)
        if inbox.read_at is None or not swept_today:
            return now - LIFE, True
        return max(inbox.read_at - self.overlap, now - LIFE), False

    def after_failure(self, error: WorkerError, failures: int, now: datetime) -> timedelta:
        """Return the pause after a reading that did not succeed."""
        if isinstance(error, QuotaError):
            return max(error.until - now, timedelta(seconds=1))
        if isinstance(error, PermanentError):
            return max(self.every, REFUSED)
        asked = error.retry_after if isinstance(error, TransientError) else None
        # No longer than usual: the day counts only calls that reached ANAF.
        return timedelta(seconds=asked or min(backoff(failures, 0.1), self.every.total_seconds()))


def mark_of(since: datetime, error: WorkerError, now: datetime) -> str | None:
    """Return under which name lists that cannot be read are told of now; None when they are not."""
    passed = [mark for mark in LIST_MARKS if now - since >= mark]
    if passed:
        return f"{passed[-1].days}d"
    return "refused" if isinstance(error, PermanentError) else None


def days_left(since: datetime, now: datetime) -> float:
    """Return how many days of its life are left to what was listed at a moment."""
    return max(0.0, round((LIFE - (now - since)) / timedelta(days=1), 1))
