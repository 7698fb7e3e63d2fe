"""Finds the one entry that a command means, in the archive of its own tenant."""

from anaf_efactura.errors import ArchiveAmbiguousError, ArchiveUnknownError
from workers_contracts.efactura_archive import ArchivedDocument, OfArchive
from workers_ledger.archive import Archive, Wanted
from workers_ledger.chain import Link

_NO_INVOICE = {"errors", "buyer_message"}
_MOST = 50
PAGE_BYTES = 200_000
"""Of a page of entries; a message has 256 KiB."""


async def locate(command: OfArchive, tenant: str, index: Archive) -> Link:
    """Return the entry of a command's document.

    Where a number was refused first and accepted later, the accepted one is meant.

    Raises:
        ArchiveUnknownError, ArchiveAmbiguousError: none, or more than one.
    """
    wanted = Wanted(
        cif=command.cif,
        number=command.number,
        issued_from=command.issue_date,
        issued_to=command.issue_date,
        download_id=command.download_id,
        upload_index=command.upload_index,
        document_id=command.document_id,
    )
    links = await index.find(tenant, wanted, limit=_MOST)
    if len(links) > 1:
        links = [one for one in links if one.entry.kind not in _NO_INVOICE] or links
    if len(links) == 1:
        return links[0]
    field = _field(command)
    if not links:
        raise ArchiveUnknownError(
            f"{field}: this tenant's archive has no such document; `efactura.find` lists what is "
            "there, and a document enters it when ANAF has decided",
            field=field,
        )
    ids = ", ".join(f"{one.entry.download_id} ({one.entry.issue_date})" for one in links[:10])
    raise ArchiveAmbiguousError(
        f"{field}: {len(links)} documents; name one by download_id: {ids}", field=field
    )


def _field(command: OfArchive) -> str:
    names = ("document_id", "upload_index", "download_id", "number")
    return next(name for name in names if getattr(command, name) is not None)


def fitting(documents: list[ArchivedDocument]) -> list[ArchivedDocument]:
    """Return as many of the first as a message has room for: one at least."""
    room, page = PAGE_BYTES, documents[:1]
    for document in documents[1:]:
        room -= len(document.model_dump_json().encode()) + 1
        if room < 0:
            break
        page.append(document)
    return page


def described(link: Link) -> ArchivedDocument:
    """Return an entry as other teams see it."""
    entry = link.entry
    return ArchivedDocument(
        position=link.position,
        entry_hash=link.entry_hash,
        direction=entry.direction,
        kind=entry.kind,
        cif=entry.cif,
        partner=entry.partner or None,
        number=entry.number,
        issue_date=entry.issue_date,
        upload_index=entry.upload_index or None,
        download_id=entry.download_id,
        document_id=entry.document_id or None,
        archive=entry.artifact,
        seal=entry.seal,
        archived_at=entry.archived_at,
        retain_until=entry.retain_until,
        erased_at=link.erased_at,
    )
