"""Order and repetition of elements, as the UBL 2.1 schema has them.

The schema itself is applied by ANAF; here are the aggregates that an invoice of CIUS-RO uses, since
an element out of order is the usual mistake and ANAF's text for it names a parser, not the mistake.
Names that are not listed are left to ANAF.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workers_anaf.xml import Element, local_name

from .document import Document
from .model import Finding
from .tree import error, where

_HEAD = (
    "UBLExtensions UBLVersionID CustomizationID ProfileID ProfileExecutionID ID CopyIndicator UUID"
)
_MONEY = (
    "DocumentCurrencyCode TaxCurrencyCode PricingCurrencyCode PaymentCurrencyCode "
    "PaymentAlternativeCurrencyCode AccountingCostCode AccountingCost LineCountNumeric "
    "BuyerReference InvoicePeriod*"
)
_PARTIES = (
    "AccountingSupplierParty AccountingCustomerParty PayeeParty BuyerCustomerParty "
    "SellerSupplierParty TaxRepresentativeParty Delivery* DeliveryTerms* PaymentMeans* "
    "PaymentTerms*"
)
_RATES = "TaxExchangeRate PricingExchangeRate PaymentExchangeRate PaymentAlternativeExchangeRate"
_LINE = "UUID Note* {} LineExtensionAmount TaxPointDate AccountingCostCode AccountingCost"
_CATEGORY = "ID Name Percent TaxExemptionReasonCode TaxExemptionReason* TaxScheme"
_ADDRESS = (
    "ID AddressTypeCode AddressFormatCode Postbox Floor Room StreetName AdditionalStreetName "
    "BlockName BuildingName BuildingNumber InhouseMail Department MarkAttention MarkCare "
    "PlotIdentification CitySubdivisionName CityName PostalZone CountrySubentity "
    "CountrySubentityCode Region District TimezoneOffset AddressLine* Country LocationCoordinate*"
)

# A star marks what may repeat.
ORDER: Final = {
    "Invoice": f"{_HEAD} IssueDate IssueTime DueDate InvoiceTypeCode Note* TaxPointDate {_MONEY} "
    "OrderReference BillingReference* DespatchDocumentReference* ReceiptDocumentReference* "
    "StatementDocumentReference* OriginatorDocumentReference* ContractDocumentReference* "
    f"AdditionalDocumentReference* ProjectReference* Signature* {_PARTIES} PrepaidPayment* "
    f"AllowanceCharge* {_RATES} TaxTotal* WithholdingTaxTotal* LegalMonetaryTotal InvoiceLine*",
    "CreditNote": f"{_HEAD} IssueDate IssueTime TaxPointDate CreditNoteTypeCode Note* {_MONEY} "
    "DiscrepancyResponse* OrderReference BillingReference* DespatchDocumentReference* "
    "ReceiptDocumentReference* ContractDocumentReference* AdditionalDocumentReference* "
    f"StatementDocumentReference* OriginatorDocumentReference* Signature* {_PARTIES} {_RATES} "
    "AllowanceCharge* TaxTotal* LegalMonetaryTotal CreditNoteLine*",
    "Party": "MarkCareIndicator MarkAttentionIndicator WebsiteURI LogoReferenceID EndpointID "
    "IndustryClassificationCode PartyIdentification* PartyName* Language PostalAddress "
    "PhysicalLocation PartyTaxScheme* PartyLegalEntity* Contact Person*",
    "PostalAddress": _ADDRESS,
    "Address": _ADDRESS,
    "PartyTaxScheme": "RegistrationName CompanyID TaxLevelCode ExemptionReasonCode "
    "ExemptionReason* RegistrationAddress TaxScheme",
    "PartyLegalEntity": "RegistrationName CompanyID RegistrationDate RegistrationExpirationDate "
    "CompanyLegalFormCode CompanyLegalForm",
    "Contact": "ID Name Telephone Telefax ElectronicMail Note*",
    "InvoicePeriod": "StartDate StartTime EndDate EndTime DurationMeasure DescriptionCode*",
    "PaymentMeans": "ID PaymentMeansCode PaymentDueDate PaymentChannelCode InstructionID "
    "InstructionNote* PaymentID* CardAccount PayerFinancialAccount PayeeFinancialAccount "
    "CreditAccount PaymentMandate TradeFinancing",
    "AllowanceCharge": "ID ChargeIndicator AllowanceChargeReasonCode AllowanceChargeReason* "
    "MultiplierFactorNumeric PrepaidIndicator SequenceNumeric Amount BaseAmount TaxCategory*",
    "TaxTotal": "TaxAmount RoundingAmount TaxEvidenceIndicator TaxIncludedIndicator TaxSubtotal*",
    "TaxSubtotal": "TaxableAmount TaxAmount CalculationSequenceNumeric Percent TaxCategory",
    "TaxCategory": _CATEGORY,
    "ClassifiedTaxCategory": _CATEGORY,
    "LegalMonetaryTotal": "LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount "
    "AllowanceTotalAmount ChargeTotalAmount PrepaidAmount PayableRoundingAmount PayableAmount",
    "InvoiceLine": f"ID {_LINE.format('InvoicedQuantity')} FreeOfChargeIndicator InvoicePeriod* "
    "OrderLineReference* DocumentReference* AllowanceCharge* Item Price",
    "CreditNoteLine": f"ID {_LINE.format('CreditedQuantity')} FreeOfChargeIndicator InvoicePeriod* "
    "OrderLineReference* DocumentReference* AllowanceCharge* Item Price",
    "Item": "Description* PackQuantity Name BuyersItemIdentification SellersItemIdentification "
    "StandardItemIdentification OriginCountry CommodityClassification* ClassifiedTaxCategory* "
    "AdditionalItemProperty*",
    "Price": "PriceAmount BaseQuantity PriceChangeReason* PriceTypeCode PriceType AllowanceCharge*",
}
_RANKS: Final = {
    parent: {name.rstrip("*"): rank for rank, name in enumerate(names.split())}
    for parent, names in ORDER.items()
}
_REPEATABLE: Final = {
    parent: {name.rstrip("*") for name in names.split() if name.endswith("*")}
    for parent, names in ORDER.items()
}


def check(document: Document) -> Iterator[Finding]:
    """Elements out of the schema's order, or twice where one is allowed."""
    for parent in document.root.iter():
        name = local_name(parent)
        if name in _RANKS:
            yield from _check_children(parent, name)


def _check_children(parent: Element, name: str) -> Iterator[Finding]:
    ranks, repeatable = _RANKS[name], _REPEATABLE[name]
    highest, after, seen = -1, "", set()
    for child in parent:
        tag = local_name(child)
        rank = ranks.get(tag)
        if rank is None:
            continue
        if rank < highest:
            yield error("WRK-ORDER", "", where(child), "order", element=tag, after=after)
        elif tag in seen and tag not in repeatable:
            yield error("WRK-ONCE", "", where(child), "repeated", element=tag, parent=name)
        if rank > highest:
            highest, after = rank, tag
        seen.add(tag)
