"""An e-Factura's UBL, invoice or credit note, as the data of the invoice template."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from workers_anaf import xml
from workers_contracts.pdf_templates import InvoiceData

from .errors import DocumentInvalidError
from .units import UNITS

_LONGEST = 200


def read_invoice(content: bytes, language: str = "ro") -> InvoiceData:
    """Read a UBL document. Raises DocumentInvalidError with what is wrong."""
    try:
        root = xml.parse(content)
    except xml.MalformedXml as error:
        raise DocumentInvalidError(f"the invoice is not XML that is read here: {error}") from None
    kind = {"Invoice": "invoice", "CreditNote": "credit_note"}.get(xml.local_name(root))
    if kind is None:
        raise DocumentInvalidError(
            f"the XML is a {xml.local_name(root)[:40]}, not a UBL Invoice or CreditNote"
        )
    try:
        return InvoiceData.model_validate(_invoice(root, kind, language))
    except ArithmeticError:
        raise DocumentInvalidError("the UBL cannot be shown: a price has no usable size") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise DocumentInvalidError(f"the UBL cannot be shown: {place}: {first['msg']}") from None


def _invoice(root: xml.Element, kind: str, language: str) -> dict[str, Any]:
    line_name = "InvoiceLine" if kind == "invoice" else "CreditNoteLine"
    return {
        "kind": kind,
        "number": _value(root, "ID"),
        "issue_date": _value(root, "IssueDate"),
        "due_date": _value(root, "DueDate") or _value(root, "PaymentMeans", "PaymentDueDate"),
        "delivery_date": _day(_value(root, "Delivery", "ActualDeliveryDate")),
        "order": _value(root, "OrderReference", "ID")
        or _value(root, "ContractDocumentReference", "ID"),
        "currency": _value(root, "DocumentCurrencyCode") or "RON",
        "seller": _party(root, "AccountingSupplierParty"),
        "buyer": _party(root, "AccountingCustomerParty"),
        "lines": [_line(one, kind, language) for one in xml.children(root, line_name)],
        "vat": _vat(root),
        "totals": _totals(root),
        "payment": _payment(root),
        "notes": [text for one in xml.children(root, "Note") if (text := _own(one))],
    }


def _party(root: xml.Element, name: str) -> dict[str, Any]:
    party = _find(root, name, "Party")
    if party is None:
        raise DocumentInvalidError(f"the UBL has no {name}")
    legal = _find(party, "PartyLegalEntity")
    tax = _value(party, "PartyTaxScheme", "CompanyID")
    register = _value(legal, "CompanyID")
    named = _value(legal, "RegistrationName") or _value(party, "PartyName", "Name")
    return {
        "name": named or "-",
        "cui": tax or register,
        "trade_register": register if tax and register != tax else None,
        "address": _address(_find(party, "PostalAddress")),
        "contact": _contact(_find(party, "Contact")),
    }


def _address(address: xml.Element | None) -> list[str]:
    city = _value(address, "CityName")
    county = (_value(address, "CountrySubentity") or "").removeprefix("RO-")
    place = ", ".join(one for one in (city, county) if one)
    country = _value(address, "Country", "IdentificationCode")
    lines = [_value(address, "StreetName"), _value(address, "AdditionalStreetName")]
    postal = " ".join(one for one in (_value(address, "PostalZone"), place) if one)
    return [one for one in (*lines, postal, country) if one]


def _contact(contact: xml.Element | None) -> list[str]:
    found = (_value(contact, "Telephone"), _value(contact, "ElectronicMail"))
    return [one for one in found if one]


def _line(line: xml.Element, kind: str, language: str) -> dict[str, Any]:
    quantity_name = "InvoicedQuantity" if kind == "invoice" else "CreditedQuantity"
    quantity = _find(line, quantity_name)
    code = xml.attribute(quantity, "unitCode") if quantity is not None else None
    price = _find(line, "Price")
    per = _number(_value(price, "BaseQuantity")) or Decimal(1)
    return {
        "name": _value(line, "Item", "Name") or "-",
        "description": _value(line, "Item", "Description", longest=5000) or "",
        "quantity": _own(quantity) or "1",
        "unit": UNITS[language].get(code or "", code or ""),
        "price": (_number(_value(price, "PriceAmount")) or Decimal()) / per,
        "net": _value(line, "LineExtensionAmount"),
        "vat_rate": _value(line, "Item", "ClassifiedTaxCategory", "Percent"),
    }


def _vat(root: xml.Element) -> list[dict[str, Any]]:
    rows = []
    for total in xml.children(root, "TaxTotal"):
        for one in xml.children(total, "TaxSubtotal"):
            category = _find(one, "TaxCategory")
            rows.append(
                {
                    "rate": _value(category, "Percent"),
                    "category": _value(category, "ID") or "",
                    "base": _value(one, "TaxableAmount"),
                    "vat": _value(one, "TaxAmount"),
                    "reason": _value(category, "TaxExemptionReason", longest=5000) or "",
                }
            )
    return rows


def _totals(root: xml.Element) -> dict[str, Any]:
    total = _find(root, "LegalMonetaryTotal")
    if total is None:
        raise DocumentInvalidError("the UBL has no LegalMonetaryTotal")
    currency = _value(root, "DocumentCurrencyCode")
    # A second TaxTotal, in the accounting currency, has no place among these sums.
    taxes = [
        one
        for each in xml.children(root, "TaxTotal")
        if (one := _find(each, "TaxAmount")) is not None
        and xml.attribute(one, "currencyID") in (currency, None)
    ]
    return {
        "net": _value(total, "TaxExclusiveAmount"),
        "vat": _own(taxes[0]) if taxes else "0",
        "gross": _value(total, "TaxInclusiveAmount"),
        "allowances": _value(total, "AllowanceTotalAmount"),
        "charges": _value(total, "ChargeTotalAmount"),
        "prepaid": _value(total, "PrepaidAmount"),
        "payable": _value(total, "PayableAmount"),
    }


def _payment(root: xml.Element) -> list[str]:
    found = []
    for means in xml.children(root, "PaymentMeans"):
        account = _value(means, "PayeeFinancialAccount", "ID")
        bank = _value(means, "PayeeFinancialAccount", "FinancialInstitutionBranch", "ID")
        if account:
            found.append(" ".join(one for one in ("IBAN", account, bank) if one))
    terms = _value(root, "PaymentTerms", "Note", longest=5000)
    return [*found, *([terms] if terms else [])][:10]


def _find(element: xml.Element | None, *path: str) -> xml.Element | None:
    for name in path:
        if element is None:
            return None
        found = xml.children(element, name)
        element = found[0] if found else None
    return element


def _value(element: xml.Element | None, *path: str, longest: int = _LONGEST) -> str | None:
    text = _own(_find(element, *path))
    return text[:longest] if text else None


def _own(element: xml.Element | None) -> str | None:
    return (element.text or "").strip() or None if element is not None else None


def _number(text: str | None) -> Decimal | None:
    try:
        found = Decimal(text or "")
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
