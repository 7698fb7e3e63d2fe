"""ANAF's limits: counters of a Romanian day, calls a minute, look-ups a second."""

import time
from collections import Counter, deque
from datetime import date


class DailyCounters:
    """How often something was done today; a new day starts at zero."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[date, str, str]] = Counter()

    def take(self, kind: str, key: str, limit: int, day: date) -> bool:
        """Count one more and say whether it is within the limit of that day."""
        self._counts[day, kind, key] += 1
        return self._counts[day, kind, key] <= limit


class MinuteWindow:
    """Calls of the last 60 seconds of real time."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque()

    def take(self, limit: int) -> bool:
        """Count one more call and say whether the last minute holds at most `limit`."""
        now = time.monotonic()
        while self._calls and self._calls[0] <= now - 60:
            self._calls.popleft()
        self._calls.append(now)
        return len(self._calls) <= limit


class Spacing:
    """One call each interval: the look-up allows one a second.

    A client that paces itself by the clock arrives unevenly through connection set-up; that is
    forgiven once, but a pace that is too fast on average is not.
    """

    _TOLERANCE = 0.25

    def __init__(self) -> None:
        self._due = float("-inf")

    def take(self, interval: float) -> bool:
        """Note a call and say whether it was due; one that was not due does not count."""
        now = time.monotonic()
        if now < self._due - self._TOLERANCE:
            return False
        self._due = max(now, self._due) + interval
        return True
