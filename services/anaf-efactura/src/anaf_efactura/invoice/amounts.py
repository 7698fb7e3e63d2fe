"""The sums of the document (EN 16931 BR-CO-10 to BR-CO-16), exact as in ANAF's package."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from workers_anaf.xml import Element

from .document import Document
from .model import Finding
from .tree import error, find, find_all, number, number_of, where

ZERO: Final = Decimal(0)
_CENT: Final = Decimal("0.01")


def rounded(value: Decimal) -> Decimal:
    """Two decimals as XPath's round does it, halves upwards: the comparisons agree with ANAF's."""
    return (value + _CENT / 2).quantize(_CENT, rounding=ROUND_FLOOR)


def total(elements: list[Element], path: str) -> Decimal | None:
    """The sum of an amount over elements; None when one of them is not a number."""
    values = [number(element, path) for element in elements]
    return None if any(value is None for value in values) else sum(filter(None, values), ZERO)


def check(document: Document) -> Iterator[Finding]:
    """Totals that do not follow from their parts. A part that is no number is skipped here."""
    totals = document.totals
    if totals is not None:
        yield from _check_lines(document, totals)
        yield from _check_adjustments(document, totals)
        yield from _check_net(totals)
        yield from _check_payable(totals)
    yield from _check_vat_total(document)
    yield from _check_gross(document)


def _check_lines(document: Document, totals: Element) -> Iterator[Finding]:
    expected = total(document.lines, "cbc:LineExtensionAmount")
    yield from _compare("BR-CO-10", "BT-106", totals, "cbc:LineExtensionAmount", expected)


def _check_adjustments(document: Document, totals: Element) -> Iterator[Finding]:
    for rule, term, path, items in (
        ("BR-CO-11", "BT-107", "cbc:AllowanceTotalAmount", document.allowances),
        ("BR-CO-12", "BT-108", "cbc:ChargeTotalAmount", document.charges),
    ):
        expected = total(items, "cbc:Amount")
        if items and expected is not None and find(totals, path) is None:
            place = where(totals, path)
            yield error(rule, term, place, "absent_sum", expected=rounded(expected))
        else:
            yield from _compare(rule, term, totals, path, expected)


def _check_net(totals: Element) -> Iterator[Finding]:
    net = number(totals, "cbc:LineExtensionAmount")
    allowances = _optional(totals, "cbc:AllowanceTotalAmount")
    charges = _optional(totals, "cbc:ChargeTotalAmount")
    if net is not None and allowances is not None and charges is not None:
        expected = net - allowances + charges
        yield from _compare("BR-CO-13", "BT-109", totals, "cbc:TaxExclusiveAmount", expected)


def _check_payable(totals: Element) -> Iterator[Finding]:
    gross = number(totals, "cbc:TaxInclusiveAmount")
    prepaid = _optional(totals, "cbc:PrepaidAmount")
    rounding = _optional(totals, "cbc:PayableRoundingAmount")
    if gross is not None and prepaid is not None and rounding is not None:
        expected = gross - prepaid + rounding
        yield from _compare("BR-CO-16", "BT-115", totals, "cbc:PayableAmount", expected)


def _check_vat_total(document: Document) -> Iterator[Finding]:
    for tax_total in find_all(document.root, "cac:TaxTotal"):
        subtotals = find_all(tax_total, "cac:TaxSubtotal")
        if subtotals:
            expected = total(subtotals, "cbc:TaxAmount")
            yield from _compare("BR-CO-14", "BT-110", tax_total, "cbc:TaxAmount", expected)


def _check_gross(document: Document) -> Iterator[Finding]:
    amounts = [
        amount
        for amount in find_all(document.root, "cac:TaxTotal/cbc:TaxAmount")
        if amount.get("currencyID") == document.currency
    ]
    if len(amounts) != 1:
        place = where(document.root, "cac:TaxTotal/cbc:TaxAmount")
        yield error("BR-CO-15", "BT-110", place, "totals", count=len(amounts))
        return
    vat = number_of(amounts[0])
    totals = document.totals
    net = None if totals is None else number(totals, "cbc:TaxExclusiveAmount")
    if totals is not None and vat is not None and net is not None:
        yield from _compare("BR-CO-15", "BT-112", totals, "cbc:TaxInclusiveAmount", net + vat)


def _compare(
    rule: str, term: str, parent: Element, path: str, expected: Decimal | None
) -> Iterator[Finding]:
    actual = number(parent, path)
    if actual is None or expected is None or actual == rounded(expected):
        return
    values = {"actual": actual, "expected": rounded(expected)}
    yield error(rule, term, where(parent, path), "calculated", **values)


def _optional(parent: Element, path: str) -> Decimal | None:
    """An absent amount counts as zero; one that is no number makes the sum unknown."""
    element = find(parent, path)
    return ZERO if element is None else number_of(element)
