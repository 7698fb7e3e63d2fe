"""The PDF of an invoice: by ANAF's service, or by pdf.render when ANAF's is down or refuses."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from anaf_efactura.answers import Invalid, QueryFailed, Rendered, Unrecognised, ValidationAnswer
from anaf_efactura.archive import MAX_ARCHIVE, BadArchive, Kind, open_archive
from anaf_efactura.client_public import PublicClient
from anaf_efactura.errors import ArchiveUnknownError, NotPrintableError
from anaf_efactura.invoice import Invoice, cii, from_root
from anaf_efactura.invoice.model import Kind as InvoiceKind
from anaf_efactura.sealing import told_of
from anaf_efactura.source import as_utf8
from workers_anaf.xml import MalformedXml, parse
from workers_contracts.efactura import Seal
from workers_contracts.efactura_archive import CollectPdf, InvoiceRendered, RenderInvoice
from workers_contracts.pdf import RenderPdf
from workers_contracts.types import ArtifactRef
from workers_ledger.archive import Archive
from workers_ledger.chain import Link
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import TransientError
from workers_runtime.identity import Task
from workers_runtime.router import Item, Outcome

from .copies import Copies
from .locating import locate
from .plain import without_schema_location
from .proving import Prover
from .wishes import Wish, Wishes, seed_of

MAX_TRANSFORM_BYTES = 5 * 1024 * 1024
"""ANAF's limit for `transformare`."""
PDF = "application/pdf"


@dataclass(frozen=True)
class Printable:
    """An invoice to print: its bytes, its facts, and where pdf.render finds it."""

    content: bytes
    invoice: Invoice
    artifact: ArtifactRef
    link: Link | None = None
    seal: Seal | None = None


@dataclass(frozen=True)
class Why:
    """Why ANAF did not print it."""

    code: str
    text: str


class Printing:
    """Prints invoices."""

    def __init__(
        self,
        artifacts: Artifacts,
        index: Archive,
        prover: Prover,
        public: PublicClient,
        wishes: Wishes,
    ) -> None:
        self._artifacts = artifacts
        self._index = index
        self._prover = prover
        self._public = public
        self._wishes = wishes
        self._copies = Copies(artifacts, index)

    async def print(self, command: RenderInvoice, task: Task) -> Outcome:
        """Let ANAF print it; ask pdf.render when ANAF does not."""
        source = await self._source(command, task)
        done = await self._by_anaf(source) if command.printer == "anaf" else _WANTED
        if isinstance(done, bytes):
            return await self._printed(source, done)
        if source.invoice.kind is InvoiceKind.CII:
            raise NotPrintableError(f"CII is not printed here, and not by ANAF: {done.text}")
        seed, wish = seed_of(task), Wish(_local(source), seed_of(task))
        first = CollectPdf(
            purpose="render",
            download_id=source.link.entry.download_id if source.link else None,
            artifact=None if source.link else source.artifact,
            why_code=done.code,
            why=done.text,
            seed=seed,
            wish=wish.message_id,
            asked_at=datetime.now(UTC),
            round=1,
        )
        return self._wishes.begin(wish, first)

    async def collect(self, command: CollectPdf, task: Task) -> InvoiceRendered | Sequence[Item]:
        """Return the PDF that pdf.render made, or the next question."""
        pdf = await self._wishes.answer(command, task)
        source = await self._again(command, task, pdf)
        if pdf is None:
            return self._wishes.go_on(Wish(_local(source), command.seed), command, task)
        why = Why(command.why_code or "", command.why or "")
        return await self._event(source, pdf, why)

    async def _source(self, command: RenderInvoice, task: Task) -> Printable:
        if command.xml is not None:
            content = as_utf8(command.xml)
            file = await self._artifacts.put(content, media_type="application/xml", suffix=".xml")
            return await asyncio.to_thread(_printable, content, file)
        if command.artifact is not None:
            return await self._stored(command.artifact)
        return await self._archived(await locate(command, task.tenant, self._index))

    async def _again(self, command: CollectPdf, task: Task, pdf: ArtifactRef | None) -> Printable:
        if command.artifact is not None:
            return await self._stored(command.artifact)
        link = await self._index.get(task.tenant, command.download_id or "")
        if link is None:
            raise ArchiveUnknownError("the archive has no such document", field="download_id")
        if pdf is not None:
            await self._copies.note(link.entry, pdf)
        return await self._archived(link)

    async def _stored(self, reference: ArtifactRef) -> Printable:
        content = await self._artifacts.get(reference, limit=MAX_ARCHIVE)
        return await asyncio.to_thread(_printable, content, reference)

    async def _archived(self, link: Link) -> Printable:
        reading = await self._prover.read(link)
        source = await asyncio.to_thread(_printable, reading.content, link.entry.artifact)
        seal = told_of(reading.seal) if reading.seal else None
        return Printable(source.content, source.invoice, source.artifact, link, seal)

    async def _by_anaf(self, source: Printable) -> bytes | Why:
        if source.invoice.kind is InvoiceKind.CII:
            return Why("not_ubl", "ANAF prints UBL only")
        content = await asyncio.to_thread(without_schema_location, source.content)
        if len(content) > MAX_TRANSFORM_BYTES:
            return Why("too_large", f"{len(content)} bytes; ANAF prints up to 5 MB")
        credit_note = source.invoice.kind is InvoiceKind.CREDIT_NOTE
        try:
            answer = await self._public.transform(content, credit_note=credit_note)
        except TransientError as error:
            return Why("anaf_unavailable", str(error))
        return answer.content if isinstance(answer, Rendered) else _why(answer)

    async def _printed(self, source: Printable, content: bytes) -> InvoiceRendered:
        pdf = await self._artifacts.put(content, media_type=PDF, suffix=".pdf")
        return await self._event(source, pdf, None)

    async def _event(self, source: Printable, pdf: ArtifactRef, why: Why | None) -> InvoiceRendered:
        entry = source.link.entry if source.link else None
        if entry is not None:
            await self._copies.note(entry, pdf)
        return InvoiceRendered.model_validate(
            {
                "number": source.invoice.number[:200] or None,
                "issue_date": source.invoice.issue_date,
                "download_id": entry.download_id if entry else None,
                "pdf": pdf,
                "source": "local" if why else "anaf",
                "why_code": why.code if why else None,
                "why": why.text if why else None,
            }
        )


