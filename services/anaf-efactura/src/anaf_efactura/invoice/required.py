"""What must be there and not be empty, as one table: EN 16931 and CIUS-RO 1.0.9.

Where ANAF's package forgets the credit note (140-150, 180, 201, 211) the rule is checked for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workers_anaf.xml import Element

from .document import Document
from .model import Finding
from .tree import BUYER, SELLER, error, find, find_all, is_vat, text, vat_registrations, where

_COUNTRY = "cac:Country/cbc:IdentificationCode"
_TAX_REP = "cac:TaxRepresentativeParty"
_DELIVERY = "cac:Delivery/cac:DeliveryLocation/cac:Address"
_REASON = "cbc:AllowanceChargeReason|cbc:AllowanceChargeReasonCode"
_LEGAL_NAME = "cac:PartyLegalEntity/cbc:RegistrationName"
_TOTALS = "cac:LegalMonetaryTotal"

# rule, term, where it is required (empty: the document), what (alternatives parted by |)
REQUIRED: Final = [
    ("BR-01", "BT-24", "", "cbc:CustomizationID"),
    ("BR-02", "BT-1", "", "cbc:ID"),
    ("BR-03", "BT-2", "", "cbc:IssueDate"),
    ("BR-04", "BT-3", "", "TYPE"),
    ("BR-05", "BT-5", "", "cbc:DocumentCurrencyCode"),
    ("BR-06", "BT-27", "", f"{SELLER}/{_LEGAL_NAME}"),
    ("BR-07", "BT-44", "", f"{BUYER}/{_LEGAL_NAME}"),
    ("BR-08", "BG-5", "", f"{SELLER}/cac:PostalAddress"),
    ("BR-09", "BT-40", f"{SELLER}/cac:PostalAddress", _COUNTRY),
    ("BR-10", "BG-8", "", f"{BUYER}/cac:PostalAddress"),
    ("BR-11", "BT-55", f"{BUYER}/cac:PostalAddress", _COUNTRY),
    ("BR-12", "BT-106", "", f"{_TOTALS}/cbc:LineExtensionAmount"),
    ("BR-13", "BT-109", "", f"{_TOTALS}/cbc:TaxExclusiveAmount"),
    ("BR-14", "BT-112", "", f"{_TOTALS}/cbc:TaxInclusiveAmount"),
    ("BR-15", "BT-115", "", f"{_TOTALS}/cbc:PayableAmount"),
    ("BR-16", "BG-25", "", "LINES"),
    ("BR-17", "BT-59", "cac:PayeeParty", "cac:PartyName/cbc:Name"),
    ("BR-18", "BT-62", _TAX_REP, "cac:PartyName/cbc:Name"),
    ("BR-19", "BG-12", _TAX_REP, "cac:PostalAddress"),
    ("BR-20", "BT-69", f"{_TAX_REP}/cac:PostalAddress", _COUNTRY),
    ("BR-21", "BT-126", "LINE", "cbc:ID"),
    ("BR-22", "BT-129", "LINE", "QUANTITY"),
    ("BR-23", "BT-130", "LINE", "QUANTITY/@unitCode"),
    ("BR-24", "BT-131", "LINE", "cbc:LineExtensionAmount"),
    ("BR-25", "BT-153", "LINE", "cac:Item/cbc:Name"),
    ("BR-26", "BT-146", "LINE", "cac:Price/cbc:PriceAmount"),
    ("BR-31", "BT-92", "ALLOWANCE", "cbc:Amount"),
    ("BR-33", "BT-97", "ALLOWANCE", _REASON),
    ("BR-CO-21", "BT-97", "ALLOWANCE", _REASON),
    ("BR-36", "BT-99", "CHARGE", "cbc:Amount"),
    ("BR-38", "BT-104", "CHARGE", _REASON),
    ("BR-CO-22", "BT-104", "CHARGE", _REASON),
    ("BR-41", "BT-136", "LINE-ALLOWANCE", "cbc:Amount"),
    ("BR-42", "BT-139", "LINE-ALLOWANCE", _REASON),
    ("BR-CO-23", "BT-139", "LINE-ALLOWANCE", _REASON),
    ("BR-43", "BT-141", "LINE-CHARGE", "cbc:Amount"),
    ("BR-44", "BT-144", "LINE-CHARGE", _REASON),
    ("BR-CO-24", "BT-144", "LINE-CHARGE", _REASON),
    ("BR-45", "BT-116", "cac:TaxTotal/cac:TaxSubtotal", "cbc:TaxableAmount"),
    ("BR-46", "BT-117", "cac:TaxTotal/cac:TaxSubtotal", "cbc:TaxAmount"),
    ("BR-49", "BT-81", "cac:PaymentMeans", "cbc:PaymentMeansCode"),
    ("BR-52", "BT-122", "cac:AdditionalDocumentReference", "cbc:ID"),
    ("BR-54", "BT-160", "LINE/cac:Item/cac:AdditionalItemProperty", "cbc:Name"),
    ("BR-54", "BT-161", "LINE/cac:Item/cac:AdditionalItemProperty", "cbc:Value"),
    ("BR-55", "BT-25", "cac:BillingReference", "cac:InvoiceDocumentReference/cbc:ID"),
    ("UBL-SR-07", "BT-25", "cac:BillingReference", "cac:InvoiceDocumentReference/cbc:ID"),
    ("BR-57", "BT-80", _DELIVERY, _COUNTRY),
    ("BR-62", "BT-34", f"{SELLER}/cbc:EndpointID", "@schemeID"),
    ("BR-63", "BT-49", f"{BUYER}/cbc:EndpointID", "@schemeID"),
    ("BR-64", "BT-157", "LINE/cac:Item/cac:StandardItemIdentification/cbc:ID", "@schemeID"),
    (
        "BR-65",
        "BT-158",
        "LINE/cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode",
        "@listID",
    ),
    ("BR-CO-18", "BG-23", "", "cac:TaxTotal/cac:TaxSubtotal"),
    ("BR-RO-081", "BT-35", "", f"{SELLER}/cac:PostalAddress/cbc:StreetName"),
    ("BR-RO-082", "BT-50", "", f"{BUYER}/cac:PostalAddress/cbc:StreetName"),
    ("BR-RO-091", "BT-37", "", f"{SELLER}/cac:PostalAddress/cbc:CityName"),
    ("BR-RO-092", "BT-52", "", f"{BUYER}/cac:PostalAddress/cbc:CityName"),
    ("BR-RO-140", "BT-64", f"{_TAX_REP}/cac:PostalAddress", "cbc:StreetName"),
    ("BR-RO-150", "BT-66", f"{_TAX_REP}/cac:PostalAddress", "cbc:CityName"),
    ("BR-RO-180", "BT-75", _DELIVERY, "cbc:StreetName"),
    ("BR-RO-201", "BT-77", _DELIVERY, "cbc:CityName"),
    ("BR-RO-211", "BT-79", _DELIVERY, "cbc:CountrySubentity"),
    # Of the UBL schema, where no rule of EN 16931 asks for it.
    ("WRK-XSD", "BT-110", "cac:TaxTotal", "cbc:TaxAmount"),
    ("WRK-XSD", "", "cac:AllowanceCharge", "cbc:ChargeIndicator"),
    ("WRK-XSD", "", "LINE/cac:AllowanceCharge", "cbc:ChargeIndicator"),
    ("WRK-XSD", "BT-31", f"{SELLER}/cac:PartyTaxScheme", "cac:TaxScheme/cbc:ID"),
    ("WRK-XSD", "BT-48", f"{BUYER}/cac:PartyTaxScheme", "cac:TaxScheme/cbc:ID"),
    ("WRK-XSD", "BT-63", f"{_TAX_REP}/cac:PartyTaxScheme", "cac:TaxScheme/cbc:ID"),
]

# rule, term, where one VAT category must stand, its path
CATEGORIES: Final = [
    ("BR-CO-04", "BT-151", "LINE", "cac:Item/cac:ClassifiedTaxCategory"),
    ("BR-32", "BT-95", "ALLOWANCE", "cac:TaxCategory"),
    ("BR-37", "BT-102", "CHARGE", "cac:TaxCategory"),
    ("BR-47", "BT-118", "cac:TaxTotal/cac:TaxSubtotal", "cac:TaxCategory"),
]


def check(document: Document) -> Iterator[Finding]:
    """Elements that are absent or empty."""
    special = {
        "TYPE": document.type_path,
        "LINES": document.line_path,
        "QUANTITY": document.quantity_path,
    }
    for rule, term, context, child in REQUIRED:
        first, slash, rest = child.partition("/")
        path = special.get(first, first) + slash + rest
        for parent in document.select(context) if context else [document.root]:
            if not any(_has(parent, alternative) for alternative in path.split("|")):
                wanted = path.split("|")[0]
                yield error(rule, term, where(parent, wanted), "element", element=wanted)
    yield from _check_categories(document)
    for representative in find_all(document.root, _TAX_REP):
        if not vat_registrations(representative):
            yield error("BR-56", "BT-63", where(representative))


def _has(parent: Element, path: str) -> bool:
    path, _, attribute = path.partition("@")
    path = path.rstrip("/")
    element = find(parent, path) if path else parent
    if element is None:
        return False
    return bool(element.get(attribute, "").strip()) if attribute else _filled(element)


def _filled(element: Element) -> bool:
    return len(element) > 0 or bool((element.text or "").strip())


def _check_categories(document: Document) -> Iterator[Finding]:
    for rule, term, context, path in CATEGORIES:
        for parent in document.select(context):
            found = [
                item for item in find_all(parent, path) if is_vat(item) and text(item, "cbc:ID")
            ]
            if not found:
                yield error(rule, term, where(parent, path), "element", element=path)
