"""The amounts of an invoice: computed where they are absent, compared where they are given.

EN 16931, BR-CO-10 to 17: VAT of a group on the sum of its lines, rounded half away from zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Final

from anaf_efactura.invoice.vat_families import FAMILIES
from workers_contracts.efactura_invoice import (
    Adjustment,
    InvoiceDocument,
    InvoiceLine,
    LineAdjustment,
    Totals,
    VatGroup,
)

from .writing import rounded

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
_PRECISION: Final = 120
HOME: Final = "RON"
CODES: Final = {
    "AE": "VATEX-EU-AE",
    "K": "VATEX-EU-IC",
    "G": "VATEX-EU-G",
    "O": "VATEX-EU-O",
}
"""The exemption code that the category itself says."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A given amount that is not what follows from the others, or a group that nothing uses."""

    term: str
    at: str
    given: Decimal | None
    computed: Decimal | None
    rule: str = "WRK-TOTAL"


@dataclass(slots=True)
class Group:
    """One group of the VAT breakdown."""

    category: str
    rate: Decimal | None
    at: str
    base: Decimal = ZERO
    tax: Decimal = ZERO
    given: VatGroup | None = None

    @property
    def code(self) -> str | None:
        """The exemption code: the one that is given, or the category's own."""
        if self.given and (self.given.exemption_code or self.given.exemption_reason):
            return self.given.exemption_code
        return CODES.get(self.category)


@dataclass(slots=True)
class Sums:
    """Everything that is computed."""

    nets: list[Decimal]
    groups: list[Group]
    lines: Decimal
    allowances: Decimal
    charges: Decimal
    without_vat: Decimal
    vat: Decimal
    vat_accounting: Decimal | None
    with_vat: Decimal
    payable: Decimal
    mismatches: list[Mismatch] = field(default_factory=list)


def sums(document: InvoiceDocument) -> Sums:
    """Compute every amount, and compare those that the document has."""
    with localcontext() as context:
        context.prec = _PRECISION
        return _sums(document)


def adjustment_amount(item: Adjustment | LineAdjustment) -> Decimal | None:
    """The amount of an allowance or charge; None when nothing says it."""
    if item.amount is not None:
        return item.amount
    if item.base_amount is None or item.percent is None:
        return None
    return rounded(item.base_amount * item.percent / 100)


def rate_of(category: str, rate: Decimal | None) -> Decimal | None:
    """The rate of a category; 0 where only 0 is possible, none outside VAT."""
    if rate is None and category != "O" and not FAMILIES[category].by_rate:
        return ZERO
    return rate


def _sums(document: InvoiceDocument) -> Sums:
    nets = [_net(line) for line in document.lines]
    groups, problems = _groups(document, nets)
    given = document.totals or Totals()
    lines = sum(nets, ZERO)
    allowances = _total(document.allowances)
    charges = _total(document.charges)
    without_vat = lines - allowances + charges
    vat = sum((group.tax for group in groups), ZERO)
    with_vat = without_vat + vat
    accounting, more = _accounting(document, vat)
    found = Sums(
        nets=nets,
        groups=groups,
        lines=lines,
        allowances=allowances,
        charges=charges,
        without_vat=without_vat,
        vat=vat,
        vat_accounting=accounting,
        with_vat=with_vat,
        payable=with_vat - (given.paid or ZERO) + (given.rounding or ZERO),
    )
    found.mismatches = [*_prices(document), *problems, *_compared(given, found), *more]
    return found


def _net(line: InvoiceLine) -> Decimal:
    if line.net_amount is not None:
        return line.net_amount
    product = line.quantity * line.price / (line.price_quantity or ONE)
    return rounded(product - _total(line.allowances) + _total(line.charges))


def _total(items: tuple[Adjustment, ...] | tuple[LineAdjustment, ...]) -> Decimal:
    return sum((adjustment_amount(item) or ZERO for item in items), ZERO)


