"""Tells ahead that a log-in at ANAF ends, and at once that one is lost: a person must renew it.

No timer: the worker sends itself one message a day for each log-in, begun by whatever it files.
"""

import contextlib
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from workers_anaf.credentials import CredentialsFileError
from workers_anaf.keepers import Keepers, Login, LoginMissingError, LoginUnreadableError
from workers_anaf.oauth import LoginRequiredError, Lost, TokenRefusedError
from workers_contracts.efactura import LoginExpiring, LoginLost, WatchLogin
from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.notices import Mark, Notices
from workers_ledger.tenants import Tenants
from workers_runtime.identity import Task
from workers_runtime.logs import get_logger
from workers_runtime.router import After, Outcome

from . import login_words, marks
from .watching import AT_ONCE, LOST, SLACK, Clock, items_of, utc_now

LONGEST: Final = timedelta(days=1)
"""Between two looks: a new log-in, or one that was lost, is seen within a day."""

ASKED_AGAIN: Final = timedelta(hours=1)
"""How often a process looks whether a watch is there."""

ALARM: Final = timedelta(seconds=1)
"""Before a log-in is told to be lost: as soon as a message can be sent."""

_WATCH = "watch"
_NONE = (LoginMissingError, LoginUnreadableError, CredentialsFileError)
_log = get_logger(__name__)


