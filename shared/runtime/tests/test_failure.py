"""From an exception to a decision: the table, and that every exception gets one."""

import asyncio
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_runtime.errors import (
    HandlerTimeoutError,
    InvalidMessageError,
    JournalUnavailableError,
    OutcomeUnknownError,
    PermanentError,
    QuotaError,
    TransientError,
    WorkerError,
    error_codes,
)
from workers_runtime.failure import (
    BACKOFF_SECONDS,
    MAX_UNEXPECTED_ATTEMPTS,
    GiveUp,
    Policy,
    Retry,
    backoff,
    decide,
)
from workers_runtime.identity import MAX_MS, Identity

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEADY = Policy(max_age=timedelta(days=1), jitter=0.0)


def identity(attempt: int = 1, age_seconds: float = 0) -> Identity:
    first = int((NOW.timestamp() - age_seconds) * 1000)
    return Identity(message_id="m", attempt=attempt, first_seen_ms=first)


TABLE = {
    "transient waits for the first step": (TransientError("x"), 1, Retry, 1.0, False),
    "transient waits longer at the third try": (TransientError("x"), 3, Retry, 15.0, False),
    "transient waits as long as asked": (
        TransientError("x", retry_after=42), 1, Retry, 42, False,
    ),
    "transient rests at the least": (TransientError("x", rest=30), 1, Retry, 30, False),
    "transient that rests waits longer at a later try": (
        TransientError("x", rest=30), 6, Retry, 120, False,
    ),
    "transient that rests looks again every five minutes": (
        TransientError("x", rest=30), 40, Retry, 300, False,
    ),
    "quota waits for its moment": (
        QuotaError("x", until=NOW + timedelta(hours=3)), 1, Retry, 10_800, False,
    ),
    "quota whose moment is past waits a second": (
        QuotaError("x", until=NOW - timedelta(hours=3)), 1, Retry, 1.0, False,
    ),
    "unknown comes back in doubt, not at once": (OutcomeUnknownError("x"), 1, Retry, 5.0, True),
    "unknown waits as long as asked": (
        OutcomeUnknownError("x", retry_after=0.2), 1, Retry, 0.2, True,
    ),
    "a handler over its time is in doubt": (HandlerTimeoutError("x"), 1, Retry, 5.0, True),
    "a journal that went away is in doubt": (JournalUnavailableError("x"), 1, Retry, 1.0, True),
    "a bug is in doubt": (KeyError("x"), 1, Retry, 1.0, True),
    "a bug is given up after some tries": (
        KeyError("x"), MAX_UNEXPECTED_ATTEMPTS, GiveUp, None, None,
    ),
    "permanent is given up": (PermanentError("x", field="f"), 1, GiveUp, None, None),
    "invalid is given up": (InvalidMessageError("x"), 1, GiveUp, None, None),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_decision(case):
    error, attempt, kind, seconds, in_doubt = TABLE[case]
    decision = decide(error, identity(attempt), STEADY, NOW)
    assert type(decision) is kind
    if isinstance(decision, Retry):
        assert decision.seconds == pytest.approx(seconds)
        assert decision.in_doubt is in_doubt


def test_transient_is_given_up_when_the_next_try_would_be_too_late():
    young, old = identity(1, 86_398), identity(1, 86_399.5)
    assert isinstance(decide(TransientError("x"), young, STEADY, NOW), Retry)
    given_up = decide(TransientError("the host is down"), old, STEADY, NOW)
    assert isinstance(given_up, GiveUp)
    assert given_up.code == "retries_exhausted"
    assert "the host is down" in given_up.message


def test_known_deadline_replaces_the_age():
    late = TransientError("x", give_up_at=NOW + timedelta(seconds=0.5))
    assert isinstance(decide(late, identity(), STEADY, NOW), GiveUp)
    legal = TransientError("x", give_up_at=NOW + timedelta(days=5))
    assert isinstance(decide(legal, identity(1, 90_000), STEADY, NOW), Retry)


def test_permanent_keeps_code_message_and_field():
    class WrongSupplierError(PermanentError):
        code = "wrong_supplier"

    decision = decide(WrongSupplierError("not you", field="cif"), identity(), STEADY, NOW)
    assert decision == GiveUp("wrong_supplier", "not you", "cif")


def test_unforeseen_error_shows_its_type_and_not_its_text():
    for attempt in (1, MAX_UNEXPECTED_ATTEMPTS):
        decision = decide(KeyError("s3cret"), identity(attempt), STEADY, NOW)
        assert "KeyError" in str(decision)
        assert "s3cret" not in str(decision)


def test_backoff_grows_within_its_jitter():
    for attempt in range(1, len(BACKOFF_SECONDS)):
        highest = max(backoff(attempt, 0.1) for _ in range(50))
        lowest = min(backoff(attempt + 1, 0.1) for _ in range(50))
        assert highest < lowest
        assert BACKOFF_SECONDS[attempt - 1] <= highest <= BACKOFF_SECONDS[attempt - 1] * 1.1
    assert backoff(10_000, 0) == BACKOFF_SECONDS[-1]


def _all(base: type[BaseException]) -> set[type[BaseException]]:
    found = {base}
    for child in base.__subclasses__():
        found |= _all(child)
    return found


WORKER_ERRORS = sorted(
    (e for e in _all(WorkerError) if e.__module__.startswith("workers_runtime")),
    key=lambda e: e.__name__,
)
FOREIGN = [KeyError, ValueError, TimeoutError, OSError, asyncio.InvalidStateError, ExceptionGroup]
numbers = st.one_of(
    st.none(), st.floats(), st.integers(-(10**12), 10**12), st.just(math.nan), st.just(math.inf)
)
moments = st.datetimes(timezones=st.sampled_from([None, UTC]))


@st.composite
def errors(draw):
    kind = draw(st.sampled_from([*WORKER_ERRORS, *FOREIGN]))
    text = draw(st.text(max_size=20))
    if issubclass(kind, QuotaError):
        return kind(text, until=draw(moments))
    if issubclass(kind, TransientError):
        return kind(text, retry_after=draw(numbers), give_up_at=draw(st.one_of(st.none(), moments)))
    if issubclass(kind, OutcomeUnknownError):
        return kind(text, retry_after=draw(numbers))
    if issubclass(kind, ExceptionGroup):
        return kind(text, [ValueError(text)])
    return kind(text)


@given(
    errors(),
    st.integers(-5, 10**14),
    st.integers(0, MAX_MS),
    st.timedeltas(min_value=timedelta(0)),
)
def test_every_error_gets_a_decision_with_a_positive_finite_wait(
    error, attempt, first_seen, max_age
):
    given_identity = Identity(message_id="m", attempt=attempt, first_seen_ms=first_seen)
    decision = decide(error, given_identity, Policy(max_age=max_age), NOW)
    if isinstance(decision, Retry):
        assert 0 < decision.seconds < math.inf
    else:
        assert decision.message is not None
    assert decision.code


def test_every_code_is_one_class_and_snake_case():
    codes = error_codes()
    for code, error in codes.items():
        assert code == code.lower().replace(" ", "_").replace("-", "_")
        assert error.__doc__
    ours = [error.code for error in WORKER_ERRORS]
    assert len(ours) == len(set(ours))
