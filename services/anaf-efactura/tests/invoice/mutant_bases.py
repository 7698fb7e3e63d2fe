"""The good documents that mutations are made of: kinds in each VAT category."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anaf_efactura.invoice.vat_families import FAMILIES

RATED = "S L M"
REASONS = {"E": "VATEX-EU-132", "AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G",
           "O": "VATEX-EU-O"}  # fmt: skip
TEMPLATE = (Path(__file__).parent.parent / "data" / "mutant_base.xml.template").read_text("utf-8")
ACCOUNTING_CURRENCY = "<cbc:TaxCurrencyCode>RON</cbc:TaxCurrencyCode>"
ACCOUNTING_TOTAL = (
    '<cac:TaxTotal><cbc:TaxAmount currencyID="RON">115.50</cbc:TaxAmount></cac:TaxTotal>'
)


@dataclass(frozen=True)
class Base:
    """A good document."""

    name: str
    category: str = "S"
    kind: str = "invoice"
    type_code: str = "380"
    currency: str = "RON"

    @property
    def family(self) -> str:
        return FAMILIES[self.category].prefix

    @property
    def words(self) -> set[str]:
        """By what a mutation chooses its bases."""
        return {self.category, self.kind, self.name}

    def xml(self) -> bytes:
        """Two lines of 60 and 40, allowance 10, charge 20: 110 and its VAT."""
        rated, foreign = self.category in RATED.split(), self.currency != "RON"
        subject, abroad = self.category != "O", self.category == "K"
        code = REASONS.get(self.category)
        reason = f"<cbc:TaxExemptionReasonCode>{code}</cbc:TaxExemptionReasonCode>" if code else ""
        prefix = "RO" if subject else ""
        credit = self.kind == "credit_note"
        values = {
            "root": "CreditNote" if credit else "Invoice",
            "kind": "CreditNote" if credit else "Invoice",
            "due": "" if credit else "<cbc:DueDate>2026-11-04</cbc:DueDate>",
            "type_code": self.type_code,
            "currency": self.currency,
            "tax_currency": ACCOUNTING_CURRENCY if foreign else "",
            "accounting": ACCOUNTING_TOTAL if foreign else "",
            "money": self.money,
            "prefix": prefix,
            "scheme": "VAT" if subject else "FC",
            "abroad": "DE" if abroad else "RO",
            "buyer": "DE123456788" if abroad else f"{prefix}87654329",
            "vat": "23.10" if rated else "0.00",
            "gross": "133.10" if rated else "110.00",
            "category": self._category("TaxCategory"),
            "reasoned": self._category("TaxCategory", reason),
            "lines": self._line("1", "60.00", "6", _ADJUSTED.format(money=self.money))
            + self._line("2", "40.00", "4", ""),
        }
        return TEMPLATE.format_map(values).encode()

    @property
    def money(self) -> str:
        return f'currencyID="{self.currency}"'

    def _category(self, tag: str, reason: str = "") -> str:
        percent = "21.00" if self.category in RATED.split() else "0.00"
        rate = "" if self.category == "O" else f"<cbc:Percent>{percent}</cbc:Percent>"
        scheme = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
        return f"<cac:{tag}><cbc:ID>{self.category}</cbc:ID>{rate}{reason}{scheme}</cac:{tag}>"

    def _line(self, number: str, net: str, quantity: str, inner: str) -> str:
        tag = "CreditNoteLine" if self.kind == "credit_note" else "InvoiceLine"
        counted = "CreditedQuantity" if self.kind == "credit_note" else "InvoicedQuantity"
        return (
            f"<cac:{tag}><cbc:ID>{number}</cbc:ID>"
            f'<cbc:{counted} unitCode="H87">{quantity}</cbc:{counted}>'
            f"<cbc:LineExtensionAmount {self.money}>{net}</cbc:LineExtensionAmount>{inner}"
            f"<cac:Item><cbc:Name>a</cbc:Name>{self._category('ClassifiedTaxCategory')}</cac:Item>"
            f"<cac:Price><cbc:PriceAmount {self.money}>10.00</cbc:PriceAmount></cac:Price>"
            f"</cac:{tag}>"
        )


_ADJUSTED = (
    "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
    "<cbc:AllowanceChargeReason>r</cbc:AllowanceChargeReason><cbc:Amount {money}>5.00</cbc:Amount>"
    "</cac:AllowanceCharge><cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
    "<cbc:AllowanceChargeReason>r</cbc:AllowanceChargeReason><cbc:Amount {money}>5.00</cbc:Amount>"
    "</cac:AllowanceCharge>"
)
BASES = [
    *(Base(f"invoice {code}", code) for code in FAMILIES),
    *(Base(f"credit note {code}", code, "credit_note", "381") for code in FAMILIES),
    Base("self-billed", type_code="389"),
    Base("corrected", type_code="384"),
    Base("euro", currency="EUR"),
    Base("euro credit note", "S", "credit_note", "381", "EUR"),
]