class LoginWatch:
    """Watches the log-ins that this worker's messages are handled with."""

    def __init__(
        self, logins: Keepers, notices: Notices, tenants: Tenants, clock: Clock = utc_now
    ) -> None:
        self._logins = logins
        self._notices = notices
        self._tenants = tenants
        self._clock = clock
        self._asked_at: dict[str, datetime] = {}
        self._days_left: Gauge | None = None

    async def over(self, work: Awaitable[Outcome], task: Task) -> Outcome:
        """Return the outcome of work with ANAF, with the first look when nobody watches."""
        return await self.beside(await self.alarming(work, task), task)

    async def alarming(self, work: Awaitable[Outcome], task: Task) -> Outcome:
        """Return the outcome of work with ANAF; have a log-in told that it finds lost."""
        try:
            return await work
        except (LoginRequiredError, TokenRefusedError) as error:
            error.follow_ups = [*error.follow_ups, *await self._alarm(task)]
            raise

    async def after(self, outcome: Outcome, task: Task) -> Outcome:
        """Return the outcome of work that does not fail without a log-in; have a lost one told."""
        alarm = await self._alarm(task)
        return [*items_of(outcome), *alarm] if alarm else outcome

    async def _alarm(self, task: Task) -> list[After]:
        with contextlib.suppress(*_NONE, LedgerUnavailableError):
            login = await self._logins.of(task.tenant)
            lost = await login.lost()
            if lost is not None and not await self._was_told(login, lost):
                return [_after(login, ALARM)]
        return []

    async def beside(self, outcome: Outcome, task: Task) -> Outcome:
        """Return an outcome, with the first look when nobody watches the log-in."""
        now = self._clock()
        try:
            login = await self._logins.of(task.tenant)
        except _NONE:
            return outcome  # it was not needed for this outcome
        subject = _subject(login)
        asked_at = self._asked_at.get(subject)
        if asked_at is not None and now - asked_at < ASKED_AGAIN:
            return outcome
        ends = await login.ends_at()
        if ends is None:
            return outcome  # nobody has logged in with it yet
        wait = _wait(ends, now)
        mark = await self._notices.take(
            subject, _WATCH, task.message_id, until=now + wait + LOST, now=now
        )
        self._asked_at[subject] = now
        if mark is Mark.TAKEN:
            return outcome
        return [*items_of(outcome), _after(login, wait)]

    async def look(self, command: WatchLogin, task: Task) -> Outcome:
        """Tell what is due, once for each log-in and mark, and look again within a day."""
        try:
            login = await self._logins.of(task.tenant, fresh=True)
        except _NONE:
            return None  # it was taken away
        if command.credential != _subject(login):
            return None  # another log-in is used now, and is watched under its own name
        lost = await login.lost()
        told = await self._alarms(login, lost, task) if lost else []
        ends = await login.ends_at()
        if ends is None or (lost is not None and lost.since is None):
            return told or None  # whoever logs in anew is watched under a name of its own
        return [*told, *await self._look(task, login, ends)] or None

    async def _look(self, task: Task, login: Login, ends: datetime) -> list[LoginExpiring | After]:
        now = self._clock()
        subject = _subject(login)
        wait = _next(ends, now)
        held = await self._notices.take(
            subject,
            _WATCH,
            task.message_id,
            until=now + wait + LOST,
            now=now,
            early=LOST + SLACK,
        )
        if held is Mark.TAKEN:
            return []  # another watch of it is ahead of this one
        told: list[LoginExpiring | After] = []
        mark = marks.passed(marks.LOGIN, ends, now)
        # With the day of its end: a log-in that was renewed is told of anew.
        key = f"{ends.date()}:{mark.name}" if mark else ""
        if mark and await self._notices.tells(subject, key, task.message_id):
            _log.warning("ANAF log-in ends soon", mark=mark.name, ends_at=ends.isoformat())
            used_by = await self._used_by(login)
            told.append(login_words.expiring(login, used_by, mark, ends, now))
        return [*told, _after(login, wait)]

    async def _alarms(self, login: Login, lost: Lost, task: Task) -> list[LoginLost]:
        """Return the alarm of a log-in that ANAF does not take, unless it was told."""
        if not await self._notices.tells(_subject(login), _mark(lost), task.message_id):
            return []
        return [login_words.lost(login, await self._used_by(login), lost)]

    async def _was_told(self, login: Login, lost: Lost) -> bool:
        return await self._notices.since(_subject(login), _mark(lost)) is not None

    async def _used_by(self, login: Login) -> list[str]:
        """Return the tenants that a log-in serves without being theirs."""
        return [] if login.tenant else await self._logins.sharing(await self._tenants.known())

    def series(self, registry: CollectorRegistry) -> None:
        """Add the days left to the worker's numbers."""
        self._days_left = Gauge(
            "worker_login_days_left",
            "Days until a person must log in at the authority again; 0 when it is lost.",
            ["credential", "tenant"],
            registry=registry,
        )

    async def problem(self) -> str | None:
        """Return what an operator should know, a deep health check; keeps the metric fresh."""
        problem = await self._logins.problem()
        left = {login: await _left(login) for login in await self._logins.all()}
        if self._days_left is not None:
            self._days_left.clear()  # a log-in that was replaced is no longer counted down
            for login, days in left.items():
                if days is not None:
                    self._days_left.labels(_subject(login), login.tenant).set(days)
        return problem


def _subject(login: Login) -> str:
    return login_words.subject(login)


async def _left(login: Login) -> float | None:
    return 0.0 if await login.lost() is not None else await login.days_left()


def _mark(lost: Lost) -> str:
    """Return under which name a lost log-in is told of; another trouble is told anew."""
    began = lost.unsaved_since or lost.since
    return f"lost:{began:%Y%m%dT%H%M%S}" if began else "lost"


def _after(login: Login, wait: timedelta) -> After:
    """Return the next look: of whose log-in it is, not of whose invoice asked for it."""
    command = WatchLogin(credential=_subject(login))
    return After(
        command, wait.total_seconds(), reason="end of the log-in at ANAF", tenant=login.tenant
    )


def _wait(ends: datetime, now: datetime) -> timedelta:
    return AT_ONCE if marks.passed(marks.LOGIN, ends, now) else _next(ends, now)


def _next(ends: datetime, now: datetime) -> timedelta:
    return min(marks.next_in(marks.LOGIN, ends, now) or LONGEST, LONGEST)
