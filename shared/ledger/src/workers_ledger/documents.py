"""The life cycle of documents: opened once, changed only through attempts and transitions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from workers_runtime.errors import TransientError
from workers_runtime.identity import derived_id

from .database import Database, DatabaseDownError
from .schema import AttemptRow, DocumentRow, SightingRow

IDS_AT_ONCE = 500
"""Values of one question; SQLite takes a limited number."""


class LedgerUnavailableError(TransientError):
    """The ledger's database does not answer; nothing was sent to the authority."""

    code = "ledger_unavailable"


class LedgerConflictError(TransientError):
    """Another worker changed the document meanwhile; the command is handled again."""

    code = "ledger_conflict"


@dataclass(frozen=True)
class Document:
    """A document as it was read; changes go through `Documents`."""

    id: str
    service: str
    tenant: str
    business_key: str
    content_sha256: str
    state: str
    version: int = 1
    cif: str = ""
    number: str | None = None
    issue_date: date | None = None
    authority_id: str | None = None
    deadline: datetime | None = None
    unknown_since: datetime | None = None
    correlation_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Attempt:
    """One try at an outside effect."""

    id: int
    action: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    detail: str


_FIXED = {"id", "service", "tenant", "business_key", "version", "created_at", "updated_at"}
_FIELDS = tuple(each.name for each in fields(Document))


