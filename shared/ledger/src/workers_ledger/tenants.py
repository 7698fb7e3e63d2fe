"""Whom a service works for, as far as its ledger shows without a search through all documents."""

from sqlalchemy import select, union

from .database import Database, DatabaseDownError
from .documents import LedgerUnavailableError
from .schema import ArchiveHeadRow
from .schema_inbound import InboxRow


class Tenants:
    """The tenants with an archive, or with a box that is followed."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    async def known(self) -> list[str]:
        """Return them, sorted.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        archives = select(ArchiveHeadRow.tenant).where(ArchiveHeadRow.service == self._service)
        boxes = select(InboxRow.tenant).where(InboxRow.service == self._service)
        try:
            async with self._database.transaction() as session:
                return sorted(await session.scalars(union(archives, boxes)))
        except DatabaseDownError as error:
            raise LedgerUnavailableError(f"the ledger does not answer ({error})") from error
