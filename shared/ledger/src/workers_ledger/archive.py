"""The index of an archive: entered once, never changed, chained, found by tenant and number."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, cast

from sqlalchemy import Select, Text, func, or_, select
from sqlalchemy import cast as cast_as
from sqlalchemy.ext.asyncio import AsyncSession

from workers_contracts.types import ArtifactRef

from .chain import ERASURE, ArchiveEntry, Head, Link, hash_of
from .database import Database, DatabaseDownError
from .dialects import insert
from .documents import LedgerUnavailableError
from .schema import ArchiveHeadRow, ArchiveRow

__all__ = ["Archive", "ArchiveEntry", "Erasure", "Head", "Link", "Wanted"]


@dataclass(frozen=True)
class Wanted:
    """Which entries are looked for; what is None does not matter."""

    cif: str | None = None
    number: str | None = None
    issued_from: date | None = None
    issued_to: date | None = None
    direction: str | None = None
    kind: str | None = None
    download_id: str | None = None
    upload_index: str | None = None
    document_id: str | None = None


@dataclass(frozen=True)
class Erasure:
    """Why a document's bytes go before or after their time."""

    by: str
    reason: str
    legal_basis: str = ""


class Archive:
    """The index of one service; each tenant has a chain of its own."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    async def enter(self, entry: ArchiveEntry) -> Link:
        """Put an entry at the end of its tenant's chain, or return the one that is there.

        Idempotent by tenant and download id. Entries of several processes come one after another.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        async with self._session() as session:
            head = await self._head_for_update(session, entry.tenant)
            known = await self._row(session, entry.tenant, entry.download_id)
            return _link(known or self._append(session, head, entry))

    async def get(self, tenant: str, download_id: str) -> Link | None:
        """Return the entry of a file; None when there is none."""
        async with self._session() as session:
            row = await self._row(session, tenant, download_id)
            return _link(row) if row else None

    async def find(
        self, tenant: str, wanted: Wanted, *, after: int = 0, limit: int = 100
    ) -> list[Link]:
        """Return a tenant's entries of documents, in the order of the chain."""
        query = self._matching(select(ArchiveRow), tenant, wanted)
        query = query.where(ArchiveRow.position > after).order_by(ArchiveRow.position)
        async with self._session() as session:
            return [_link(row) for row in await session.scalars(query.limit(limit))]

    async def count(self, tenant: str, wanted: Wanted) -> int:
        """Return how many entries `find` would return without a limit."""
        query = self._matching(select(func.count()).select_from(ArchiveRow), tenant, wanted)
        async with self._session() as session:
            return int(await session.scalar(query) or 0)

    async def chain(self, tenant: str, *, after: int = 0, limit: int = 500) -> list[Link]:
        """Return a piece of a tenant's chain, erasures too."""
        query = select(ArchiveRow).where(
            ArchiveRow.service == self._service,
            ArchiveRow.tenant == tenant,
            ArchiveRow.position > after,
        )
        async with self._session() as session:
            rows = await session.scalars(query.order_by(ArchiveRow.position).limit(limit))
            return [_link(row) for row in rows]

    async def head(self, tenant: str) -> Head:
        """Return the end of a tenant's chain."""
        async with self._session() as session:
            row = await session.get(ArchiveHeadRow, (self._service, tenant))
            return Head(row.position, row.entry_hash) if row else Head()

    async def erase(self, tenant: str, download_id: str, erasure: Erasure, now: datetime) -> Link:
        """Mark an entry as erased and say so in the chain; the bytes are the caller's to delete.

        Idempotent: the first erasure stays.

        Raises:
            LookupError: there is no such entry.
        """
        async with self._session() as session:
            head = await self._head_for_update(session, tenant)
            row = await self._row(session, tenant, download_id)
            if row is None:
                raise LookupError(download_id)
            if row.erased_at is None:
                row.erased_at = now
                self._append(session, head, _erasure(_link(row).entry, erasure, now))
            return _link(row)

    async def note_copy(self, tenant: str, download_id: str, copy: ArtifactRef) -> bool:
        """Remember something that was made of a document, so that an erasure finds it.

        Returns:
            False when the document was erased before, or never entered: the copy must go too.
        """
        async with self._session() as session:
            await self._head_for_update(session, tenant)
            row = await self._row(session, tenant, download_id)
            if row is None or row.erased_at is not None:
                return False
            if copy.sha256 not in [one["sha256"] for one in row.copies]:
                row.copies = [*row.copies, copy.model_dump(mode="json")]
            return True

    async def copies(self, tenant: str, download_id: str) -> list[ArtifactRef]:
        """Return what was made of a document."""
        async with self._session() as session:
            row = await self._row(session, tenant, download_id)
            return [ArtifactRef(**one) for one in row.copies] if row else []

    async def in_use(self, sha256: str) -> bool:
        """Say whether an entry of any tenant still has these bytes, or a copy with them."""
        query = select(func.count()).select_from(ArchiveRow)
        query = query.where(
            or_(ArchiveRow.sha256 == sha256, cast_as(ArchiveRow.copies, Text).contains(sha256)),
            ArchiveRow.erased_at.is_(None),
            ArchiveRow.kind != ERASURE,
        )
        async with self._session() as session:
            return bool(await session.scalar(query))

    def _matching(self, query: "Select[Any]", tenant: str, wanted: Wanted) -> "Select[Any]":
        query = query.where(
            ArchiveRow.service == self._service,
            ArchiveRow.tenant == tenant,
            ArchiveRow.kind != ERASURE,
        )
        for name in (
            "cif", "number", "direction", "kind", "download_id", "upload_index", "document_id",
        ):  # fmt: skip
            value = getattr(wanted, name)
            if value is not None:
                query = query.where(getattr(ArchiveRow, name) == value)
        if wanted.issued_from is not None:
            query = query.where(ArchiveRow.issue_date >= wanted.issued_from)
        if wanted.issued_to is not None:
            query = query.where(ArchiveRow.issue_date <= wanted.issued_to)
        return query

    async def _head_for_update(self, session: AsyncSession, tenant: str) -> ArchiveHeadRow:
        blank = insert(self._database.dialect, ArchiveHeadRow).values(
            service=self._service, tenant=tenant, position=0, entry_hash=Head().entry_hash
        )
        await session.execute(blank.on_conflict_do_nothing())
        key = (self._service, tenant)
        # Whoever holds this row is the only one who appends to the chain.
        head = await session.get(ArchiveHeadRow, key, with_for_update=True, populate_existing=True)
        if head is None:
            raise LedgerUnavailableError("the archive's head vanished while it was locked")
        return head

    def _append(
        self, session: AsyncSession, head: ArchiveHeadRow, entry: ArchiveEntry
    ) -> ArchiveRow:
        position, before = head.position + 1, head.entry_hash
        digest = hash_of(entry, position, before)
        row = ArchiveRow(
            **_columns(entry),
            service=self._service,
            position=position,
            previous_hash=before,
            entry_hash=digest,
            copies=[],
        )
        session.add(row)
        head.position, head.entry_hash = position, digest
        return row

    async def _row(self, session: AsyncSession, tenant: str, download_id: str) -> ArchiveRow | None:
        query = select(ArchiveRow).where(
            ArchiveRow.service == self._service,
            ArchiveRow.tenant == tenant,
            ArchiveRow.download_id == download_id,
        )
        return cast("ArchiveRow | None", await session.scalar(query))

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        try:
            async with self._database.transaction() as session:
                yield session
        except DatabaseDownError as error:
            raise LedgerUnavailableError(f"the ledger does not answer ({error})") from error


