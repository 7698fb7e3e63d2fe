"""One line: its price is not negative and its net amount follows from quantity and price.

ANAF does not check the product (rule WRK-LINE is ours). It is checked in two steps. One cent off is
fine: some programs round the product before deductions, others after. More is an error only when
no price that rounds to the printed one explains it, since programs that start from a price with VAT
print a rounded net price; in between it is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from workers_anaf.xml import Element

from .amounts import ZERO, rounded
from .document import Document
from .model import Finding
from .tree import CBC, error, find, find_all, is_true, number, number_of, text, warning, where

CENT: Final = Decimal("0.01")


def check(document: Document) -> Iterator[Finding]:
    """Prices, products and the tax categories of each line."""
    for price in document.root.iter(f"{{{CBC}}}PriceAmount"):
        value = number_of(price)
        if value is not None and value < 0:
            yield error("BR-27", "BT-146", where(price), "value", actual=value)
    for line in document.lines:
        yield from _check_product(document, line)
        gross = number(line, "cac:Price/cac:AllowanceCharge/cbc:BaseAmount")
        if gross is not None and gross < 0:
            yield error("BR-28", "BT-148", where(line, "cac:Price"), "value", actual=gross)
        count = len(find_all(line, "cac:Item/cac:ClassifiedTaxCategory"))
        if count != 1:
            yield error("UBL-SR-48", "BT-151", where(line, "cac:Item"), "count", count=count)


def _check_product(document: Document, line: Element) -> Iterator[Finding]:
    quantity = number(line, document.quantity_path)
    price = number(line, "cac:Price/cbc:PriceAmount")
    actual = number(line, "cbc:LineExtensionAmount")
    base = _base_quantity(line)
    adjustment = _adjustment(line)
    if quantity is None or price is None or actual is None or base is None or adjustment is None:
        return
    expected = quantity * price / base + adjustment
    difference = abs(actual - expected)
    if difference <= CENT:
        return
    report = error if difference > CENT + abs(quantity / base) * _half_unit(line) else warning
    place = where(line, "cbc:LineExtensionAmount")
    values = {"actual": actual, "expected": rounded(expected)}
    yield report("WRK-LINE", "BT-131", place, "calculated", **values)


def _base_quantity(line: Element) -> Decimal | None:
    """BT-149, the quantity that the price is for: one when absent, unknown when not above zero."""
    element = find(line, "cac:Price/cbc:BaseQuantity")
    value = Decimal(1) if element is None else number_of(element)
    return value if value is not None and value > 0 else None


def _adjustment(line: Element) -> Decimal | None:
    result = ZERO
    for item in find_all(line, "cac:AllowanceCharge"):
        amount = number(item, "cbc:Amount")
        if amount is None:
            return None
        result += amount if is_true(item, "cbc:ChargeIndicator") else -amount
    return result


def _half_unit(line: Element) -> Decimal:
    """Half of the last decimal place in which the price is printed."""
    places = len(text(line, "cac:Price/cbc:PriceAmount").partition(".")[2])
    return Decimal(5).scaleb(-places - 1)
