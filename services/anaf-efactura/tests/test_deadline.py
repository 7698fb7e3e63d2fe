"""The legal term."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_efactura.deadline import (
    deadline,
    due_in,
    ends_at,
    holidays,
    is_working_day,
    orthodox_easter,
)

ROMANIA = ZoneInfo("Europe/Bucharest")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("issued", "last"),
    [
        ("2026-10-05", "2026-10-12"),
        ("2026-04-08", "2026-04-17"),
        ("2026-05-28", "2026-06-05"),
        ("2026-11-27", "2026-12-08"),
        ("2026-12-23", "2026-12-31"),
        ("2026-12-30", "2027-01-11"),
        ("2026-01-02", "2026-01-13"),
        ("2026-10-10", "2026-10-16"),
        ("2025-12-30", "2026-01-04"),
        # The last day of the calendar rule and the first of the other.
        ("2025-12-31", "2026-01-05"),
        ("2026-01-01", "2026-01-13"),
        # Over Easter: Good Friday, Easter Monday, and 1 May that may fall beside them.
        ("2026-04-09", "2026-04-20"),
        ("2027-04-28", "2027-05-07"),
        ("2027-04-29", "2027-05-10"),
        ("2028-04-12", "2028-04-21"),
        ("2029-04-04", "2029-04-13"),
        ("2030-04-24", "2030-05-06"),
        # Pentecost Monday and 1 June, on one day and on two.
        ("2026-05-29", "2026-06-08"),
        ("2027-06-18", "2027-06-28"),
        ("2028-05-31", "2028-06-09"),
        # The end of November and of the year, holidays on week-ends and on working days.
        ("2027-11-26", "2027-12-07"),
        ("2028-11-29", "2028-12-08"),
        ("2027-12-23", "2027-12-30"),
        ("2027-12-31", "2028-01-11"),
        ("2028-12-29", "2029-01-09"),
        # 15 August and 24 January, on a working day and on a Sunday.
        ("2028-08-11", "2028-08-21"),
        ("2029-08-14", "2029-08-22"),
        ("2028-01-21", "2028-01-31"),
        ("2027-01-22", "2027-01-29"),
    ],
)
def test_the_last_day(issued: str, last: str):
    assert deadline(date.fromisoformat(issued)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("year", "easter"),
    [
        (2024, date(2024, 5, 5)),
        (2025, date(2025, 4, 20)),
        (2026, date(2026, 4, 12)),
        (2027, date(2027, 5, 2)),
        (2028, date(2028, 4, 16)),
    ],
)
def test_orthodox_easter(year: int, easter: date):
    assert orthodox_easter(year) == easter


@pytest.mark.parametrize("year", [1899, 2100, 0])
def test_easter_outside_its_formula_is_refused(year: int):
    with pytest.raises(ValueError, match="1900-2099"):
        orthodox_easter(year)


@given(st.integers(1900, 2099))
def test_easter_is_a_sunday_in_spring(year: int):
    easter = orthodox_easter(year)
    assert easter.weekday() == 6
    assert date(year, 4, 3) < easter < date(year, 5, 10)


def test_the_holidays_of_a_year():
    assert sorted(holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 1, 2),
        date(2026, 1, 6),
        date(2026, 1, 7),
        date(2026, 1, 24),
        date(2026, 4, 10),
        date(2026, 4, 12),
        date(2026, 4, 13),
        date(2026, 5, 1),
        date(2026, 5, 31),
        date(2026, 6, 1),
        date(2026, 8, 15),
        date(2026, 11, 30),
        date(2026, 12, 1),
        date(2026, 12, 25),
        date(2026, 12, 26),
    ]


@pytest.mark.parametrize(
    ("day", "working"),
    [("2026-10-05", True), ("2026-10-10", False), ("2026-10-11", False), ("2026-12-01", False)],
)
def test_working_days(day: str, working: bool):
    assert is_working_day(date.fromisoformat(day)) is working


def test_the_term_ends_with_the_last_hour_of_its_last_day():
    assert ends_at(date(2026, 10, 5)) == datetime(2026, 10, 13, tzinfo=ROMANIA)


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (datetime(2026, 10, 12, 23, 59, tzinfo=ROMANIA), timedelta(minutes=1)),
        (datetime(2026, 10, 13, 0, 0, tzinfo=ROMANIA), timedelta(0)),
        (datetime(2026, 10, 13, 1, 0, tzinfo=ROMANIA), timedelta(hours=-1)),
        (datetime(2026, 10, 12, 20, 59, tzinfo=UTC), timedelta(minutes=1)),
    ],
)
def test_the_time_left(now: datetime, left: timedelta):
    assert due_in(date(2026, 10, 5), now) == left


def test_the_hour_of_the_clock_change_is_counted():
    # Romania puts the clock back on 2026-10-25: that day has 25 hours.
    last = ends_at(date(2026, 10, 23))
    assert due_in(date(2026, 10, 23), datetime(2026, 10, 24, tzinfo=ROMANIA)) == timedelta(
        hours=(last.date() - date(2026, 10, 24)).days * 24 + 1
    )


@given(st.dates(date(2026, 1, 1), date(2098, 12, 1)))
def test_five_working_days_lie_in_the_term(issued: date):
    last = deadline(issued)
    days = [issued + DAY * number for number in range(1, (last - issued).days + 1)]
    assert sum(map(is_working_day, days)) == 5
    assert is_working_day(last)


@given(st.dates(date(1990, 1, 1), date(2025, 12, 31)))
def test_the_older_rule_counts_calendar_days(issued: date):
    assert deadline(issued) - issued == 5 * DAY


@given(st.dates(date(2026, 1, 1), date(2090, 1, 1)))
def test_a_later_invoice_is_never_due_earlier(issued: date):
    assert deadline(issued) <= deadline(issued + DAY)