def _erasure(entry: ArchiveEntry, erasure: Erasure, now: datetime) -> ArchiveEntry:
    note = {
        "erases": entry.download_id,
        "by": erasure.by,
        "reason": erasure.reason,
        "legal_basis": erasure.legal_basis,
    }
    return replace(
        entry,
        kind=ERASURE,
        download_id=f"{ERASURE}:{entry.download_id}",
        archived_at=now,
        note=json.dumps(note, sort_keys=True, ensure_ascii=False),
    )


_PLAIN = (
    "tenant", "download_id", "cif", "direction", "kind", "archived_at", "retain_until",
    "upload_index", "document_id", "partner", "number", "issue_date", "seal", "note",
)  # fmt: skip


def _columns(entry: ArchiveEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _PLAIN} | entry.artifact.model_dump(mode="json")


def _link(row: ArchiveRow) -> Link:
    # Unchecked: an entry that was written over must be read, so that it can be told.
    artifact = ArtifactRef.model_construct(
        uri=row.uri, sha256=row.sha256, size=row.size, media_type=row.media_type
    )
    direction = cast("Literal['sent', 'received']", row.direction)
    values = {name: getattr(row, name) for name in _PLAIN} | {"direction": direction}
    values["archived_at"] = row.archived_at.astimezone(UTC)
    return Link(
        ArchiveEntry(**values, artifact=artifact),
        row.position,
        row.previous_hash,
        row.entry_hash,
        row.erased_at,
    )
