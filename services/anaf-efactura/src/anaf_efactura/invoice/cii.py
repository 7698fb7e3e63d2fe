"""Invoices in CII (Cross Industry Invoice, D16B): the few facts that filing needs.

ANAF takes CII; the rules here are written for UBL. What is judged of a CII document is in `check`;
the verdict names the rest as unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from workers_anaf.xml import Element

from .cui import is_cui
from .identity import SPECIFICATION
from .model import Finding, Invoice, Kind, Party, Totals
from .reading import read_date
from .tree import MAX_VALUE, error, number_of, text_of

RSM: Final = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
ROOT: Final = f"{{{RSM}}}CrossIndustryInvoice"
_NS: Final = {
    "rsm": RSM,
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_NUMBER = "rsm:ExchangedDocument/ram:ID"
_DATE = "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString"
_TYPE = "rsm:ExchangedDocument/ram:TypeCode"
_SPECIFICATION = (
    "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"
)
_TRADE = "rsm:SupplyChainTradeTransaction"
_SELLER = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement/ram:SellerTradeParty"
_BUYER = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement/ram:BuyerTradeParty"
_SETTLEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"
_SUMS = f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_DUE_DATE = f"{_SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString"
_LINE = f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem"
_TYPES: Final = {"380", "381", "384", "389", "751"}


def read_cii(root: Element) -> Invoice:
    """Read the facts of a CII document; what is absent is empty."""
    return Invoice(
        kind=Kind.CII,
        number=_text(root, _NUMBER),
        issue_date=_date(_text(root, _DATE)),
        type_code=_text(root, _TYPE),
        currency=_text(root, f"{_SETTLEMENT}/ram:InvoiceCurrencyCode"),
        seller=_party(root, _SELLER),
        buyer=_party(root, _BUYER),
        totals=Totals(
            lines=_number(root, "LineTotalAmount"),
            without_vat=_number(root, "TaxBasisTotalAmount"),
            vat=_number(root, "TaxTotalAmount"),
            with_vat=_number(root, "GrandTotalAmount"),
            payable=_number(root, "DuePayableAmount"),
        ),
        line_count=len(root.findall(_LINE, _NS)),
    )


def due_date_of(root: Element) -> date | None:
    """Read the payment due date (BT-9)."""
    return _date(_text(root, _DUE_DATE))


def check(root: Element) -> Iterator[Finding]:
    """Specification, number, date, type, lines and the seller's control digit."""
    specification = _text(root, _SPECIFICATION)
    if specification != SPECIFICATION:
        seen = specification[:MAX_VALUE]
        yield error("BR-RO-001", "BT-24", _where(_SPECIFICATION), "value", actual=seen)
    number = _text(root, _NUMBER)
    if not number:
        yield error("BR-02", "BT-1", _where(_NUMBER))
    elif not re.search("[0-9]", number):
        yield error("BR-RO-010", "BT-1", _where(_NUMBER))
    if _date(_text(root, _DATE)) is None:
        yield error("BR-03", "BT-2", _where(_DATE))
    code = _text(root, _TYPE)
    if code not in _TYPES:
        yield error("BR-RO-020_1", "BT-3", _where(_TYPE), "code", code=code[:10])
    if root.find(_LINE, _NS) is None:
        yield error("BR-16", "BG-25", _where(_LINE))
    seller = _party(root, _SELLER)
    if seller.country == "RO" and seller.cui and not is_cui(seller.cui):
        yield error("WRK-CUI", "BT-31", _where(f"{_SELLER}/ram:SpecifiedTaxRegistration/ram:ID"))


def _text(root: Element, path: str) -> str:
    return text_of(root.find(path, _NS))


def _where(path: str) -> str:
    return f"/CrossIndustryInvoice/{path}"


def _number(root: Element, name: str) -> Decimal | None:
    return number_of(root.find(f"{_SUMS}/ram:{name}", _NS))


def _date(value: str) -> date | None:
    """Format 102, `YYYYMMDD`, the only one of EN 16931."""
    if not re.fullmatch("[0-9]{8}", value):
        return None
    return read_date(f"{value[:4]}-{value[4:6]}-{value[6:]}")


def _party(root: Element, path: str) -> Party:
    codes = {
        item.get("schemeID", ""): text_of(item)
        for item in root.findall(f"{path}/ram:SpecifiedTaxRegistration/ram:ID", _NS)
    }
    vat = codes.get("VA") or None
    legal = _text(root, f"{path}/ram:SpecifiedLegalOrganization/ram:ID")
    return Party(
        name=_text(root, f"{path}/ram:Name") or None,
        cui=_digits(vat or "") or _digits(codes.get("FC", "")) or _digits(legal),
        vat_id=vat,
        country=_text(root, f"{path}/ram:PostalTradeAddress/ram:CountryID") or None,
    )


def _digits(identifier: str) -> str | None:
    found = re.fullmatch(r"(?:RO)?\s*([0-9]{2,13})", identifier.upper())
    return found[1] if found else None
