"""What an authority lists, and whether the tenant's own documents are behind it."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

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


async def filed_under(
    session: AsyncSession, service: str, box: Box, indexes: Sequence[str]
) -> set[str]:
    """Return those of the authority's ids under which the tenant filed for this company."""
    theirs = _theirs(service, box)
    found: set[str] = set()
    for start in range(0, len(indexes), IDS_AT_ONCE):
        some = indexes[start : start + IDS_AT_ONCE]
        now = select(DocumentRow.authority_id).where(*theirs, DocumentRow.authority_id.in_(some))
        # A document that was filed again, or follows an earlier upload, has another id now.
        before = select(AttemptRow.detail).join(
            DocumentRow, DocumentRow.id == AttemptRow.document_id
        )
        found.update(str(each) for each in await session.scalars(now))
        found.update(await session.scalars(before.where(*theirs, AttemptRow.detail.in_(some))))
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
