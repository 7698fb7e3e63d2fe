"""What an archive's index says of each document, and how its entries are chained by their hashes.

The hash of an entry covers everything that is said of the document and the hash before it: an entry
that was changed, taken out or put in breaks the chain at its place. Where the bytes lie is not
covered, because they may move; their SHA-256 is.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from workers_contracts.types import ArtifactRef

GENESIS: Final = "0" * 64
"""Stands before the first entry of a tenant."""

ERASURE: Final = "erasure"
"""Kind of the entry that says that another one's bytes were erased by law."""


@dataclass(frozen=True)
class ArchiveEntry:
    """What is kept of a document; it never changes."""

    tenant: str
    download_id: str
    """What the authority calls the file; one entry each and tenant."""
    cif: str
    """Whose document it is at the authority."""
    direction: Literal["sent", "received"]
    kind: str
    """For example invoice, credit_note, errors."""
    artifact: ArtifactRef
    """The authority's file, byte for byte."""
    archived_at: datetime
    retain_until: date
    """Last day on which the law wants it kept."""
    upload_index: str = ""
    document_id: str = ""
    """Of the ledger's document, when it was sent from here."""
    partner: str = ""
    """Fiscal code of the other side, when it is known."""
    number: str | None = None
    issue_date: date | None = None
    seal: str = ""
    """What was found of the authority's seal when it was archived."""
    note: str = ""
    """Of an erasure: what, by whom, why, as JSON."""

    def facts(self) -> dict[str, Any]:
        """Return what the hash covers, as JSON values."""
        return {
            "tenant": self.tenant,
            "download_id": self.download_id,
            "cif": self.cif,
            "direction": self.direction,
            "kind": self.kind,
            "sha256": self.artifact.sha256,
            "size": self.artifact.size,
            "media_type": self.artifact.media_type,
            "archived_at": self.archived_at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "retain_until": self.retain_until.isoformat(),
            "upload_index": self.upload_index,
            "document_id": self.document_id,
            "partner": self.partner,
            "number": self.number,
            "issue_date": self.issue_date.isoformat() if self.issue_date else None,
            "seal": self.seal,
            "note": self.note,
        }


@dataclass(frozen=True)
class Link:
    """An entry in its place in the chain."""

    entry: ArchiveEntry
    position: int
    """1 for a tenant's first."""
    previous_hash: str
    entry_hash: str
    erased_at: datetime | None = None
    """When the bytes were erased by law; the entry stays."""

    def extract(self) -> dict[str, Any]:
        """Return what a third person needs to compute the hash again."""
        return {
            "position": self.position,
            "previous_hash": self.previous_hash,
            "facts": self.entry.facts(),
            "entry_hash": self.entry_hash,
        }


@dataclass(frozen=True)
class Head:
    """The end of a tenant's chain: position 0 when there is none."""

    position: int = 0
    entry_hash: str = GENESIS


def hash_of(entry: ArchiveEntry, position: int, previous_hash: str) -> str:
    """Return the hash of an entry at a place.

    SHA-256 of the previous hash, a line break, the position, a line break, and the facts as JSON
    with sorted names, no blanks, in UTF-8.
    """
    facts = json.dumps(
        entry.facts(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(f"{previous_hash}\n{position}\n{facts}".encode()).hexdigest()


def break_at(link: Link, before: Head) -> str | None:
    """Say how a link does not follow what stands before it; None when it does."""
    if link.position != before.position + 1:
        return f"entry {before.position + 1} is missing; the next one is {link.position}"
    if link.previous_hash != before.entry_hash:
        return "it does not follow the entry before it: its previous hash is another one"
    if hash_of(link.entry, link.position, link.previous_hash) != link.entry_hash:
        return "it was changed: its hash is not that of its content"
    return None
