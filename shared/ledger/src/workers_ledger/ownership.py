"""What an authority lists, and whether the tenant's own documents are behind it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from .database import Database
from .documents import IDS_AT_ONCE
from .inboxes import session_of
from .schema import ANSWERED, LOST, AttemptRow, DocumentRow


class Box(Protocol):
    """Whose box it is: a box itself, or a message in it."""

    @property
    def tenant(self) -> str:
        """The tenant."""

    @property
    def cif(self) -> str:
        """The company."""


LISTED_TO_THE_MINUTE = timedelta(minutes=1)
"""An entry bears the minute; an upload that began in that minute may be behind it."""


@dataclass(frozen=True)
class Refusal:
    """A refusal that the authority lists without naming the document."""

    listed_at: datetime
    state: str
    """Of documents that were refused in the end."""
    fits: Callable[[dict[str, Any]], bool]
    """Whether what is kept of such a document says the same."""


class Ownership:
    """Answers for searches that have an authority's list in hand."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    async def unclaimed(self, box: Box, indexes: Sequence[str]) -> list[str]:
        """Return those of the authority's ids that no upload of the tenant is known to have got."""
        async with session_of(self._database) as session:
            ours = await filed_as(session, self._service, box, indexes)
            ours |= await filed_before(session, self._service, box, indexes)
        return [index for index in indexes if index not in ours]


async def filed_as(
    session: AsyncSession, service: str, box: Box, indexes: Sequence[str]
) -> set[str]:
    """Return those of the authority's ids that documents of the tenant have now."""
    query = select(DocumentRow.authority_id).where(*_theirs(service, box))
    return await _among(session, query, DocumentRow.authority_id, indexes)


async def filed_before(
    session: AsyncSession, service: str, box: Box, indexes: Sequence[str]
) -> set[str]:
    """Return those that an upload of the tenant got, also when its document has another id now.

    A document that was filed again has one, and one that follows an earlier upload.
    """
    joined = AttemptRow.document_id == DocumentRow.id
    query = (
        select(AttemptRow.detail).join(DocumentRow, joined).where(*_theirs(service, box), ANSWERED)
    )
    return await _among(session, query, AttemptRow.detail, indexes)


async def _among(
    session: AsyncSession,
    query: Select[Any],
    column: InstrumentedAttribute[Any],
    indexes: Sequence[str],
) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(indexes), IDS_AT_ONCE):
        some = indexes[start : start + IDS_AT_ONCE]
        found.update(map(str, await session.scalars(query.where(column.in_(some)))))
    return found


async def has_filed(session: AsyncSession, service: str, box: Box, content_sha256: str) -> bool:
    """Say whether the tenant filed exactly these bytes for this company."""
    same = DocumentRow.content_sha256 == content_sha256
    query = select(DocumentRow.id).where(*_theirs(service, box), same)
    return await session.scalar(query.limit(1)) is not None


async def doubted_since(
    session: AsyncSession, service: str, box: Box, *, ended: Iterable[str], after: datetime
) -> datetime | None:
    """Return when the first upload began that may be behind a refusal whose owner is not known.

    Args:
        ended: states of documents of which nothing is in doubt any more.
        after: uploads that began before this moment are left to a person.
    """
    query = _lost(service, box).where(DocumentRow.state.not_in(ended))
    begun = query.where(AttemptRow.started_at > after).order_by(AttemptRow.started_at).limit(1)
    row = (await session.execute(begun)).first()
    return row.AttemptRow.started_at if row else None


async def claim_refusal(
    session: AsyncSession, service: str, box: Box, refusal: Refusal, index: str
) -> bool:
    """Give a refusal's index to the upload whose answer was lost, when there is one it fits.

    From then on that upload is in doubt no more: the next refusal is another one's.
    """
    if await filed_before(session, service, box, [index]):
        return True
    query = _lost(service, box).where(DocumentRow.state == refusal.state)
    begun = query.where(AttemptRow.started_at <= refusal.listed_at + LISTED_TO_THE_MINUTE)
    # Locked: two refusals that are fetched at the same moment must not be given to one upload.
    locked = begun.order_by(AttemptRow.started_at).with_for_update(of=AttemptRow)
    for row in await session.execute(locked):
        if refusal.fits(row.DocumentRow.data):
            row.AttemptRow.outcome, row.AttemptRow.detail = "refused", index
            return True
    return False


def _lost(service: str, box: Box) -> Select[AttemptRow, DocumentRow]:
    """Uploads that have no known answer, each with its document.

    They are few among very many documents.
    """
    joined = AttemptRow.document_id == DocumentRow.id
    # Said so that no index of the documents helps: SQLite would rather go through all of a company.
    of_service = func.coalesce(DocumentRow.service, "") == service
    _, *theirs = _theirs(service, box)
    return (
        select(AttemptRow, DocumentRow)
        .join(DocumentRow, joined)
        .where(LOST, AttemptRow.action.startswith("upload"), of_service, *theirs)
    )


def _theirs(service: str, box: Box) -> tuple[ColumnElement[bool], ...]:
    return (
        DocumentRow.service == service,
        DocumentRow.tenant == box.tenant,
        DocumentRow.cif == box.cif,
    )
