"""The last day on which an invoice may be sent, and how far away it is.

Source: OUG 120/2021 art. 10(7): five calendar days for invoices issued until 2025-12-31, five
working days after (OUG 89/2025). Counted by Regulation 1182/71: the day of issue is not counted,
and the term ends with the last hour of its last day. Legal holidays: Codul muncii art. 139.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from workers_anaf.romania import ROMANIA

WORKING_DAYS_FROM: Final = date(2026, 1, 1)
DAYS: Final = 5

_FIXED: Final = (
    (1, 1),
    (1, 2),
    (1, 6),
    (1, 7),
    (1, 24),
    (5, 1),
    (6, 1),
    (8, 15),
    (11, 30),
    (12, 1),
    (12, 25),
    (12, 26),
)
# Good Friday, Easter Sunday and Monday, Pentecost Sunday and Monday, in days from Easter Sunday.
_MOVABLE: Final = (-2, 0, 1, 49, 50)


def deadline(issue_date: date) -> date:
    """The last day on which an invoice issued on this day may be sent."""
    if issue_date < WORKING_DAYS_FROM:
        return issue_date + timedelta(days=DAYS)
    day = issue_date
    left = DAYS
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return day


def ends_at(issue_date: date) -> datetime:
    """The first moment that is too late: midnight, Romania's time, after the last day."""
    return datetime.combine(deadline(issue_date) + timedelta(days=1), time(), tzinfo=ROMANIA)


def due_in(issue_date: date, now: datetime) -> timedelta:
    """The time left at `now` (aware); negative when the term has passed."""
    # Two moments of one zone are subtracted by their wall clocks: through UTC no hour is lost.
    return ends_at(issue_date).astimezone(UTC) - now.astimezone(UTC)


def is_working_day(day: date) -> bool:
    """Monday to Friday and not a legal holiday in Romania."""
    return day.weekday() < 5 and day not in holidays(day.year)


@lru_cache(maxsize=32)
def holidays(year: int) -> frozenset[date]:
    """Romania's legal holidays of a year, as the law stood in 2026."""
    easter = orthodox_easter(year)
    fixed = {date(year, month, day) for month, day in _FIXED}
    return frozenset(fixed | {easter + timedelta(days=offset) for offset in _MOVABLE})


def orthodox_easter(year: int) -> date:
    """Orthodox Easter Sunday, Gregorian calendar. Raises ValueError outside 1900-2099."""
    if not 1900 <= year <= 2099:
        raise ValueError(f"Orthodox Easter is computed for 1900-2099 only, not {year}")
    a, b, c = year % 4, year % 7, year % 19
    d = (19 * c + 15) % 30
    e = (2 * a + 4 * b - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)
