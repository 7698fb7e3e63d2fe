"""What the document says of itself: specification, number, type, currencies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from workers_anaf.xml import Element

from .codes import CURRENCIES
from .document import Document
from .model import Finding, Kind
from .tree import CBC, MAX_VALUE, error, find, find_all, text, where

SPECIFICATION: Final = "urn:cen.eu:en16931:2017#compliant#urn:efactura.mfinante.ro:CIUS-RO:1.0.1"
TYPES: Final = {
    Kind.INVOICE: ("BR-RO-020_1", {"380", "384", "389", "751"}),
    Kind.CREDIT_NOTE: ("BR-RO-020_2", {"381"}),
}
# UNTDID 1001 as EN 16931 divides it: a code of one document is never right in the other.
_CREDIT_NOTE_CODES: Final = {
    "81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532",
}  # fmt: skip


def check(document: Document) -> Iterator[Finding]:
    """Specification, number, type and currency codes."""
    root = document.root
    # Exactly as written: ANAF compares without normalising blanks.
    specification = find(root, "cbc:CustomizationID")
    if specification is not None and specification.text and specification.text != SPECIFICATION:
        seen = specification.text[:MAX_VALUE]
        yield error("BR-RO-001", "BT-24", where(specification), "value", actual=seen)
    number = text(root, "cbc:ID")
    if number and not re.search(r"[0-9]", number):
        yield error("BR-RO-010", "BT-1", where(root, "cbc:ID"))
    yield from _check_type(document)
    yield from _check_currencies(document)
    yield from _check_amount_currencies(document)


def _check_type(document: Document) -> Iterator[Finding]:
    code = text(document.root, document.type_path)
    if not code:
        return
    place = where(document.root, document.type_path)
    if (code in _CREDIT_NOTE_CODES) != (document.kind is Kind.CREDIT_NOTE):
        yield error("BR-CL-01", "BT-3", place, "code", code=code[:10])
    rule, allowed = TYPES[document.kind]
    if code not in allowed:
        yield error(rule, "BT-3", place, "code", code=code[:10])


def _check_currencies(document: Document) -> Iterator[Finding]:
    root, currency, vat_currency = document.root, document.currency, document.vat_currency
    if currency and currency != "RON" and vat_currency != "RON":
        place = where(root, "cbc:TaxCurrencyCode")
        yield error("BR-RO-030", "BT-6", place, "currency", currency=currency[:3])
    for path, rule, term in (
        ("cbc:DocumentCurrencyCode", "BR-CL-04", "BT-5"),
        ("cbc:TaxCurrencyCode", "BR-CL-05", "BT-6"),
    ):
        code = text(root, path)
        if code and code not in CURRENCIES:
            yield error(rule, term, where(root, path), "code", code=code[:10])
    amounts = find_all(root, "cac:TaxTotal/cbc:TaxAmount")
    if vat_currency and all(amount.get("currencyID") != vat_currency for amount in amounts):
        yield error("BR-53", "BT-111", where(root, "cac:TaxTotal/cbc:TaxAmount"))


def _check_amount_currencies(document: Document) -> Iterator[Finding]:
    """Every amount is in the invoice currency, but for the VAT total in the accounting currency."""
    if not document.currency:
        return
    accounting = {
        amount
        for tax_total in find_all(document.root, "cac:TaxTotal")
        if _is_accounting(document, tax_total)
        for amount in tax_total.iter()
    }
    for element in document.root.iter(f"{{{CBC}}}*"):
        if not str(element.tag).endswith("Amount") or element in accounting:
            continue
        currency = element.get("currencyID", "")
        if currency != document.currency:
            place, seen = where(element), {"currency": document.currency[:3]}
            yield error("WRK-CURRENCY", "BT-5", place, "currency", **seen)
            if currency and currency not in CURRENCIES:
                yield error("BR-CL-03", "BT-5", place, "code", code=currency[:10])


def _is_accounting(document: Document, tax_total: Element) -> bool:
    """A VAT total in BT-6; or in RON without a breakdown, when BT-6 itself is what is missing."""
    amount = find(tax_total, "cbc:TaxAmount")
    currency = None if amount is None else amount.get("currencyID")
    bare = find(tax_total, "cac:TaxSubtotal") is None
    return currency is not None and (
        currency == document.vat_currency or (bare and currency == "RON")
    )
