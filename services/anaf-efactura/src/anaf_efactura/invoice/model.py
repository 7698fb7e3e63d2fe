"""What is known of an invoice, and what is wrong with one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from .texts import Text, detail_text, rules


class Kind(StrEnum):
    """The documents that RO e-Factura takes: the two of UBL, and CII."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    CII = "cii"


_OF_XML: Final = frozenset({"element"})
"""Details that only name an element of the XML."""


class Severity(StrEnum):
    """Whether a finding stops the invoice."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that an invoice breaks; its texts come from the tables of `texts`.

    `rule` is the id in ANAF's package (its printed label may differ: BR-RO-L1024 is printed as
    BR-RO-L100); ids with the prefix WRK are rules of this product.
    """

    rule: str
    term: str
    """The business term of EN 16931, as `BT-109`; empty when there is none."""
    path: str
    """The element, as `/Invoice/cac:InvoiceLine[2]/cbc:ID`."""
    severity: Severity = Severity.ERROR
    detail: str = ""
    """Which sentence of `details.toml` adds what was seen."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What that sentence names: numbers and codes, never names or addresses."""
    json_path: str = ""
    """The field of the command, where the document was made from JSON or the command is wrong."""

    @property
    def label(self) -> str:
        """What ANAF prints in brackets."""
        return rules()[self.rule].label

    @property
    def text(self) -> Text:
        """What is wrong."""
        detail = "" if self.in_json and self.detail in _OF_XML else self.detail
        said, more = rules()[self.rule].said(self.term), detail_text(detail, self.values)
        return Text(f"{said.ro} {more.ro}".rstrip(), f"{said.en} {more.en}".rstrip())

    @property
    def mend(self) -> Text:
        """How to put it right."""
        return rules()[self.rule].mended(self.term, in_json=self.in_json)

    @property
    def in_json(self) -> bool:
        """Whether the document came as JSON: whoever sent it has not seen the XML."""
        return self.json_path.startswith("invoice")

    @property
    def message(self) -> str:
        """Romanian, for the accountant: what is wrong and what to do."""
        return f"{self.text.ro} {self.mend.ro}"


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer. What the XML does not say is None."""

    name: str | None = field(repr=False)
    cui: str | None = field(repr=False)
    """The fiscal code's digits without `RO`; for a person it may be a CNP."""
    vat_id: str | None = field(repr=False)
    """BT-31 / BT-48 as written, with the country prefix."""
    country: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """BT-106, 109, 110, 112 and 115; None where the XML has no number."""

    lines: Decimal | None
    without_vat: Decimal | None
    vat: Decimal | None
    with_vat: Decimal | None
    payable: Decimal | None


@dataclass(frozen=True, slots=True)
class Invoice:
    """The facts of an invoice that the worker needs; the XML stays the truth."""

    kind: Kind
    number: str
    issue_date: date | None
    type_code: str
    currency: str
    seller: Party
    buyer: Party
    totals: Totals
    line_count: int

    @property
    def standard(self) -> str:
        """The value of the upload's parameter `standard`."""
        return {Kind.INVOICE: "UBL", Kind.CREDIT_NOTE: "CN", Kind.CII: "CII"}[self.kind]

    def fingerprint(self) -> str:
        """SHA-256 of number, issue date, seller and payable amount.

        It finds an upload again among ANAF's messages when its answer was lost. Equal amounts
        written differently (`10.5`, `10.50`) have equal fingerprints.
        """
        payable = self.totals.payable
        # normalize() alone would print 100 as 1E+2.
        amount = "" if payable is None else f"{payable.normalize():f}"
        issued = self.issue_date.isoformat() if self.issue_date else ""
        parts = (self.kind.value, self.number, issued, self.seller.cui or "", amount)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
