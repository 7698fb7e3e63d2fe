"""Takes what the ledger itself says of an erased document out of it, and keeps that it existed."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from .chain import ArchiveEntry
from .database import Database, DatabaseDownError
from .documents import LedgerUnavailableError
from .schema import DocumentRow
from .schema_inbound import InboundRow


class Traces:
    """The rows of one service that an entry of the archive belongs to."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    async def forget(
        self,
        entry: ArchiveEntry,
        now: datetime,
        *,
        ended: Collection[str],
        reasons: list[dict[str, Any]],
    ) -> str:
        """Mark the document as erased, and empty the message that brought it.

        Idempotent: the first moment stays.

        Args:
            entry: of the archive.
            now: the present moment.
            ended: states in which nothing of the document is asked for any more.
            reasons: what stands in place of the authority's, which may quote the document.

        Returns:
            The id of the command that filed it; empty when it was not filed from here.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        try:
            async with self._database.transaction() as session:
                await session.execute(self._emptied(entry))
                return await self._marked(session, entry, now, ended, reasons)
        except DatabaseDownError as error:
            raise LedgerUnavailableError(f"the ledger does not answer ({error})") from error

    def _emptied(self, entry: ArchiveEntry) -> Any:
        return (
            update(InboundRow)
            .where(
                InboundRow.service == self._service,
                InboundRow.tenant == entry.tenant,
                InboundRow.cif == entry.cif,
                InboundRow.message_id == entry.download_id,
            )
            .values(data={})
        )

    async def _marked(
        self,
        session: AsyncSession,
        entry: ArchiveEntry,
        now: datetime,
        ended: Collection[str],
        reasons: list[dict[str, Any]],
    ) -> str:
        row = await session.get(DocumentRow, entry.document_id, with_for_update=True)
        if row is None or row.service != self._service or row.tenant != entry.tenant:
            return ""
        # The number may have been filed again since: then this is another document's row.
        if row.state not in ended or row.data.get("download_id") != entry.download_id:
            return ""
        if "erased_at" not in row.data:
            kept = row.data | ({"errors": reasons} if row.data.get("errors") else {})
            row.data = kept | {"erased_at": now.isoformat(timespec="milliseconds")}
            row.version += 1
            row.updated_at = now
        return str(row.data.get("command", ""))