_WANTED = Why("wanted", "the command asked for it")


def _why(answer: ValidationAnswer) -> Why:
    match answer:
        case Invalid(messages):
            return Why("anaf_refused", " | ".join(messages)[:1000])
        case QueryFailed(refusal):
            return Why("anaf_unavailable", refusal.text[:1000])
        case Unrecognised(summary):
            return Why("anaf_unavailable", f"ANAF's answer is not understood: {summary}")
        case _:
            return Why("anaf_unavailable", "ANAF answered without a PDF")


def _printable(content: bytes, artifact: ArtifactRef) -> Printable:
    """Read an invoice, or the one in ANAF's ZIP. Raises NotPrintableError."""
    try:
        document = _document(content)
        root = parse(document)
        invoice = cii.read_cii(root) if root.tag == cii.ROOT else from_root(root)
    except (BadArchive, MalformedXml) as error:
        raise NotPrintableError(f"it cannot be printed: {error}") from None
    return Printable(document, invoice, artifact)


def _document(content: bytes) -> bytes:
    if not content.startswith(b"PK\x03\x04"):
        return content
    archive = open_archive(content)
    if archive.kind is not Kind.ORIGINAL:
        raise NotPrintableError(f"the archive holds no invoice: {archive.kind.value}")
    return archive.document


def _local(source: Printable) -> RenderPdf:
    data: dict[str, Any] = {}
    if source.link is not None:
        entry = source.link.entry
        data = {
            "upload_index": entry.upload_index or None,
            "download_id": entry.download_id,
            "accepted_at": entry.archived_at.isoformat(timespec="milliseconds"),
            "seal": source.seal.model_dump(mode="json") if source.seal else None,
        }
    return RenderPdf(
        template="efactura",
        artifact=source.artifact,
        data=data,
        reference=source.invoice.number[:100] or None,
        deterministic=True,
    )
