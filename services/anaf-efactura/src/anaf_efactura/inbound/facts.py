"""What is read from a fetched archive: the facts that its event carries. No I/O."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from anaf_efactura.archive import MAX_DOCUMENT, Archive, Kind, Seal, open_archive, verify_seal
from anaf_efactura.draft import anaf_errors
from anaf_efactura.invoice import Invoice, NotAnInvoice, Party, from_root
from anaf_efactura.invoice.cii import due_date_of as cii_due_date
from anaf_efactura.invoice.cii import read_cii
from anaf_efactura.invoice.reading import read_date
from anaf_efactura.invoice.tree import text
from workers_anaf import xml

_INDEX: Final = re.compile(r"[0-9]{1,20}")
"""Of an upload; a buyer writes what he likes, and an event has its limit."""
MAX_TEXT: Final = 300
MAX_MESSAGE: Final = 60_000
"""Characters of a buyer's message; the event that carries it must stay under the bus's 256 KiB."""

UNREADABLE: Final = (
    "Documentul din arhivă nu a putut fi citit automat. Deschideți arhiva și preluați datele "
    "manual."
)
ERASED: Final = (
    "Arhiva a fost ștearsă conform legii înainte de acest mesaj; fișierul nu mai există."
)
CUT: Final = "Mesajul este mai lung decât încape aici; textul complet este în arhivă."


@dataclass(frozen=True)
class Facts:
    """An archive as it was understood."""

    kind: Kind | None
    """None when the archive cannot be opened."""
    seal: Seal | None
    values: dict[str, Any] = field(default_factory=dict)
    """Fields of the event."""
    problem: str | None = None
    archive: Archive | None = None
    """What was opened; None when it cannot be."""


def read(content: bytes, seals: tuple[bytes, ...], listed_at: datetime, now: datetime) -> Facts:
    """Open a downloaded archive, sealed after it was listed and before now. Raises BadArchive."""
    archive = open_archive(content)
    seal = verify_seal(archive, seals, since=listed_at, at=now)
    return replace(_facts(archive, seal), archive=archive)


def _facts(archive: Archive, seal: Seal) -> Facts:
    match archive.kind:
        case Kind.ERRORS:
            errors = [each.model_dump(mode="json") for each in anaf_errors(archive.errors)]
            return Facts(archive.kind, seal, {"errors": errors})
        case Kind.BUYER_MESSAGE:
            return _message(archive, seal)
        case Kind.ORIGINAL:
            return _invoice(archive, seal)


def unopened() -> Facts:
    """Facts of bytes that cannot be opened: they are kept, and a person is told."""
    return Facts(None, None, {}, UNREADABLE)


def _message(archive: Archive, seal: Seal) -> Facts:
    root = xml.parse(archive.document, max_bytes=MAX_DOCUMENT)
    words = archive.message or ""
    about = xml.attribute(root, "index_incarcare") or ""
    values = {"text": words[:MAX_MESSAGE], "about_index": _INDEX.fullmatch(about) and about}
    problem = CUT if len(words) > MAX_MESSAGE else None if words else UNREADABLE
    return Facts(archive.kind, seal, values, problem)


def _invoice(archive: Archive, seal: Seal) -> Facts:
    digest = hashlib.sha256(archive.document).hexdigest()
    root = xml.parse(archive.document, max_bytes=MAX_DOCUMENT)
    if xml.local_name(root) == "CrossIndustryInvoice":
        invoice, due = read_cii(root), cii_due_date(root)
    else:
        try:
            invoice = from_root(root)
        except NotAnInvoice:  # a UBL of another version: kept, and looked at by a person
            return Facts(archive.kind, seal, {"sha256": digest}, UNREADABLE)
        written = text(root, "cbc:DueDate") or text(root, "cac:PaymentMeans/cbc:PaymentDueDate")
        due = read_date(written)
    return Facts(archive.kind, seal, _header(invoice, due) | {"sha256": digest}, _missing(invoice))


def _header(invoice: Invoice, due: date | None) -> dict[str, Any]:
    totals = invoice.totals
    sums = {
        "net": totals.without_vat,
        "vat": totals.vat,
        "gross": totals.with_vat,
        "payable": totals.payable,
    }
    return {
        "kind": invoice.kind.value,
        "number": _short(invoice.number),
        "issue_date": invoice.issue_date.isoformat() if invoice.issue_date else None,
        "due_date": due.isoformat() if due else None,
        "type_code": _short(invoice.type_code),
        "currency": _short(invoice.currency),
        "seller": _party(invoice.seller),
        "buyer": _party(invoice.buyer),
        "totals": {name: None if each is None else str(each) for name, each in sums.items()},
    }


def _party(party: Party) -> dict[str, Any]:
    values = {
        "name": party.name,
        "cif": party.cui,
        "vat_id": party.vat_id,
        "country": party.country,
    }
    return {name: _short(value) for name, value in values.items()}


def _missing(invoice: Invoice) -> str | None:
    seller = invoice.seller.cui or invoice.seller.vat_id or invoice.seller.name
    known = (invoice.number, invoice.issue_date, seller, invoice.totals.payable)
    return UNREADABLE if any(each in (None, "") for each in known) else None


def _short(value: str | None) -> str | None:
    return value[:MAX_TEXT] if value else None
