"""The sandbox's own clock: real time plus an offset, and Romanian wall time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

BUCHAREST = ZoneInfo("Europe/Bucharest")
"""ANAF writes times without a zone; they are Romania's."""


class Clock:
    """Real UTC time shifted by an offset that tests choose."""

    def __init__(self) -> None:
        self._offset = timedelta()

    @property
    def offset_seconds(self) -> float:
        """Seconds by which this clock is ahead of real time."""
        return self._offset.total_seconds()

    def shift(self, seconds: float) -> None:
        """Set the offset from real time, in seconds."""
        self._offset = timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Make `moment` the present; time goes on from there."""
        if moment.tzinfo is None:
            raise ValueError("'now' needs a zone, for example 2026-10-05T12:00:00+03:00")
        self._offset = moment - datetime.now(UTC)

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC) + self._offset

    def today(self) -> date:
        """The Romanian day, at whose midnight daily counters start again."""
        return self.now().astimezone(BUCHAREST).date()


def compact(moment: datetime) -> str:
    """`yyyyMMddHHmm` in Romania: dateResponse and data_creare."""
    return f"{moment.astimezone(BUCHAREST):%Y%m%d%H%M}"


def spoken(moment: datetime) -> str:
    """`dd-MM-yyyy HH:mm:ss` in Romania: error texts and the timestamps of JSON errors."""
    return f"{moment.astimezone(BUCHAREST):%d-%m-%Y %H:%M:%S}"
