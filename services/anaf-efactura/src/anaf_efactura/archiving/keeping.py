"""Keeps what ANAF gave: its bytes in the artifact store, what it is in the archive's index."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from anaf_efactura.archive import MAX_DOCUMENT, Archive, Kind, Seal
from anaf_efactura.invoice import Invoice, NotAnInvoice, cii, from_root
from workers_anaf.romania import today
from workers_anaf.xml import parse
from workers_contracts.types import ArtifactRef
from workers_ledger.archive import Archive as Index
from workers_ledger.chain import ArchiveEntry, Link
from workers_runtime.artifacts import Artifacts

from .copies import Copies

MEDIA_TYPE = "application/zip"
UNREADABLE: Final = "unreadable"
"""Kind of a file that could not be opened when it came."""


@dataclass(frozen=True)
class Owner:
    """Whose document it is, and what is known of it beside its own words."""

    tenant: str
    cif: str
    direction: Literal["sent", "received"] = "sent"
    document_id: str = ""
    number: str | None = None
    issue_date: date | None = None
    upload_index: str = ""
    """As ANAF's list has it; what is in the file itself counts more."""
    made: ArtifactRef | None = None
    """The XML that was made of a JSON invoice and stored: an erasure takes it along."""


@dataclass(frozen=True)
class Download:
    """A file of ANAF's that was opened and judged."""

    download_id: str
    content: bytes
    archive: Archive
    seal: Seal


@dataclass(frozen=True)
class Unopened:
    """A file of ANAF's that cannot be opened: kept as it is, for a person."""

    download_id: str
    content: bytes


class Keeper:
    """Stores downloads; the same one again changes nothing."""

    def __init__(self, artifacts: Artifacts, index: Index, *, retention_years: int) -> None:
        self._artifacts = artifacts
        self._index = index
        self._copies = Copies(artifacts, index)
        self._years = retention_years

    async def keep(self, owner: Owner, download: Download | Unopened) -> Link:
        """Store the bytes, then enter them; a crash between the two is made good by the next try.

        Raises:
            ArtifactStoreError, LedgerUnavailableError: it is tried again.
        """
        known = await self._index.get(owner.tenant, download.download_id)
        if known is not None and known.erased_at is not None:
            await self._note(known, owner.made)
            return known  # erased by law: it does not come back by a second download
        reference = await self._artifacts.put(
            download.content, media_type=MEDIA_TYPE, suffix=".zip"
        )
        # In a thread: sixteen megabytes of invoice take a moment, in which others are served.
        values = await asyncio.to_thread(_values, owner, download)
        link = await self._index.enter(self._entry(owner, download, reference, values))
        if not await self._artifacts.has(reference):
            # Another tenant had the same bytes, and erased them before they were entered here.
            await self._artifacts.put(download.content, media_type=MEDIA_TYPE, suffix=".zip")
        other = reference.sha256 != link.entry.artifact.sha256  # ANAF packed it anew
        await self._note(link, owner.made, reference if other else None)
        return link

    async def _note(self, link: Link, *copies: ArtifactRef | None) -> None:
        for copy in copies:
            if copy is not None:
                await self._copies.noted(link.entry, copy)

    def _entry(
        self,
        owner: Owner,
        download: Download | Unopened,
        reference: ArtifactRef,
        values: dict[str, Any],
    ) -> ArchiveEntry:
        now, issued = datetime.now(UTC), values["issue_date"]
        return ArchiveEntry(
            tenant=owner.tenant,
            download_id=download.download_id,
            cif=owner.cif,
            direction=owner.direction,
            artifact=reference,
            archived_at=now,
            retain_until=retain_until(issued, today(now), self._years),
            document_id=owner.document_id,
            **values,
        )


def retain_until(issued: date | None, archived: date, years: int) -> date:
    """Return the last day to keep a document: the years count from the end of its own year.

    A date of issue in the future, or in the far past, shortens nothing.
    """
    begun = max(issued.year, archived.year) if issued else archived.year
    return date(min(begun + years, 9999), 12, 31)


def _values(owner: Owner, download: Download | Unopened) -> dict[str, Any]:
    """Return what an entry says of the document itself."""
    known = {"number": owner.number, "issue_date": owner.issue_date}
    if isinstance(download, Unopened):
        return known | {"kind": UNREADABLE, "upload_index": owner.upload_index}
    archive, invoice = download.archive, _read(download.archive)
    return {
        "kind": invoice.kind.value if invoice else archive.kind.value,
        "upload_index": archive.index,
        "partner": _partner(invoice, owner.cif),
        "number": ((invoice.number if invoice else None) or owner.number or "")[:255] or None,
        "issue_date": (invoice.issue_date if invoice else None) or owner.issue_date,
        "seal": download.seal.status.value,
    }


def _read(archive: Archive) -> Invoice | None:
    if archive.kind is not Kind.ORIGINAL:
        return None
    root = parse(archive.document, max_bytes=MAX_DOCUMENT)
    if root.tag == cii.ROOT:
        return cii.read_cii(root)
    try:
        return from_root(root)
    except NotAnInvoice:  # a UBL of another version: kept, without what it would say
        return None


def _partner(invoice: Invoice | None, cif: str) -> str:
    if invoice is None:
        return ""
    sides = (invoice.buyer.cui, invoice.seller.cui)
    others = (cui for cui in sides if cui and cui.lstrip("0") != cif.lstrip("0"))
    # A person's code is no name for a company's archive.
    return next((cui for cui in others if len(cui) <= 10), "")
