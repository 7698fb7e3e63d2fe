"""From an exception to what happens with the message. The only place that decides."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .errors import (
    InternalError,
    JournalUnavailableError,
    OutcomeUnknownError,
    PermanentError,
    QuotaError,
    RetriesExhaustedError,
    TransientError,
)
from .identity import Identity

BACKOFF_SECONDS = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 1800.0, 3600.0)
"""Wait before attempt 2, 3, …; the last one repeats."""

LONGEST_REST_SECONDS = 300.0
"""Between two tries of a command while a host is left alone."""

MAX_WAIT_SECONDS = 400 * 86_400.0
"""Above this a wait is a mistake, not a request: the usual back-off applies."""

MAX_UNEXPECTED_ATTEMPTS = 5
"""An exception nobody foresaw is a bug: a few tries, then a person has to look."""


@dataclass(frozen=True)
class Retry:
    """Try again after ``seconds``; ``in_doubt`` when the effect may have happened."""

    seconds: float
    in_doubt: bool
    code: str
    reason: str


@dataclass(frozen=True)
class GiveUp:
    """Dead letter and ``<domain>.failed``."""

    code: str
    message: str
    field: str | None = None


Decision = Retry | GiveUp


@dataclass(frozen=True)
class Policy:
    """How long to go on."""

    max_age: timedelta = timedelta(days=1)
    jitter: float = 0.1


def backoff(attempt: int, jitter: float) -> float:
    """Return the seconds to wait after the given attempt (1 is the first)."""
    base = BACKOFF_SECONDS[min(max(attempt, 1), len(BACKOFF_SECONDS)) - 1]
    return base * (1 + random.uniform(0, jitter))  # noqa: S311 - spreads load, guards nothing


def _utc(moment: datetime) -> datetime:
    # A time without a zone is a slip in a client; taken as UTC it still ends in a decision.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _end(first_seen: datetime, max_age: timedelta) -> datetime:
    try:
        return first_seen + max_age
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _asked(seconds: float | None, wait: float) -> float:
    """Return the wait that the other side asked for, when it is a sane number of seconds."""
    if seconds is None or not 0 < seconds < MAX_WAIT_SECONDS:
        return wait
    return seconds


def _rested(rest: float | None, wait: float) -> float:
    # Thousands may wait for one host: each looks again rarely, and soon enough when it is back.
    return wait if rest is None else max(rest, min(wait, LONGEST_REST_SECONDS))


def decide(error: Exception, identity: Identity, policy: Policy, now: datetime) -> Decision:
    """Classify an exception: transient, quota, permanent or unknown."""
    first_seen = datetime.fromtimestamp(identity.first_seen_ms / 1000, tz=UTC)
    wait = backoff(identity.attempt, policy.jitter)
    match error:
        case PermanentError():
            return GiveUp(error.code, str(error), error.field)
        case QuotaError():
            # The allowance comes back at a known moment; waiting for it is no failed attempt.
            left = (_utc(error.until) - now).total_seconds()
            return Retry(_asked(max(1.0, left), wait), False, error.code, str(error))
        case OutcomeUnknownError():
            delay = _asked(error.retry_after, max(wait, 5.0))
            return Retry(delay, True, error.code, str(error))
        case TransientError():
            give_up_at = _utc(error.give_up_at or _end(first_seen, policy.max_age))
            delay = _asked(error.retry_after, _rested(error.rest, wait))
            if now + timedelta(seconds=delay) > give_up_at:
                return GiveUp(
                    RetriesExhaustedError.code, f"gave up after {identity.attempt} tries: {error}"
                )
            return Retry(delay, False, error.code, str(error))
        case JournalUnavailableError():
            return Retry(wait, True, error.code, str(error))
        case _:
            return _unexpected(error, identity, wait)


def _unexpected(error: Exception, identity: Identity, wait: float) -> Decision:
    # Nobody knows how far the handler came, so the next try is told to look first.
    if identity.attempt < MAX_UNEXPECTED_ATTEMPTS:
        return Retry(wait, True, InternalError.code, type(error).__name__)
    return GiveUp(
        InternalError.code,
        f"the worker failed {identity.attempt} times with {type(error).__name__}; "
        "the log has the details under this message id; replay it once the worker is mended",
    )
