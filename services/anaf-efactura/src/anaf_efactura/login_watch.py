"""Tells ahead that ANAF's log-in ends: only a person with the certificate can renew it.

No timer: the worker sends itself one message a day, begun by whatever it files.
"""

from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from workers_anaf.oauth import TokenKeeper
from workers_anaf.romania import today
from workers_contracts.efactura import LoginExpiring, WatchLogin
from workers_ledger.notices import Mark, Notices
from workers_runtime.identity import Task
from workers_runtime.logs import get_logger
from workers_runtime.router import After, Outcome

from . import marks, warning
from .watching import AT_ONCE, LOST, SLACK, Clock, utc_now

LONGEST: Final = timedelta(days=1)
"""Between two looks: a new log-in, or one that was lost, is seen within a day."""

ASKED_AGAIN: Final = timedelta(hours=1)
"""How often a process looks whether a watch is there."""

_WATCH = "watch"
_ACTION = (
    "O persoană cu certificat digital și cu drepturi în SPV trebuie să se autentifice din nou la "
    "ANAF. Noul refresh token se pune în ANAF_REFRESH_TOKEN, apoi se repornesc serviciile. Fără "
    "aceasta nu se mai poate transmite nicio factură după data de expirare."
)
_log = get_logger(__name__)


class LoginWatch:
    """Watches the one log-in that this worker is configured with."""

    def __init__(self, tokens: TokenKeeper, notices: Notices, clock: Clock = utc_now) -> None:
        self._tokens = tokens
        self._notices = notices
        self._clock = clock
        self._subject = tokens.credential[-64:]
        self._asked_at: datetime | None = None
        self._days_left: Gauge | None = None

    async def beside(self, outcome: Outcome, task: Task) -> Outcome:
        """Return an outcome, with the first look when nobody watches the log-in."""
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at < ASKED_AGAIN:
            return outcome
        ends = await self._tokens.ends_at()
        if ends is None:
            return outcome  # nobody has logged in with it yet
        wait = _wait(ends, now)
        mark = await self._notices.take(
            self._subject, _WATCH, task.message_id, until=now + wait + LOST, now=now
        )
        self._asked_at = now
        if mark is Mark.TAKEN:
            return outcome
        items = [] if outcome is None else outcome if isinstance(outcome, list) else [outcome]
        return [*items, _after(WatchLogin(credential=self._subject), wait)]

    async def look(self, command: WatchLogin, task: Task) -> Outcome:
        """Tell what is due, once for each log-in and mark, and look again within a day."""
        ends = await self._tokens.ends_at()
        if command.credential != self._subject or ends is None:
            return None  # another log-in is configured now, and is watched under its own name
        now = self._clock()
        wait = _next(ends, now)
        held = await self._notices.take(
            self._subject,
            _WATCH,
            task.message_id,
            until=now + wait + LOST,
            now=now,
            early=LOST + SLACK,
        )
        if held is Mark.TAKEN:
            return None  # another watch of it is ahead of this one
        told: list[LoginExpiring | After] = []
        mark = marks.passed(marks.LOGIN, ends, now)
        # With the day of its end: a log-in that was renewed is told of anew.
        key = f"{ends.date()}:{mark.name}" if mark else ""
        if mark and await self._notices.tells(self._subject, key, task.message_id):
            _log.warning("ANAF log-in ends soon", mark=mark.name, ends_at=ends.isoformat())
            told.append(self._warning(ends, mark, now))
        return [*told, _after(command, wait)]

    def series(self, registry: CollectorRegistry) -> None:
        """Add the days left to the worker's numbers."""
        self._days_left = Gauge(
            "worker_login_days_left",
            "Days until a person must log in at the authority again.",
            ["credential"],
            registry=registry,
        )

    async def problem(self) -> str | None:
        """Return what an operator should know, a deep health check; keeps the metric fresh."""
        problem = await self._tokens.problem()
        left = await self._tokens.days_left()
        if left is not None and self._days_left is not None:
            self._days_left.labels(credential=self._subject).set(left)
        return problem

    def _warning(self, ends: datetime, mark: marks.Mark, now: datetime) -> LoginExpiring:
        left = marks.left_until(ends, now)
        return LoginExpiring.model_validate(
            {
                "credential": self._subject,
                "mark": mark.name,
                "ends_at": ends,
                "days_left": round(left / timedelta(days=1), 1),
                "message": f"Autentificarea la ANAF expiră la {warning.day(today(ends))}; timp "
                f"rămas: {warning.span(left)}.",
                "action": _ACTION,
            }
        )


def _after(command: WatchLogin, wait: timedelta) -> After:
    return After(command, wait.total_seconds(), reason="end of the log-in at ANAF")


def _wait(ends: datetime, now: datetime) -> timedelta:
    return AT_ONCE if marks.passed(marks.LOGIN, ends, now) else _next(ends, now)


def _next(ends: datetime, now: datetime) -> timedelta:
    return min(marks.next_in(marks.LOGIN, ends, now) or LONGEST, LONGEST)
