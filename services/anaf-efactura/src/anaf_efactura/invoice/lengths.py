"""Lengths and counts of CIUS-RO 1.0.9 (BR-RO-L*, BR-RO-A*), as one table.

Lengths count characters after blanks are normalised. Where ANAF's package misses its own intent
(L1017, L1018 measure the reason's code; L1019, A051, A052 cannot fire) the intent is checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .document import Document
from .model import Finding
from .tree import BUYER, SELLER, error, find_all, text_of, where

_SELLER_ADDRESS = f"{SELLER}/cac:PostalAddress"
_BUYER_ADDRESS = f"{BUYER}/cac:PostalAddress"
_TAX_REP = "cac:TaxRepresentativeParty"
_TAX_REP_ADDRESS = f"{_TAX_REP}/cac:PostalAddress"
_DELIVERY = "cac:Delivery/cac:DeliveryLocation/cac:Address"
_LEGAL = "cac:PartyLegalEntity"
_DOCUMENT = "cac:AdditionalDocumentReference"
_NAME = "cac:PartyName/cbc:Name"
_LINE3 = "cac:AddressLine/cbc:Line"

# rule, term, path, longest allowed
LENGTHS: Final = [
    ("BR-RO-L0201", "BT-38", f"{_SELLER_ADDRESS}/cbc:PostalZone", 20),
    ("BR-RO-L0202", "BT-53", f"{_BUYER_ADDRESS}/cbc:PostalZone", 20),
    ("BR-RO-L0203", "BT-67", f"{_TAX_REP_ADDRESS}/cbc:PostalZone", 20),
    ("BR-RO-L0204", "BT-78", f"{_DELIVERY}/cbc:PostalZone", 20),
    ("BR-RO-L0302", "BT-12", "cac:ContractDocumentReference/cbc:ID", 200),
    ("BR-RO-L0303", "BT-13", "cac:OrderReference/cbc:ID", 200),
    ("BR-RO-L0304", "BT-14", "cac:OrderReference/cbc:SalesOrderID", 200),
    ("BR-RO-L0305", "BT-15", "cac:ReceiptDocumentReference/cbc:ID", 200),
    ("BR-RO-L0306", "BT-16", "cac:DespatchDocumentReference/cbc:ID", 200),
    ("BR-RO-L0307", "BT-17", "cac:OriginatorDocumentReference/cbc:ID", 200),
    ("BR-RO-L0308", "BT-122", f"{_DOCUMENT}/cbc:ID", 200),
    ("BR-RO-L0501", "BT-37", f"{_SELLER_ADDRESS}/cbc:CityName", 50),
    ("BR-RO-L0502", "BT-52", f"{_BUYER_ADDRESS}/cbc:CityName", 50),
    ("BR-RO-L0503", "BT-66", f"{_TAX_REP_ADDRESS}/cbc:CityName", 50),
    ("BR-RO-L0504", "BT-77", f"{_DELIVERY}/cbc:CityName", 50),
    ("BR-RO-L0505", "BT-160", "LINE/cac:Item/cac:AdditionalItemProperty/cbc:Name", 50),
    ("BR-RO-L1001", "BT-19", "cbc:AccountingCost", 100),
    ("BR-RO-L1002", "BT-36", f"{_SELLER_ADDRESS}/cbc:AdditionalStreetName", 100),
    ("BR-RO-L1003", "BT-162", f"{_SELLER_ADDRESS}/{_LINE3}", 100),
    ("BR-RO-L1004", "BT-41", f"{SELLER}/cac:Contact/cbc:Name", 100),
    ("BR-RO-L1005", "BT-42", f"{SELLER}/cac:Contact/cbc:Telephone", 100),
    ("BR-RO-L1006", "BT-43", f"{SELLER}/cac:Contact/cbc:ElectronicMail", 100),
    ("BR-RO-L1007", "BT-51", f"{_BUYER_ADDRESS}/cbc:AdditionalStreetName", 100),
    ("BR-RO-L1008", "BT-163", f"{_BUYER_ADDRESS}/{_LINE3}", 100),
    ("BR-RO-L1009", "BT-56", f"{BUYER}/cac:Contact/cbc:Name", 100),
    ("BR-RO-L1010", "BT-57", f"{BUYER}/cac:Contact/cbc:Telephone", 100),
    ("BR-RO-L1011", "BT-58", f"{BUYER}/cac:Contact/cbc:ElectronicMail", 100),
    ("BR-RO-L1012", "BT-65", f"{_TAX_REP_ADDRESS}/cbc:AdditionalStreetName", 100),
    ("BR-RO-L1013", "BT-164", f"{_TAX_REP_ADDRESS}/{_LINE3}", 100),
    ("BR-RO-L1014", "BT-76", f"{_DELIVERY}/cbc:AdditionalStreetName", 100),
    ("BR-RO-L1015", "BT-165", f"{_DELIVERY}/{_LINE3}", 100),
    ("BR-RO-L1016", "BT-82", "cac:PaymentMeans/cbc:PaymentMeansCode/@name", 100),
    ("BR-RO-L1017", "BT-97", "ALLOWANCE/cbc:AllowanceChargeReason", 100),
    ("BR-RO-L1018", "BT-104", "CHARGE/cbc:AllowanceChargeReason", 100),
    (
        "BR-RO-L1019",
        "BT-120",
        "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:TaxExemptionReason",
        100,
    ),
    ("BR-RO-L1020", "BT-123", f"{_DOCUMENT}/cbc:DocumentDescription", 100),
    ("BR-RO-L1021", "BT-133", "LINE/cbc:AccountingCost", 100),
    ("BR-RO-L1022", "BT-139", "LINE-ALLOWANCE/cbc:AllowanceChargeReason", 100),
    ("BR-RO-L1023", "BT-144", "LINE-CHARGE/cbc:AllowanceChargeReason", 100),
    ("BR-RO-L1024", "BT-153", "LINE/cac:Item/cbc:Name", 100),
    ("BR-RO-L1025", "BT-161", "LINE/cac:Item/cac:AdditionalItemProperty/cbc:Value", 100),
    ("BR-RO-L140", "BT-83", "cac:PaymentMeans/cbc:PaymentID", 140),
    ("BR-RO-L151", "BT-35", f"{_SELLER_ADDRESS}/cbc:StreetName", 150),
    ("BR-RO-L152", "BT-50", f"{_BUYER_ADDRESS}/cbc:StreetName", 150),
    ("BR-RO-L153", "BT-64", f"{_TAX_REP_ADDRESS}/cbc:StreetName", 150),
    ("BR-RO-L154", "BT-75", f"{_DELIVERY}/cbc:StreetName", 150),
    ("BR-RO-L155", "BT-1", "cbc:ID", 200),
    ("BR-RO-L156", "BT-25", "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", 200),
    ("BR-RO-L201", "BT-27", f"{SELLER}/{_LEGAL}/cbc:RegistrationName", 200),
    ("BR-RO-L202", "BT-28", f"{SELLER}/{_NAME}", 200),
    ("BR-RO-L203", "BT-44", f"{BUYER}/{_LEGAL}/cbc:RegistrationName", 200),
    ("BR-RO-L204", "BT-45", f"{BUYER}/{_NAME}", 200),
    ("BR-RO-L205", "BT-59", f"cac:PayeeParty/{_NAME}", 200),
    ("BR-RO-L206", "BT-62", f"{_TAX_REP}/{_NAME}", 200),
    ("BR-RO-L207", "BT-70", f"cac:Delivery/cac:DeliveryParty/{_NAME}", 200),
    ("BR-RO-L208", "BT-85", "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:Name", 200),
    ("BR-RO-L209", "BT-88", "cac:PaymentMeans/cac:CardAccount/cbc:HolderName", 200),
    ("BR-RO-L210", "BT-124", f"{_DOCUMENT}/cac:Attachment/cac:ExternalReference/cbc:URI", 200),
    (
        "BR-RO-L211",
        "BT-125-2",
        f"{_DOCUMENT}/cac:Attachment/cbc:EmbeddedDocumentBinaryObject/@filename",
        200,
    ),
    ("BR-RO-L212", "BT-154", "LINE/cac:Item/cbc:Description", 200),
    ("BR-RO-L301", "BT-20", "cac:PaymentTerms/cbc:Note", 300),
    ("BR-RO-L302", "BT-22", "cbc:Note", 300),
    ("BR-RO-L303", "BT-127", "LINE/cbc:Note", 300),
    ("BR-RO-L1000", "BT-33", f"{SELLER}/{_LEGAL}/cbc:CompanyLegalForm", 1000),
]

# rule, group, parent (empty: the document), what is counted under each parent, most allowed
COUNTS: Final = [
    ("BR-RO-A020", "BG-1", "", "cbc:Note", 20),
    ("BR-RO-A051", "BG-24", "", "cac:AdditionalDocumentReference", 50),
    ("BR-RO-A052", "BG-32", "LINE/cac:Item", "cac:AdditionalItemProperty", 50),
    ("BR-RO-A500", "BG-3", "", "cac:BillingReference", 500),
]


def check(document: Document) -> Iterator[Finding]:
    """Texts that are too long and elements that are too many."""
    for rule, term, path, limit in LENGTHS:
        element_path, _, attribute = path.partition("/@")
        for element in document.select(element_path):
            value = " ".join(element.get(attribute, "").split()) if attribute else text_of(element)
            if len(value) > limit:
                place = where(element) + (f"/@{attribute}" if attribute else "")
                yield error(rule, term, place, "length", length=len(value))
    for rule, group, parent_path, counted, limit in COUNTS:
        for parent in document.select(parent_path) if parent_path else [document.root]:
            count = len(find_all(parent, counted))
            if count > limit:
                yield error(rule, group, where(parent), "count", count=count)
