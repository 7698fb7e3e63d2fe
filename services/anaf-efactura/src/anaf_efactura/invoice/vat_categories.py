"""The VAT categories as a table, and where a document uses them.

The families BR-S, BR-Z, BR-E, BR-AE, BR-IC, BR-G, BR-O, BR-IG and BR-IP of EN 16931 ask the same
ten questions of each category; the answers differ and are the table FAMILIES.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from workers_anaf.xml import Element

from .document import Document
from .tree import is_vat, text


class Rate(Enum):
    """What the percent of a category must be."""

    POSITIVE = "mai mare decât 0"
    ZERO = "0"
    ANY = "0 sau mai mare"
    NONE = "absentă"


class Identified(Enum):
    """Which fiscal codes the use of a category asks for."""

    SELLER = "codul fiscal al vânzătorului"
    SELLER_VAT = "codul de TVA al vânzătorului (BT-31) sau al reprezentantului fiscal (BT-63)"
    BOTH = "codul fiscal al vânzătorului și codul cumpărătorului (BT-48 sau BT-47)"
    BOTH_VAT = "codurile de TVA ale vânzătorului (BT-31) și cumpărătorului (BT-48)"
    NOBODY = "niciun cod de TVA"


@dataclass(frozen=True, slots=True)
class Family:
    """The rules of one category: prefix of their ids, and the answers to the ten questions."""

    prefix: str
    rate: Rate
    identified: Identified
    reason: bool
    """Whether an exemption reason is required; otherwise it is forbidden."""
    by_rate: bool = False
    """Whether the breakdown has one entry a rate instead of one in all."""


FAMILIES: Final = {
    "S": Family("BR-S", Rate.POSITIVE, Identified.SELLER, reason=False, by_rate=True),
    "Z": Family("BR-Z", Rate.ZERO, Identified.SELLER, reason=False),
    "E": Family("BR-E", Rate.ZERO, Identified.SELLER, reason=True),
    "AE": Family("BR-AE", Rate.ZERO, Identified.BOTH, reason=True),
    "K": Family("BR-IC", Rate.ZERO, Identified.BOTH_VAT, reason=True),
    "G": Family("BR-G", Rate.ZERO, Identified.SELLER_VAT, reason=True),
    "O": Family("BR-O", Rate.NONE, Identified.NOBODY, reason=True),
    "L": Family("BR-IG", Rate.ANY, Identified.SELLER, reason=False, by_rate=True),
    "M": Family("BR-IP", Rate.ANY, Identified.SELLER, reason=False, by_rate=True),
}


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
