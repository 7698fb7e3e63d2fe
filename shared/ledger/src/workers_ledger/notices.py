"""What was told once: marks on a subject, each held by the one message that tells it.

The holder is a message, not a process: a message that is handled again after a crash finds its own
mark and tells again, and the journal makes that the same event. Any other message finds it taken.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import Enum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workers_runtime.identity import derived_id

from .database import Database, DatabaseDownError
from .dialects import insert
from .documents import LedgerUnavailableError
from .schema import NoticeRow


class Mark(Enum):
    """Whose a mark is."""

    FRESH = "fresh"
    """The asker's, since this moment."""
    MINE = "mine"
    """The asker's since an earlier try."""
    TAKEN = "taken"
    """Another message's."""


class Notices:
    """The marks of one service."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    async def take(
        self,
        subject: str,
        mark: str,
        by: str,
        *,
        until: datetime | None = None,
        now: datetime | None = None,
        early: timedelta = timedelta(0),
    ) -> Mark:
        """Set a mark for the message ``by``, unless another one holds it.

        Args:
            subject: what is told of, for example a document's id.
            mark: what is told.
            by: the message that tells it.
            until: the mark may be taken over after this moment; never when None.
            now: the present moment.
            early: how long before its end the mark may be taken over.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        now = now or datetime.now(UTC)
        by = derived_id("notice", by)
        async with self._session() as session:
            row = insert(self._database.dialect, NoticeRow).values(
                service=self._service,
                subject=subject,
                mark=mark,
                told_by="",
                told_at=now,
                until=now,
            )
            await session.execute(row.on_conflict_do_nothing())
            key = (self._service, subject, mark)
            held = await session.get(NoticeRow, key, with_for_update=True, populate_existing=True)
            if held is None:
                raise LedgerUnavailableError("the notice's row vanished while it was taken")
            if held.told_by == by:
                return Mark.MINE
            if held.told_by and (held.until is None or held.until > now + early):
                return Mark.TAKEN
            held.told_by, held.until = by, until
            return Mark.FRESH

    async def tells(self, subject: str, mark: str, by: str) -> bool:
        """Say whether the message ``by`` is the one that tells this, once and for all."""
        return await self.take(subject, mark, by) is not Mark.TAKEN

    async def since(self, subject: str, mark: str) -> datetime | None:
        """Return when a mark was first set; None when it is not."""
        async with self._session() as session:
            row = await session.get(NoticeRow, (self._service, subject, mark))
            return row.told_at if row else None

    async def marks(self, subject: str) -> list[str]:
        """Return the marks of a subject, sorted."""
        query = select(NoticeRow.mark).where(
            NoticeRow.service == self._service, NoticeRow.subject == subject
        )
        async with self._session() as session:
            return sorted(await session.scalars(query))

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        try:
            async with self._database.transaction() as session:
                yield session
        except DatabaseDownError as error:
            raise LedgerUnavailableError(f"the ledger does not answer ({error})") from error
