"""The VAT breakdown: base, tax and exemption reason of each group (rules -08, -09, -10, BR-CO-17).

ANAF's tolerance for S, L and M is strictly less than 1.00 on base and tax; the others are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from workers_anaf.xml import Element

from .amounts import ZERO, rounded
from .document import Document
from .model import Finding
from .tree import error, find, is_vat, number, text, warning, where
from .vat_families import FAMILIES, Family

_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)
Key = tuple[str, Decimal | None]


def check(document: Document) -> Iterator[Finding]:
    """Bases, taxes and reasons of the breakdown."""
    bases = _bases(document)
    for subtotal in document.subtotals:
        category = find(subtotal, "cac:TaxCategory")
        if category is None or not is_vat(category):
            continue
        family = FAMILIES.get(text(category, "cbc:ID"))
        if family is not None:
            yield from _check_base(subtotal, category, family, bases)
            yield from _check_tax(subtotal, category, family)
            yield from _check_reason(category, family)
        yield from _check_product(subtotal, category)


def _bases(document: Document) -> dict[Key, Decimal] | None:
    """Lines + charges − deductions by category and rate; None when some amount is not a number."""
    result: dict[Key, Decimal] = {}
    sources = [
        *(
            (line, "cac:Item/cac:ClassifiedTaxCategory", "cbc:LineExtensionAmount", 1)
            for line in document.lines
        ),
        *((item, "cac:TaxCategory", "cbc:Amount", 1) for item in document.charges),
        *((item, "cac:TaxCategory", "cbc:Amount", -1) for item in document.allowances),
    ]
    for element, path, amount_path, sign in sources:
        category = find(element, path)
        amount = number(element, amount_path)
        if amount is None:
            return None
        if category is not None:
            key = (text(category, "cbc:ID"), number(category, "cbc:Percent"))
            result[key] = result.get(key, ZERO) + sign * amount
    return result


def _check_base(
    subtotal: Element, category: Element, family: Family, bases: dict[Key, Decimal] | None
) -> Iterator[Finding]:
    base = number(subtotal, "cbc:TaxableAmount")
    if base is None or bases is None:
        return
    code, rate = text(category, "cbc:ID"), number(category, "cbc:Percent")
    if family.by_rate:
        if rate is None:
            return  # without a rate it is -09 that breaks
        expected = bases.get((code, rate), ZERO)
        wrong = abs(base - expected) >= _ONE
    else:
        expected = sum((value for key, value in bases.items() if key[0] == code), ZERO)
        wrong = base != expected
    if wrong:
        place = where(subtotal, "cbc:TaxableAmount")
        values = {"actual": base, "expected": rounded(expected)}
        yield error(f"{family.prefix}-08", "BT-116", place, "calculated", **values)


def _check_tax(subtotal: Element, category: Element, family: Family) -> Iterator[Finding]:
    tax = number(subtotal, "cbc:TaxAmount")
    if tax is None:
        return
    place = where(subtotal, "cbc:TaxAmount")
    rule = f"{family.prefix}-09"
    if not family.by_rate:
        if tax != 0:
            yield error(rule, "BT-117", place, "value", actual=tax)
        return
    base, percent = number(subtotal, "cbc:TaxableAmount"), number(category, "cbc:Percent")
    if base is None:
        return
    if percent is None:
        yield error(rule, "BT-117", place, "element", element="cbc:Percent")
    elif not _near(tax, base, percent):
        yield error(rule, "BT-117", place, "calculated", **_wrong_tax(tax, base, percent))
    elif base * tax < 0:
        yield warning("WRK-VAT-SIGN", "BT-117", place, "value", actual=tax)


def _check_product(subtotal: Element, category: Element) -> Iterator[Finding]:
    """BR-CO-17, for every category."""
    tax, base = number(subtotal, "cbc:TaxAmount"), number(subtotal, "cbc:TaxableAmount")
    if tax is None or base is None:
        return
    percent = number(category, "cbc:Percent")
    if find(category, "cbc:Percent") is not None and percent is None:
        return
    if not _near(tax, base, percent or ZERO):
        place = where(subtotal, "cbc:TaxAmount")
        values = _wrong_tax(tax, base, percent or ZERO)
        yield error("BR-CO-17", "BT-117", place, "calculated", **values)


def _check_reason(category: Element, family: Family) -> Iterator[Finding]:
    given = any(
        find(category, f"cbc:TaxExemptionReason{suffix}") is not None for suffix in ("", "Code")
    )
    if given == family.reason:
        return
    yield error(f"{family.prefix}-10", "BT-120", where(category))


def _near(tax: Decimal, base: Decimal, percent: Decimal) -> bool:
    """Strictly less than one unit off, by absolute values, as ANAF's package compares."""
    return abs(abs(tax) - rounded(abs(base) * percent / _HUNDRED)) < _ONE


def _wrong_tax(tax: Decimal, base: Decimal, percent: Decimal) -> dict[str, Decimal]:
    return {"actual": tax, "expected": rounded(base * percent / _HUNDRED)}
