"""What an authority lists, and whether the tenant's own documents are behind it."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from .documents import IDS_AT_ONCE
from .schema import AttemptRow, DocumentRow


class Box(Protocol):
    """Whose box it is: a box itself, or a message in it."""

    @property
    def tenant(self) -> str:
        """The tenant."""

    @property
    def cif(self) -> str:
        """The company."""


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
    query = select(AttemptRow.detail).join(DocumentRow, joined).where(*_theirs(service, box))
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


def _theirs(service: str, box: Box) -> tuple[ColumnElement[bool], ...]:
    return (
        DocumentRow.service == service,
        DocumentRow.tenant == box.tenant,
        DocumentRow.cif == box.cif,
    )
