"""The last day on which an invoice may be sent, and how far away it is.

The rules are data, each with its law and the day from which it holds: `terms.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, TypeVar

from workers_anaf.romania import ROMANIA

COUNTS: Final = ("calendar", "working")


@dataclass(frozen=True, slots=True)
class Term:
    """How long the law gives for invoices issued since a day."""

    since: date
    days: int
    working: bool
    law: str
    """Where it stands, for an accountant."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """The legal holidays since a day."""

    since: date
    law: str
    fixed: tuple[tuple[int, int], ...]
    """Month and day."""
    easter: tuple[int, ...]
    """Days from Orthodox Easter Sunday."""

    def of(self, year: int) -> Iterator[date]:
        """Yield the holidays of a year, whether they were in force or not."""
        sunday = orthodox_easter(year)
        yield from (date(year, month, day) for month, day in self.fixed)
        yield from (sunday + timedelta(days=offset) for offset in self.easter)


@dataclass(frozen=True, slots=True)
class Law:
    """All rules, each list from the oldest to the newest."""

    terms: tuple[Term, ...]
    holidays: tuple[Holidays, ...]


def read_law(text: str) -> Law:
    """Read the tables; raises ValueError or KeyError when they are not what they should be."""
    tables = tomllib.loads(text)
    terms = [_term(row) for row in tables["term"]]
    holidays = [
        Holidays(
            row["from"], row["law"], tuple((m, d) for m, d in row["fixed"]), tuple(row["easter"])
        )
        for row in tables["holidays"]
    ]
    return Law(_ordered(terms), _ordered(holidays))


@cache
def law() -> Law:
    """The rules that are shipped."""
    return read_law(files(__package__).joinpath("terms.toml").read_text(encoding="utf-8"))


def term_of(issue_date: date) -> Term:
    """The term of an invoice that was issued on this day."""
    return _in_force(law().terms, issue_date)


def deadline(issue_date: date) -> date:
    """The last day on which an invoice issued on this day may be sent."""
    term = term_of(issue_date)
    if not term.working:
        return issue_date + timedelta(days=term.days)
    day = issue_date
    left = term.days
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
    """Romania's legal holidays of a year, each by the law that was in force on it."""
    rules = law().holidays
    return frozenset(
        day for rule in rules for day in rule.of(year) if _in_force(rules, day) is rule
    )


def orthodox_easter(year: int) -> date:
    """Orthodox Easter Sunday, Gregorian calendar. Raises ValueError outside 1900-2099."""
    if not 1900 <= year <= 2099:
        raise ValueError(f"Orthodox Easter is computed for 1900-2099 only, not {year}")
    a, b, c = year % 4, year % 7, year % 19
    d = (19 * c + 15) % 30
    e = (2 * a + 4 * b - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)


Dated = TypeVar("Dated", Term, Holidays)


def _in_force(rules: Sequence[Dated], day: date) -> Dated:
    return next((rule for rule in reversed(rules) if rule.since <= day), rules[0])


def _ordered(rules: list[Dated]) -> tuple[Dated, ...]:
    since = [rule.since for rule in rules]
    if not rules or sorted(set(since)) != since:
        raise ValueError("the tables of one kind must have rising days `from`")
    return tuple(rules)


def _term(row: dict[str, Any]) -> Term:
    if row["count"] not in COUNTS or row["days"] < 1:
        raise ValueError(f"the term from {row['from']} needs days and a count of {COUNTS}")
    return Term(row["from"], row["days"], row["count"] == "working", row["law"])
