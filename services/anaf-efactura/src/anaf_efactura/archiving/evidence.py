"""The evidence of a document: verify it, have the report printed, pack everything."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from anaf_efactura.errors import ArchiveDamagedError, ArchiveUnknownError
from anaf_efactura.sealing import told_of
from workers_contracts.efactura_archive import CollectPdf, EvidenceReady, ProveInvoice
from workers_contracts.pdf import RenderPdf
from workers_ledger.archive import Archive
from workers_ledger.chain import Link
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.router import Item, Outcome

from .bundle import bundle, extract
from .copies import Copies
from .locating import described, locate
from .proving import Prover, Reading
from .report import report
from .wishes import Wish, Wishes, seed_of

MAX_REPORT_BYTES = 32 * 1024 * 1024


class Evidence:
    """Makes evidence bundles."""

    def __init__(
        self, artifacts: Artifacts, index: Archive, prover: Prover, wishes: Wishes
    ) -> None:
        self._artifacts = artifacts
        self._index = index
        self._prover = prover
        self._wishes = wishes
        self._copies = Copies(artifacts, index)

    async def begin(self, command: ProveInvoice, task: Task) -> Outcome:
        """Verify the document and send its report to be printed."""
        reading = await self._prover.read(await locate(command, task.tenant, self._index))
        # Milliseconds, as it travels: the report is made again from what the follow-up carries.
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        seed = seed_of(task)
        wish = Wish(await asyncio.to_thread(_wanted, reading, now), seed)
        first = CollectPdf(
            purpose="evidence",
            download_id=reading.link.entry.download_id,
            seed=seed,
            wish=wish.message_id,
            asked_at=now,
            round=1,
        )
        return self._wishes.begin(wish, first)

    async def collect(self, command: CollectPdf, task: Task) -> EvidenceReady | Sequence[Item]:
        """Pack the evidence when the report is there, or ask again."""
        pdf = await self._wishes.answer(command, task)
        link = await self._index.get(task.tenant, command.download_id or "")
        if link is None:
            raise ArchiveUnknownError("the archive has no such document", field="download_id")
        if pdf is not None:
            await self._copies.note(link.entry, pdf)
        # Verified once more: what is packed is what was read just now.
        reading = await self._prover.read(link)
        wish = Wish(await asyncio.to_thread(_wanted, reading, command.asked_at), command.seed)
        if pdf is None or wish.message_id != command.wish:
            return self._wishes.go_on(wish, command, task)
        content = await self._artifacts.get(pdf, limit=MAX_REPORT_BYTES)
        return await self._packed(link, reading, content, command.asked_at)

    async def _packed(
        self, link: Link, reading: Reading, pdf: bytes, verified_at: datetime
    ) -> EvidenceReady:
        tenant, archive, seal = link.entry.tenant, reading.archive, reading.seal
        if archive is None or seal is None:
            raise ArchiveDamagedError(f"entry {link.position} has no archive that can be read")
        around = await self._index.chain(tenant, after=max(0, link.position - 2), limit=3)
        told = extract(link, around, await self._index.head(tenant))
        packed, members = await asyncio.to_thread(bundle, reading.content, archive, pdf, told)
        file = await self._artifacts.put(packed, media_type="application/zip", suffix=".zip")
        await self._copies.note(link.entry, file)
        return EvidenceReady(
            number=link.entry.number,
            document=described(link),
            bundle=file,
            members=members,
            intact=reading.intact,
            seal=told_of(seal),
            problems=list(reading.problems),
            verified_at=verified_at,
        )


def _wanted(reading: Reading, verified_at: datetime) -> RenderPdf:
    entry = reading.link.entry
    return RenderPdf(
        template="report",
        data=report(reading, verified_at),
        reference=(entry.number or entry.download_id)[:100],
        deterministic=True,
        created_at=verified_at,
        pdfa="PDF/A-2b",
    )
