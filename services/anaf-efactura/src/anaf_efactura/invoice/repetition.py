"""What EN 16931 allows once where UBL allows it often (UBL-SR-*), and parts that belong together.

UBL-SR-51 to 53 came after the release that ANAF's package 1.0.9 stands on: they are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workers_anaf.xml import Element

from .document import Document
from .model import Finding, Kind
from .tree import (
    BUYER,
    CAC,
    SELLER,
    error,
    find,
    find_all,
    is_vat,
    text,
    text_of,
    vat_registrations,
    warning,
    where,
)

_LEGAL = "cac:PartyLegalEntity"
_PAYEE = "cac:PayeeParty"
_TAX_REP = "cac:TaxRepresentativeParty"
_BILLING = "cac:BillingReference"
_DOCUMENT = "cac:AdditionalDocumentReference"
_REASON = "cbc:AllowanceChargeReason"
_SUBTOTAL = "cac:TaxTotal/cac:TaxSubtotal"

# rule, term, parent (empty: the document; the places of Document.select), what may be there once
ONCE: Final = [
    ("UBL-SR-01", "BT-12", "", "cac:ContractDocumentReference/cbc:ID"),
    ("UBL-SR-02", "BT-15", "", "cac:ReceiptDocumentReference/cbc:ID"),
    ("UBL-SR-03", "BT-16", "", "cac:DespatchDocumentReference/cbc:ID"),
    ("UBL-SR-05", "BT-20", "", "cac:PaymentTerms/cbc:Note"),
    ("UBL-SR-06", "BT-25", _BILLING, "cac:InvoiceDocumentReference"),
    ("UBL-SR-08", "BG-14", "", "cac:InvoicePeriod"),
    ("UBL-SR-09", "BT-27", "", f"{SELLER}/{_LEGAL}/cbc:RegistrationName"),
    ("UBL-SR-10", "BT-28", "", f"{SELLER}/cac:PartyName/cbc:Name"),
    ("UBL-SR-11", "BT-30", "", f"{SELLER}/{_LEGAL}/cbc:CompanyID"),
    ("UBL-SR-14", "BT-33", "", f"{SELLER}/{_LEGAL}/cbc:CompanyLegalForm"),
    ("UBL-SR-15", "BT-44", "", f"{BUYER}/{_LEGAL}/cbc:RegistrationName"),
    ("UBL-SR-16", "BT-46", "", f"{BUYER}/cac:PartyIdentification/cbc:ID"),
    ("UBL-SR-17", "BT-47", "", f"{BUYER}/{_LEGAL}/cbc:CompanyID"),
    ("UBL-SR-19", "BT-59", _PAYEE, "cac:PartyName/cbc:Name"),
    ("UBL-SR-21", "BT-61", _PAYEE, f"{_LEGAL}/cbc:CompanyID"),
    ("UBL-SR-22", "BT-62", _TAX_REP, "cac:PartyName/cbc:Name"),
    ("UBL-SR-24", "BG-13", "", "cac:Delivery"),
    ("UBL-SR-25", "BT-70", "cac:Delivery", "cac:DeliveryParty/cac:PartyName/cbc:Name"),
    ("UBL-SR-26", "BT-83", "cac:PaymentMeans", "cbc:PaymentID"),
    ("UBL-SR-28", "BT-89", "cac:PaymentMeans", "cac:PaymentMandate/cbc:ID"),
    ("UBL-SR-30", "BT-97", "ALLOWANCE", _REASON),
    ("UBL-SR-30", "BT-139", "LINE-ALLOWANCE", _REASON),
    ("UBL-SR-31", "BT-104", "CHARGE", _REASON),
    ("UBL-SR-31", "BT-144", "LINE-CHARGE", _REASON),
    ("UBL-SR-32", "BT-120", _SUBTOTAL, "cac:TaxCategory/cbc:TaxExemptionReason"),
    ("UBL-SR-33", "BT-123", _DOCUMENT, "cbc:DocumentDescription"),
    ("UBL-SR-34", "BT-127", "LINE", "cbc:Note"),
    ("UBL-SR-35", "BT-132", "LINE", "cac:OrderLineReference/cbc:LineID"),
    ("UBL-SR-36", "BG-26", "LINE", "cac:InvoicePeriod"),
    ("UBL-SR-37", "BT-147", "LINE", "cac:Price/cac:AllowanceCharge/cbc:Amount"),
    ("UBL-SR-39", "BT-11", "", "cac:ProjectReference/cbc:ID"),
    ("UBL-SR-40", "BT-45", "", f"{BUYER}/cac:PartyName/cbc:Name"),
    ("UBL-SR-45", "BT-9", "", "cac:PaymentMeans/cbc:PaymentDueDate"),
    ("UBL-SR-49", "BT-8", "", "cac:InvoicePeriod/cbc:DescriptionCode"),
    ("UBL-SR-50", "BT-154", "LINE", "cac:Item/cbc:Description"),
    ("UBL-SR-52", "BT-128", "LINE", "cac:DocumentReference"),
]
_NEWER: Final = {"UBL-SR-51", "UBL-SR-52", "UBL-SR-53"}
_OBJECT: Final = "130"
"""The document type of an invoiced object (BT-18)."""


def check(document: Document) -> Iterator[Finding]:
    """What is there more than once, and what stands at the wrong document reference."""
    for rule, term, context, path in ONCE:
        for parent in document.select(context) if context else [document.root]:
            found = find_all(parent, path)
            if len(found) > 1:
                yield _found(rule, term, where(found[1]), len(found))
    yield from _check_registrations(document)
    yield from _check_payment(document)
    yield from _check_addresses(document)
    yield from _check_objects(document)


def _found(rule: str, term: str, place: str, count: int) -> Finding:
    report = warning if rule in _NEWER else error
    return report(rule, term, place, "count", count=count)


def _check_registrations(document: Document) -> Iterator[Finding]:
    """One VAT identifier a party, one other registration of the seller."""
    seller, buyer = find(document.root, SELLER), find(document.root, BUYER)
    schemes = [] if seller is None else find_all(seller, "cac:PartyTaxScheme")
    others = [
        item for item in schemes if not is_vat(item) and find(item, "cbc:CompanyID") is not None
    ]
    for rule, term, found in (
        ("UBL-SR-12", "BT-31", vat_registrations(seller)),
        ("UBL-SR-13", "BT-32", others),
        ("UBL-SR-18", "BT-48", vat_registrations(buyer)),
    ):
        if len(found) > 1:
            yield _found(rule, term, where(found[1]), len(found))
    if len(schemes) > 2:
        yield _found("UBL-SR-42", "BT-31", where(schemes[2]), len(schemes))
    for scheme in document.root.iter(f"{{{CAC}}}PartyTaxScheme"):
        if find(scheme, "cbc:CompanyID") is None:
            place = where(scheme, "cbc:CompanyID")
            yield warning("UBL-SR-53", "", place, "element", element="cbc:CompanyID")


def _check_payment(document: Document) -> Iterator[Finding]:
    """Several payment means may stand in an invoice when they agree."""
    means = find_all(document.root, "cac:PaymentMeans")
    for rule, term, path in (
        ("UBL-SR-44", "BT-83", "cbc:PaymentID"),
        ("UBL-SR-47", "BT-81", "cbc:PaymentMeansCode"),
    ):
        values = {text_of(element) for item in means for element in find_all(item, path)}
        if len(values) > 1:
            place = where(document.root, f"cac:PaymentMeans/{path}")
            yield _found(rule, term, place, len(values))
    named = [item for item in means if _named(item)]
    if len(named) > 1:
        place = where(named[1], "cbc:PaymentMeansCode/@name")
        yield _found("UBL-SR-46", "BT-82", place, len(named))


def _named(means: Element) -> bool:
    code = find(means, "cbc:PaymentMeansCode")
    return code is not None and code.get("name") is not None


def _check_addresses(document: Document) -> Iterator[Finding]:
    for tag in ("PostalAddress", "Address"):
        for address in document.root.iter(f"{{{CAC}}}{tag}"):
            lines = find_all(address, "cac:AddressLine")
            if len(lines) > 1:
                yield _found("UBL-SR-51", "BT-162", where(lines[1]), len(lines))
    ids = [
        element
        for element in document.root.iter(f"{{{CAC}}}PartyIdentification")
        if ((identifier := find(element, "cbc:ID")) is not None)
        and identifier.get("schemeID", "").upper() == "SEPA"
    ]
    if len(ids) > 1:
        yield _found("UBL-SR-29", "BT-90", where(ids[1]), len(ids))


def _check_objects(document: Document) -> Iterator[Finding]:
    """The invoiced object (BT-18) is a document reference of type 130, with nothing but an id."""
    references = find_all(document.root, _DOCUMENT)
    objects = [item for item in references if text(item, "cbc:DocumentTypeCode") == _OBJECT]
    if len(objects) > 1:
        yield _found("UBL-SR-04", "BT-18", where(objects[1]), len(objects))
    for item in objects:
        for rule, path in (
            ("UBL-CR-666", "cac:Attachment"),
            ("UBL-CR-673", "cbc:DocumentDescription"),
        ):
            extra = find(item, path)
            if extra is not None:
                yield error(rule, "BT-18", where(extra))
    for item in references:
        yield from _check_type(document, item)


def _check_type(document: Document, reference: Element) -> Iterator[Finding]:
    code = find(reference, "cbc:DocumentTypeCode")
    allowed = {_OBJECT} if document.kind is Kind.INVOICE else {_OBJECT, "50"}
    identifier = find(reference, "cbc:ID")
    scheme = identifier is not None and identifier.get("schemeID") is not None
    if (code is not None or scheme) and text_of(code) not in allowed:
        yield error("UBL-SR-43", "BT-18", where(reference, "cbc:DocumentTypeCode"))
