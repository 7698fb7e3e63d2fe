"""An invoice with the parts that several rules need, found once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from workers_anaf.xml import Element

from .model import Kind
from .tree import find, find_all, is_true, text


@dataclass(frozen=True)
class Document:
    """An invoice's root with the parts that several rules need, found once."""

    root: Element
    kind: Kind

    @cached_property
    def lines(self) -> list[Element]:
        """Invoice lines or credit note lines."""
        return find_all(self.root, self.line_path)

    @property
    def line_path(self) -> str:
        """The tag of a line."""
        return "cac:InvoiceLine" if self.kind is Kind.INVOICE else "cac:CreditNoteLine"

    @property
    def quantity_path(self) -> str:
        """The tag of a line's quantity (BT-129)."""
        return "cbc:InvoicedQuantity" if self.kind is Kind.INVOICE else "cbc:CreditedQuantity"

    @property
    def type_path(self) -> str:
        """The tag of the type code (BT-3)."""
        return "cbc:InvoiceTypeCode" if self.kind is Kind.INVOICE else "cbc:CreditNoteTypeCode"

    @cached_property
    def allowances(self) -> list[Element]:
        """Deductions of the document (BG-20)."""
        return [item for item in self._adjustments if not is_true(item, "cbc:ChargeIndicator")]

    @cached_property
    def charges(self) -> list[Element]:
        """Charges of the document (BG-21)."""
        return [item for item in self._adjustments if is_true(item, "cbc:ChargeIndicator")]

    @cached_property
    def line_adjustments(self) -> list[tuple[Element, bool]]:
        """Deductions and charges of the lines (BG-27, BG-28), with True for a charge."""
        found = (item for line in self.lines for item in find_all(line, "cac:AllowanceCharge"))
        return [(item, is_true(item, "cbc:ChargeIndicator")) for item in found]

    @cached_property
    def subtotals(self) -> list[Element]:
        """The VAT breakdown (BG-23)."""
        return find_all(self.root, "cac:TaxTotal/cac:TaxSubtotal")

    @cached_property
    def totals(self) -> Element | None:
        """The document's totals (BG-22)."""
        return find(self.root, "cac:LegalMonetaryTotal")

    @cached_property
    def currency(self) -> str:
        """The invoice currency (BT-5)."""
        return text(self.root, "cbc:DocumentCurrencyCode")

    @cached_property
    def vat_currency(self) -> str:
        """The currency of VAT accounting (BT-6)."""
        return text(self.root, "cbc:TaxCurrencyCode")

    @property
    def _adjustments(self) -> list[Element]:
        return find_all(self.root, "cac:AllowanceCharge")

    def select(self, path: str) -> Iterator[Element]:
        """The elements at a path from the root.

        It may begin with LINE, ALLOWANCE, CHARGE, LINE-ALLOWANCE or LINE-CHARGE instead.
        """
        first, _, rest = path.partition("/")
        match first:
            case "LINE":
                start = self.lines
            case "ALLOWANCE":
                start = self.allowances
            case "CHARGE":
                start = self.charges
            case "LINE-ALLOWANCE":
                start = [item for item, charge in self.line_adjustments if not charge]
            case "LINE-CHARGE":
                start = [item for item, charge in self.line_adjustments if charge]
            case _:
                start, rest = [self.root], path
        for element in start:
            yield from find_all(element, rest) if rest else [element]
