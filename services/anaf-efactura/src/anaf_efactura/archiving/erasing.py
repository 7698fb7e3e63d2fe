"""Erases a document by law: the bytes go, the entry stays, and the chain says who and why."""

from collections.abc import Callable
from datetime import UTC, datetime

from redis.asyncio import Redis

from anaf_efactura.draft import ERASED
from anaf_efactura.errors import RetentionError
from anaf_efactura.life import State
from workers_anaf.romania import today
from workers_contracts.efactura_archive import EraseArchived, InvoiceErased
from workers_contracts.types import ArtifactRef
from workers_ledger.archive import Archive, Erasure
from workers_ledger.chain import ArchiveEntry, Link
from workers_ledger.forgetting import Traces
from workers_runtime.artifacts import ArtifactChangedError, ArtifactMissingError, Artifacts
from workers_runtime.identity import Task
from workers_runtime.results import forget_answer

from .locating import described, locate

_ENDED = (State.ACCEPTED.value, State.REJECTED.value)


class Eraser:
    """Erases entries of the archive."""

    def __init__(
        self,
        artifacts: Artifacts,
        index: Archive,
        traces: Traces,
        shared: "Redis",
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._artifacts = artifacts
        self._index = index
        self._traces = traces
        self._redis = shared
        self._clock = clock

    async def erase(self, command: EraseArchived, task: Task) -> InvoiceErased:
        """Mark first, delete then: a crash in between is made good by the next try.

        Raises:
            RetentionError: its time is not over, and no legal basis was given.
            ResultsUnavailableError: Redis, which still has the result of its command, is away.
        """
        link = await locate(command, task.tenant, self._index)
        self._require_right(link, command)
        copies = await self._index.copies(task.tenant, link.entry.download_id)
        why = Erasure(command.requested_by, command.reason, command.legal_basis or "")
        erased = await self._index.erase(task.tenant, link.entry.download_id, why, self._clock())
        await self._forget(link.entry)
        gone, kept = await self._delete([link.entry.artifact, *copies])
        return InvoiceErased(
            number=link.entry.number,
            document=described(erased),
            files_deleted=gone,
            files_kept=kept,
        )

    async def _forget(self, entry: ArchiveEntry) -> None:
        reasons = [ERASED.model_dump()]
        command = await self._traces.forget(entry, self._clock(), ended=_ENDED, reasons=reasons)
        if command:
            await forget_answer(self._redis, command, entry.tenant)

    def _require_right(self, link: Link, command: EraseArchived) -> None:
        last = link.entry.retain_until
        if link.erased_at is None and today(self._clock()) <= last and not command.legal_basis:
            raise RetentionError(
                f"the document must be kept until {last}; before that, legal_basis must name the "
                "law or order that allows it",
                field="legal_basis",
            )

    async def _delete(self, files: list[ArtifactRef]) -> tuple[int, int]:
        gone = kept = 0
        for file in files:
            # The store keeps equal bytes once, for whichever tenants have them.
            if await self._index.in_use(file.sha256) or not await self._deleted(file):
                kept += 1
            else:
                gone += 1
        return gone, kept

    async def _deleted(self, file: ArtifactRef) -> bool:
        """Delete a file; put it back when somebody entered the same bytes this moment."""
        try:
            content = await self._artifacts.get(file, limit=file.size)
        except (ArtifactMissingError, ArtifactChangedError):
            content = None
        await self._artifacts.delete(file)
        if content is None or not await self._index.in_use(file.sha256):
            return True
        suffix = file.uri.rpartition(file.sha256)[2]
        await self._artifacts.put(content, media_type=file.media_type, suffix=suffix)
        return False
