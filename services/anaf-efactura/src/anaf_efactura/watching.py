"""Tells ahead that an invoice's legal term ends while ANAF has not accepted it.

No timer: the worker sends itself a message for the next moment at which something may have to be
told. It begins with the first sign that an invoice may be late: a refusal, a failure, or an hour
at ANAF without a verdict. What goes well is never watched.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from workers_anaf.romania import today
from workers_contracts.base import Event
from workers_contracts.efactura import (
    InvoiceDeadlineApproaching,
    InvoiceRejected,
    WatchInvoice,
)
from workers_ledger.documents import Document, Documents, LedgerUnavailableError
from workers_ledger.notices import Mark, Notices
from workers_runtime.errors import WorkerError
from workers_runtime.identity import Task
from workers_runtime.logs import get_logger
from workers_runtime.router import After, Item, Outcome, Send

from . import events, marks, warning
from .deadline import ends_at, term_of

SLOW: Final = timedelta(hours=1)
"""ANAF decides within minutes; an upload without a verdict for this long is worth a word."""

FIRST_LOOK: Final = timedelta(hours=1)
"""By then most of what only stumbled is accepted, and is watched no more."""

AT_ONCE: Final = timedelta(seconds=60)
"""When a mark has passed already: after the event that says what happened."""

LOST: Final = timedelta(hours=1)
"""A watch that is late by this much is taken for lost, and the next sign begins another."""

SLACK: Final = timedelta(seconds=30)
"""A message may come a little before its time."""

FARTHEST: Final = timedelta(days=60)
"""An invoice whose term is farther away is dated wrongly; what refuses it says so."""

Clock = Callable[[], datetime]
_WATCH = "watch"
_log = get_logger(__name__)


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Watching:
    """Begins watches, and looks when their time has come."""

    def __init__(self, documents: Documents, notices: Notices, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._notices = notices
        self._clock = clock

    async def over(self, work: Awaitable[Outcome], task: Task, document: Document | str) -> Outcome:
        """Return the outcome of work on a document, and a watch when that is called for.

        Args:
            work: files the document or asks about it.
            task: the message that is handled.
            document: the document, or its id in the ledger.
        """
        try:
            outcome = await work
        except WorkerError as error:
            error.follow_ups = await self._after(error, task, document)
            raise
        if not _refused(outcome):
            return outcome
        found = await self._found(document)
        watch = await self.begin(found, task) if found else None
        return [*_items(outcome), watch] if watch else outcome

    async def undecided(self, document: Document, task: Task) -> list[Event | After]:
        """Return what is told of an upload that ANAF has not decided: nothing in the first hour."""
        now = self._clock()
        submitted_at = datetime.fromisoformat(document.data["submitted_at"])
        if now - submitted_at < SLOW:
            return []
        told: list[Event | After] = []
        if await self._notices.tells(document.id, f"processing:{today(now)}", task.message_id):
            told.append(events.processing(document, now))
        watch = await self.begin(document, task)
        return [*told, watch] if watch else told

    async def begin(self, document: Document, task: Task, *, failed: bool = False) -> After | None:
        """Return the first look at a document, unless it is watched already or has no term.

        Args:
            document: as it stands in the ledger, or as it would.
            task: the message that is handled.
            failed: it could not be done: each further try comes here again.
        """
        now = self._clock()
        ends = _ends_at(document.issue_date)
        if not document.number or ends is None or not now < ends <= now + FARTHEST:
            return None
        wait = _wait(ends, now)
        mark = await self._notices.take(
            document.id, _WATCH, task.message_id, until=now + wait + LOST, now=now
        )
        if mark is Mark.TAKEN or (mark is Mark.MINE and failed and task.attempt > 1):
            return None
        return _after(_command(document), wait)

    async def look(self, command: WatchInvoice, task: Task) -> Outcome:
        """Tell what is due, once, and look again at the next mark; an accepted invoice ends it."""
        now, ends = self._clock(), ends_at(command.issue_date)
        document = await self._documents.get(command.document_id)
        where = warning.standing(document.state if document else None)
        if now >= ends or where is None or await self._replaced(command, task.tenant):
            return None
        wait = marks.next_in(marks.TERM, ends, now)
        held = await self._notices.take(
            command.document_id,
            _WATCH,
            task.message_id,
            until=now + (wait or timedelta(0)) + LOST,
            now=now,
            early=LOST + SLACK,
        )
        if held is Mark.TAKEN:
            return None  # another watch of it is ahead of this one
        told: list[Event | After] = []
        mark = marks.passed(marks.TERM, ends, now)
        if mark and await self._notices.tells(
            command.document_id, f"{ends.date()}:{mark.name}", task.message_id
        ):
            _log.warning("legal term ends soon", mark=mark.name, state=where)
            told.append(self._warning(command, document, mark, where))
        if wait is not None:
            told.append(_after(command, wait))
        return told

    def _warning(
        self,
        command: WatchInvoice,
        document: Document | None,
        mark: marks.Mark,
        where: warning.Standing,
    ) -> InvoiceDeadlineApproaching:
        ends = ends_at(command.issue_date)
        left = marks.left_until(ends, self._clock())
        last_day = today(ends - timedelta(seconds=1))
        index = document.authority_id if document else None
        return InvoiceDeadlineApproaching.model_validate(
            {
                "document_id": command.document_id,
                "cif": command.cif,
                "number": command.number,
                "issue_date": command.issue_date,
                "mark": mark.name,
                "state": where,
                "deadline": last_day,
                "ends_at": ends,
                "hours_left": round(left / timedelta(hours=1), 1),
                "upload_index": index,
                "message": warning.message(command.number, command.issue_date, last_day, left),
                "action": warning.action(where, index),
                "law": term_of(command.issue_date).law,
            }
        )

    async def _replaced(self, command: WatchInvoice, tenant: str) -> bool:
        """Say whether the same number was filed again, corrected in what makes a document."""
        since = await self._notices.since(command.document_id, _WATCH)
        if since is None:
            return False
        same = await self._documents.numbered(tenant, command.cif, command.number)
        return any(
            each.id != command.document_id
            and _kind(each) == command.kind
            and each.created_at is not None
            and each.created_at >= since
            for each in same
        )

    async def _after(
        self, error: WorkerError, task: Task, document: Document | str
    ) -> tuple[After, ...]:
        try:
            found = await self._found(document)
            watch = await self.begin(found, task, failed=True) if found else None
        except LedgerUnavailableError:
            return ()  # the next try asks again
        return (*error.follow_ups, watch) if watch else tuple(error.follow_ups)

    async def _found(self, document: Document | str) -> Document | None:
        if isinstance(document, Document):
            return document
        return await self._documents.get(document)


def _refused(outcome: Outcome) -> bool:
    # With another content under its number at ANAF there is nothing to file any more.
    return any(
        isinstance(item, InvoiceRejected) and item.duplicate_of is None for item in _items(outcome)
    )


def _items(outcome: Outcome) -> list[Item]:
    if outcome is None:
        return []
    return [outcome] if isinstance(outcome, Event | After | Send) else list(outcome)


def _command(document: Document) -> WatchInvoice:
    # The same at each try: a follow-up of a failed one is sent again under the same id.
    return WatchInvoice.model_validate(
        {
            "document_id": document.id,
            "cif": document.cif,
            "kind": _kind(document),
            "number": document.number,
            "issue_date": document.issue_date,
        }
    )


def _after(command: WatchInvoice, wait: timedelta) -> After:
    reason = f"legal term of the invoice {command.number}"
    return After(command, wait.total_seconds(), reason=reason)


def _wait(ends: datetime, now: datetime) -> timedelta:
    if marks.passed(marks.TERM, ends, now):
        return AT_ONCE
    return min(marks.next_in(marks.TERM, ends, now) or FIRST_LOOK, FIRST_LOOK)


def _kind(document: Document) -> str:
    return document.business_key.split("|")[1]


def _ends_at(issue_date: date | None) -> datetime | None:
    try:
        return ends_at(issue_date) if issue_date else None
    except (ValueError, OverflowError):
        return None  # a year for which no Easter is computed
