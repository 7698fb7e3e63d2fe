"""The VAT categories as a table.

The families BR-S, BR-Z, BR-E, BR-AE, BR-IC, BR-G, BR-O, BR-IG and BR-IP of EN 16931 ask the same
ten questions of each category; the answers differ and are the table FAMILIES.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Rate(Enum):
    """What the percent of a category must be."""

    POSITIVE = auto()
    ZERO = auto()
    ANY = auto()
    NONE = auto()


class Identified(Enum):
    """Which fiscal codes the use of a category asks for."""

    SELLER = auto()
    SELLER_VAT = auto()
    BOTH = auto()
    BOTH_VAT = auto()
    NOBODY = auto()


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
