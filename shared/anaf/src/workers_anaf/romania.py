"""Romania's time: ANAF's days, allowances and dates follow it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ROMANIA = ZoneInfo("Europe/Bucharest")


def today(now: datetime | None = None) -> date:
    """Return the calendar day in Romania."""
    return (now or datetime.now(UTC)).astimezone(ROMANIA).date()


def next_day(now: datetime | None = None) -> datetime:
    """Return when ANAF's daily counters start again: shortly after the coming midnight.

    That they reset at Romanian midnight is assumed by the field, not documented by ANAF.
    """
    midnight = datetime.combine(today(now) + timedelta(days=1), time(0, 1), ROMANIA)
    return midnight.astimezone(UTC)