def _groups(document: InvoiceDocument, nets: list[Decimal]) -> tuple[list[Group], list[Mismatch]]:
    groups: dict[tuple[str, Decimal | None], Group] = {}
    for category, rate, amount, at in _parts(document, nets):
        known = rate_of(category, rate)
        key = (category, None if known is None else known.normalize())
        group = groups.setdefault(key, Group(category, known, f"{at}.vat_category"))
        group.base += amount
    for group in groups.values():
        group.tax = rounded(group.base * (group.rate or ZERO) / 100)
    found = list(groups.values())
    return found, list(_given_groups(document, found))


def _parts(
    document: InvoiceDocument, nets: list[Decimal]
) -> Iterator[tuple[str, Decimal | None, Decimal, str]]:
    for number, (line, net) in enumerate(zip(document.lines, nets, strict=True)):
        yield line.vat_category, line.vat_rate, net, f"invoice.lines[{number}]"
    for name, items, sign in (
        ("allowances", document.allowances, -1),
        ("charges", document.charges, 1),
    ):
        for number, item in enumerate(items):
            amount = sign * (adjustment_amount(item) or ZERO)
            yield item.vat_category, item.vat_rate, amount, f"invoice.{name}[{number}]"


def _given_groups(document: InvoiceDocument, groups: list[Group]) -> Iterator[Mismatch]:
    for number, given in enumerate(document.vat_breakdown):
        at = f"invoice.vat_breakdown[{number}]"
        group = _meant(given, groups)
        if group is None or group.given is not None:
            yield Mismatch("BT-118", at, None, None, "WRK-GROUP")
            continue
        group.given, group.at = given, at
        if given.taxable_amount is not None and given.taxable_amount != group.base:
            yield Mismatch("BT-116", f"{at}.taxable_amount", given.taxable_amount, group.base)
        if given.tax_amount is not None:
            # A rate other than zero gives room for roundings, as in ANAF's own rule.
            room = ONE if group.rate else ZERO
            distance = abs(given.tax_amount - group.tax)
            if distance < room or distance == 0:
                group.tax = given.tax_amount
            else:
                yield Mismatch("BT-117", f"{at}.tax_amount", given.tax_amount, group.tax)


def _meant(given: VatGroup, groups: list[Group]) -> Group | None:
    alike = [group for group in groups if group.category == given.vat_category]
    if given.vat_rate is not None:
        alike = [group for group in alike if group.rate == given.vat_rate]
    return alike[0] if len(alike) == 1 else None


def _accounting(document: InvoiceDocument, vat: Decimal) -> tuple[Decimal | None, list[Mismatch]]:
    """BT-111, of an invoice in another currency than RON."""
    given = document.totals.vat_accounting if document.totals else None
    at = "invoice.totals.vat_accounting"
    if document.currency == HOME:
        wrong = given is not None and given != vat
        return None, [Mismatch("BT-111", at, given, vat)] if wrong else []
    if document.exchange_rate is None:
        return given, []
    computed = rounded(vat * document.exchange_rate)
    if given is None or abs(given - computed) < ONE:
        return computed if given is None else given, []
    return computed, [Mismatch("BT-111", at, given, computed)]


_TOTALS: Final = (
    ("lines", "BT-106"),
    ("allowances", "BT-107"),
    ("charges", "BT-108"),
    ("without_vat", "BT-109"),
    ("vat", "BT-110"),
    ("with_vat", "BT-112"),
    ("payable", "BT-115"),
)


def _compared(given: Totals, found: Sums) -> Iterator[Mismatch]:
    for name, term in _TOTALS:
        wanted, computed = getattr(given, name), getattr(found, name)
        if wanted is not None and wanted != computed:
            yield Mismatch(term, f"invoice.totals.{name}", wanted, computed)


def _prices(document: InvoiceDocument) -> Iterator[Mismatch]:
    for number, line in enumerate(document.lines):
        if line.gross_price is None or line.price_discount is None:
            continue
        computed = line.gross_price - line.price_discount
        if computed != line.price:
            yield Mismatch("BT-146", f"invoice.lines[{number}].price", line.price, computed)