class Documents:
    """Reads and changes the documents of one service."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    async def open(self, document: Document) -> tuple[Document, bool]:
        """Return the document with this business key; stores ``document`` when there is none.

        Returns:
            The stored document, and True when it was made by this call.
        """
        try:
            async with self._database.transaction() as session:
                known = await self._find(session, document.tenant, document.business_key)
                if known is not None:
                    return _value(known), False
                row = DocumentRow(**_columns(document), created_at=_now(), updated_at=_now())
                session.add(row)
                await session.flush()
                return _value(row), True
        except IntegrityError:
            # Another worker opened it between our look and our insert.
            return await self.open(document)
        except DatabaseDownError as error:
            raise _unavailable(error) from error

    async def find(self, tenant: str, business_key: str) -> Document | None:
        """Return the document with this business key."""
        try:
            async with self._database.transaction() as session:
                row = await self._find(session, tenant, business_key)
                return _value(row) if row else None
        except DatabaseDownError as error:
            raise _unavailable(error) from error

    async def get(self, document_id: str) -> Document | None:
        """Return a document by its id."""
        try:
            async with self._database.transaction() as session:
                row = await session.get(DocumentRow, document_id)
                return _value(row) if row and row.service == self._service else None
        except DatabaseDownError as error:
            raise _unavailable(error) from error

    async def owners(self, authority_ids: Sequence[str]) -> dict[str, str]:
        """Return the id of the document behind each of the authority's ids that is known."""
        owners: dict[str, str] = {}
        for start in range(0, len(authority_ids), IDS_AT_ONCE):
            some = authority_ids[start : start + IDS_AT_ONCE]
            query = select(DocumentRow.authority_id, DocumentRow.id).where(
                DocumentRow.service == self._service, DocumentRow.authority_id.in_(some)
            )
            try:
                async with self._database.transaction() as session:
                    rows = await session.execute(query)
                    owners.update({str(authority_id): own for authority_id, own in rows})
            except DatabaseDownError as error:
                raise _unavailable(error) from error
        return owners

    async def sightings(self, authority_ids: Sequence[str]) -> dict[str, str]:
        """Return the digest of what the authority holds under each id that was looked into."""
        found: dict[str, str] = {}
        for start in range(0, len(authority_ids), IDS_AT_ONCE):
            some = authority_ids[start : start + IDS_AT_ONCE]
            query = select(SightingRow.authority_id, SightingRow.content_sha256).where(
                SightingRow.service == self._service, SightingRow.authority_id.in_(some)
            )
            try:
                async with self._database.transaction() as session:
                    rows = await session.execute(query)
                    found.update({str(authority_id): digest for authority_id, digest in rows})
            except DatabaseDownError as error:
                raise _unavailable(error) from error
        return found

    async def sighted(self, authority_id: str, content_sha256: str) -> None:
        """Remember what the authority holds under an id; empty when nothing can be read."""
        row = SightingRow(
            service=self._service,
            authority_id=authority_id,
            content_sha256=content_sha256,
            seen_at=_now(),
        )
        try:
            async with self._database.transaction() as session:
                await session.merge(row)
        except IntegrityError:
            return  # another worker saw the same
        except DatabaseDownError as error:
            raise _unavailable(error) from error

    async def by_authority_id(self, tenant: str, authority_id: str) -> Document | None:
        """Return the tenant's document that the authority knows under this id."""
        query = select(DocumentRow).where(
            DocumentRow.service == self._service,
            DocumentRow.tenant == tenant,
            DocumentRow.authority_id == authority_id,
        )
        try:
            async with self._database.transaction() as session:
                row: DocumentRow | None = await session.scalar(query.limit(1))
                return _value(row) if row else None
        except DatabaseDownError as error:
            raise _unavailable(error) from error

    async def numbered(self, tenant: str, cif: str, number: str) -> list[Document]:
        """Return the tenant's documents of this fiscal code with this number, oldest first."""
        query = select(DocumentRow).where(
            DocumentRow.service == self._service,
            DocumentRow.cif == cif,
            DocumentRow.number == number,
            DocumentRow.tenant == tenant,
        )
        try:
            async with self._database.transaction() as session:
                rows = await session.scalars(query.order_by(DocumentRow.created_at))
                return [_value(row) for row in rows]
        except DatabaseDownError as error:
            raise _unavailable(error) from error

    async def change(self, document: Document, **values: Any) -> Document:
        """Store new values of a document that nobody changed since it was read.

        Raises:
            LedgerConflictError: somebody did.
        """
        if _FIXED & values.keys():
            raise ValueError(f"these fields never change: {sorted(_FIXED & values.keys())}")
        try:
            async with self._database.transaction() as session:
                row = await self._locked(session, document)
                _assign(row, values)
                await session.flush()
                return _value(row)
        except DatabaseDownError as error:
            raise _unavailable(error) from error

    async def begin(self, document: Document, action: str, *, state: str) -> tuple[Document, int]:
        """Record the intent of an outside effect, before it; returns the attempt's number."""
        try:
            async with self._database.transaction() as session:
                row = await self._locked(session, document)
                attempt = AttemptRow(
                    document_id=row.id, action=action, started_at=_now(), detail=""
                )
                session.add(attempt)
                _assign(row, {"state": state})
                await session.flush()
                return _value(row), attempt.id
        except DatabaseDownError as error:
            raise _unavailable(error) from error

    async def end(
        self, document: Document, attempt: int, *, outcome: str, detail: str = "", **values: Any
    ) -> Document:
        """Record how an effect ended, together with what it changes in the document."""
        try:
            async with self._database.transaction() as session:
                row = await self._locked(session, document)
                started = await session.get(AttemptRow, attempt)
                if started is not None:
                    started.ended_at, started.outcome, started.detail = (
                        _now(),
                        outcome,
                        detail[:2000],
                    )
                _assign(row, values)
                await session.flush()
                return _value(row)
        except DatabaseDownError as error:
            raise _unavailable(error) from error

    async def attempts(self, document_id: str) -> list[Attempt]:
        """Return the attempts of a document, oldest first."""
        query = select(AttemptRow).where(AttemptRow.document_id == document_id)
        try:
            async with self._database.transaction() as session:
                rows = list(await session.scalars(query.order_by(AttemptRow.id)))
        except DatabaseDownError as error:
            raise _unavailable(error) from error
        return [
            Attempt(r.id, r.action, r.started_at, r.ended_at, r.outcome, r.detail) for r in rows
        ]

    async def _find(self, session: AsyncSession, tenant: str, key: str) -> DocumentRow | None:
        query = select(DocumentRow).where(
            DocumentRow.service == self._service,
            DocumentRow.tenant == tenant,
            DocumentRow.business_key == key,
        )
        row: DocumentRow | None = await session.scalar(query)
        return row

    async def _locked(self, session: AsyncSession, document: Document) -> DocumentRow:
        row = await session.get(DocumentRow, document.id, with_for_update=True)
        if row is None or row.version != document.version:
            raise LedgerConflictError("the document was changed by another worker", retry_after=1)
        return row


def new_document(service: str, *, tenant: str, business_key: str, **values: Any) -> Document:
    """Return a document that is not stored yet; the same business key makes the same id."""
    blank = Document(
        id=derived_id("document", service, tenant, business_key),
        service=service,
        tenant=tenant,
        business_key=business_key,
        content_sha256="",
        state="new",
    )
    return replace(blank, **values)


def _assign(row: DocumentRow, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = _now()


def _columns(document: Document) -> dict[str, Any]:
    skipped = {"created_at", "updated_at"}
    return {name: getattr(document, name) for name in _FIELDS if name not in skipped}


def _value(row: DocumentRow) -> Document:
    return Document(**{name: getattr(row, name) for name in _FIELDS})


def _unavailable(error: Exception) -> LedgerUnavailableError:
    return LedgerUnavailableError(f"the ledger does not answer ({error})")


def _now() -> datetime:
    return datetime.now(UTC)
