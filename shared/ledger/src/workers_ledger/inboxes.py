"""Boxes at an authority that are read for a tenant: one chain of readings each.

The number of a reading fences: whoever carries an older one finds out and ends. So a chain that was
lost may be begun again at any time, without asking whether it really is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from workers_runtime.identity import derived_id

from .database import Database, DatabaseDownError
from .dialects import insert
from .documents import LedgerUnavailableError
from .schema_inbound import InboxRow


@dataclass(frozen=True)
class Inbox:
    """A box as it was read."""

    id: str
    tenant: str
    cif: str
    active: bool
    turn: int
    due_at: datetime
    followed_at: datetime
    read_at: datetime | None = None
    swept_at: datetime | None = None
    failures: int = 0
    error_code: str = ""
    error: str = ""


_FIELDS = tuple(each.name for each in fields(Inbox))


class Inboxes:
    """The boxes of one service. ``by`` is always the id of the message that is handled."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    async def follow(
        self, tenant: str, cif: str, by: str, *, active: bool, now: datetime | None = None
    ) -> Inbox:
        """Begin or stop reading a box; whatever chain of readings it had is out.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        now, by = now or datetime.now(UTC), _holder(by)
        async with session_of(self._database) as session:
            await session.execute(self._new(tenant, cif, now))
            row = await session.scalar(self._of(tenant, cif))
            if row is None:
                raise LedgerUnavailableError("the box's row vanished while it was made")
            _turn(row, by, now)
            row.active = active
            return _value(row)

    async def find(self, tenant: str, cif: str) -> Inbox | None:
        """Return a box."""
        async with session_of(self._database) as session:
            row = await session.scalar(self._of(tenant, cif))
            return _value(row) if row else None

    async def begin(self, tenant: str, cif: str, turn: int, by: str) -> Inbox | None:
        """Return the box for this reading; None when another one is due, or none at all."""
        inbox = None
        async with session_of(self._database) as session:
            row = await session.scalar(self._of(tenant, cif))
            if row is not None and row.active and _is_due(row, turn, _holder(by)):
                inbox = _value(row)
        return inbox

    async def turned(
        self, inbox: Inbox, turn: int, by: str, *, due_at: datetime, **values: Any
    ) -> Inbox | None:
        """Record what became of a reading, and that the next one is due.

        Returns:
            The box with the turn of the next reading; None when another chain has begun meanwhile.
        """
        by = _holder(by)
        async with session_of(self._database) as session:
            row = await session.scalar(self._of(inbox.tenant, inbox.cif))
            if row is None:
                raise LedgerUnavailableError("the box's row vanished while it was read")
            for name, value in values.items():
                setattr(row, name, value)
            if row.turn == turn:
                row.turn, row.turned_by, row.due_at = turn + 1, by, due_at
            return _value(row) if row.turned_by == by else None

    async def revive(self, tenant: str, by: str, *, before: datetime, now: datetime) -> list[Inbox]:
        """Begin the readings anew that were due before a moment, and never took place."""
        # Under a name of its own: a reading may look for lost ones of its tenant at its end.
        by = _holder(f"revive:{by}")
        query = (
            select(InboxRow)
            .where(
                InboxRow.service == self._service,
                InboxRow.tenant == tenant,
                InboxRow.active.is_(True),
                or_(InboxRow.due_at < before, InboxRow.turned_by == by),
            )
            .order_by(InboxRow.cif)
            .with_for_update()
        )
        async with session_of(self._database) as session:
            rows = list(await session.scalars(query))
            for row in rows:
                _turn(row, by, now)
            return [_value(row) for row in rows]

    async def overdue(self, *, before: datetime, failures: int) -> list[Inbox]:
        """Return the boxes of all tenants that are not read as they should be."""
        query = select(InboxRow).where(
            InboxRow.service == self._service,
            InboxRow.active.is_(True),
            or_(InboxRow.due_at < before, InboxRow.failures >= failures),
        )
        async with session_of(self._database) as session:
            return [_value(row) for row in await session.scalars(query.order_by(InboxRow.due_at))]

    def _of(self, tenant: str, cif: str) -> Any:
        return (
            select(InboxRow)
            .where(
                InboxRow.service == self._service, InboxRow.tenant == tenant, InboxRow.cif == cif
            )
            .with_for_update()
        )

    def _new(self, tenant: str, cif: str, now: datetime) -> Any:
        values = {
            "id": derived_id("inbox", self._service, tenant, cif),
            "service": self._service,
            "tenant": tenant,
            "cif": cif,
            "active": True,
            "turn": 0,
            "turned_by": "",
            "due_at": now,
            "followed_at": now,
            "failures": 0,
            "error_code": "",
            "error": "",
        }
        row = insert(self._database.dialect, InboxRow).values(**values)
        return row.on_conflict_do_nothing()


@asynccontextmanager
async def session_of(database: Database) -> AsyncIterator[AsyncSession]:
    """Open a transaction whose failure reads as the ledger's."""
    try:
        async with database.transaction() as session:
            yield session
    except DatabaseDownError as error:
        raise LedgerUnavailableError(f"the ledger does not answer ({error})") from error


def _holder(by: str) -> str:
    return derived_id("inbox", by)


def _turn(row: InboxRow, by: str, now: datetime) -> None:
    """Let another chain begin; the same message, handled again, finds the one that it began."""
    if row.turned_by != by:
        row.turn, row.turned_by, row.due_at = row.turn + 1, by, now


def _is_due(row: InboxRow, turn: int, by: str) -> bool:
    # The second: this very message recorded its end, and its worker died before it was told.
    return row.turn == turn or (row.turn == turn + 1 and row.turned_by == by)


def _value(row: InboxRow) -> Inbox:
    return Inbox(**{name: getattr(row, name) for name in _FIELDS})
