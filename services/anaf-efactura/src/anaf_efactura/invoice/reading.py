"""From XML to the few facts of an invoice. Lenient: what is wrong is the business of the rules."""

from __future__ import annotations

import re
from datetime import date

from workers_anaf.xml import Element, MalformedXml, local_name, parse

from .document import Document
from .model import Invoice, Kind, Party, Totals
from .tree import BUYER, ROOTS, SELLER, find, find_all, is_vat, number, number_of, text


class NotAnInvoice(MalformedXml):
    """Well-formed XML with another root than a UBL 2.1 Invoice or CreditNote."""

    def __init__(self, root: Element) -> None:
        """Name the root that was met."""
        name = local_name(root)[:60]
        super().__init__(
            f"the root is {name}, not a UBL 2.1 Invoice or CreditNote, nor CII",
            f"Elementul rădăcină este {name}, nu Invoice sau CreditNote din UBL 2.1, nici CII.",
        )


def read(xml: bytes) -> Invoice:
    """Read an invoice or a credit note. Raises MalformedXml, or NotAnInvoice, which is one too."""
    return from_root(parse(xml))


def from_root(root: Element) -> Invoice:
    """Read an invoice from a parsed tree. Raises NotAnInvoice."""
    kind = ROOTS.get(str(root.tag))
    if kind is None:
        raise NotAnInvoice(root)
    document = Document(root, kind)
    return Invoice(
        kind=kind,
        number=text(root, "cbc:ID"),
        issue_date=read_date(text(root, "cbc:IssueDate")),
        type_code=text(root, document.type_path),
        currency=document.currency,
        seller=_party(find(root, SELLER)),
        buyer=_party(find(root, BUYER)),
        totals=_totals(document),
        line_count=len(document.lines),
    )


def read_date(value: str) -> date | None:
    """A calendar date written `YYYY-MM-DD`, without a zone; None when it is not one."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _party(party: Element | None) -> Party:
    if party is None:
        return Party(None, None, None, None)
    schemes = find_all(party, "cac:PartyTaxScheme")
    vat_id = next((text(item, "cbc:CompanyID") for item in schemes if is_vat(item)), "")
    other = next((text(item, "cbc:CompanyID") for item in schemes if not is_vat(item)), "")
    legal = text(party, "cac:PartyLegalEntity/cbc:CompanyID")
    return Party(
        name=text(party, "cac:PartyLegalEntity/cbc:RegistrationName") or None,
        cui=_digits(vat_id) or _digits(other) or _digits(legal),
        vat_id=vat_id or None,
        country=text(party, "cac:PostalAddress/cac:Country/cbc:IdentificationCode") or None,
    )


def _digits(identifier: str) -> str | None:
    """A CUI or CNP: digits, with or without `RO`; a trade register number is neither."""
    found = re.fullmatch(r"(?:RO)?\s*([0-9]{2,13})", identifier.upper())
    return found[1] if found else None


def _totals(document: Document) -> Totals:
    root, totals = document.root, document.totals
    vat = next(
        (
            number_of(amount)
            for amount in find_all(root, "cac:TaxTotal/cbc:TaxAmount")
            if amount.get("currencyID", document.currency) == document.currency
        ),
        None,
    )
    if totals is None:
        return Totals(None, None, vat, None, None)
    return Totals(
        lines=number(totals, "cbc:LineExtensionAmount"),
        without_vat=number(totals, "cbc:TaxExclusiveAmount"),
        vat=vat,
        with_vat=number(totals, "cbc:TaxInclusiveAmount"),
        payable=number(totals, "cbc:PayableAmount"),
    )


__all__ = ["Invoice", "Kind", "NotAnInvoice", "from_root", "read", "read_date"]
