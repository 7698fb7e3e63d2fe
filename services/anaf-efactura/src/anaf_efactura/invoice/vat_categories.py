"""Where a document uses the VAT categories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workers_anaf.xml import Element

from .document import Document
from .tree import is_vat, text


@dataclass(frozen=True, slots=True)
class Uses:
    """The VAT categories of a document by place."""

    lines: list[Element]
    allowances: list[Element]
    charges: list[Element]
    breakdown: list[Element]

    @classmethod
    def of(cls, document: Document) -> Uses:
        """Collect them; categories of another tax are none of VAT's."""
        return cls(
            lines=_vat(document.select("LINE/cac:Item/cac:ClassifiedTaxCategory")),
            allowances=_vat(document.select("ALLOWANCE/cac:TaxCategory")),
            charges=_vat(document.select("CHARGE/cac:TaxCategory")),
            breakdown=_vat(document.select("cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory")),
        )

    def at(self, place: str, code: str) -> list[Element]:
        """The categories with a code in one place."""
        found: list[Element] = getattr(self, place)
        return [item for item in found if text(item, "cbc:ID") == code]


def _vat(categories: Iterator[Element]) -> list[Element]:
    return [category for category in categories if is_vat(category)]
