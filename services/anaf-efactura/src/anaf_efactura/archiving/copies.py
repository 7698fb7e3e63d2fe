"""Remembers what was made of an archived document, so that an erasure takes it along."""

from anaf_efactura.errors import ArchiveErasedError
from workers_contracts.types import ArtifactRef
from workers_ledger.archive import Archive
from workers_ledger.chain import ArchiveEntry
from workers_runtime.artifacts import Artifacts


class Copies:
    """Notes copies; one that comes too late goes at once."""

    def __init__(self, artifacts: Artifacts, index: Archive) -> None:
        self._artifacts = artifacts
        self._index = index

    async def note(self, entry: ArchiveEntry, copy: ArtifactRef) -> None:
        """Remember a copy of an entry's document.

        Raises:
            ArchiveErasedError: the document was erased meanwhile; the copy is deleted too.
        """
        if not await self.noted(entry, copy):
            raise ArchiveErasedError(
                f"the document {entry.download_id} was erased by law while this was made of it"
            )

    async def noted(self, entry: ArchiveEntry, copy: ArtifactRef) -> bool:
        """Remember a copy, or delete it and return False when its document was erased."""
        if await self._index.note_copy(entry.tenant, entry.download_id, copy):
            return True
        if not await self._index.in_use(copy.sha256):
            await self._artifacts.delete(copy)
        return False
