"""How numbers are written: decimals, digits, sign of zero.

An amount has at most two decimals (BR-DEC-*, printed by ANAF as BR-RO-Z2, and UBL-DT-01); prices
and quantities are not limited. ANAF refuses a negative zero though its published rules let it pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from workers_anaf.xml import Element, local_name

from .document import Document
from .model import Finding
from .tree import CAC, CBC, error, find_all, number_of, text_of, where

_TOTALS = "cac:LegalMonetaryTotal"

# rule, term, path. Of BT-110, 111 and 131 the rules BR-DEC-RO cannot fire; those of EN 16931 do.
DECIMALS: Final = [
    ("BR-DEC-RO-01", "BT-92", "ALLOWANCE/cbc:Amount"),
    ("BR-DEC-RO-02", "BT-93", "ALLOWANCE/cbc:BaseAmount"),
    ("BR-DEC-RO-05", "BT-99", "CHARGE/cbc:Amount"),
    ("BR-DEC-RO-06", "BT-100", "CHARGE/cbc:BaseAmount"),
    ("BR-DEC-RO-09", "BT-106", f"{_TOTALS}/cbc:LineExtensionAmount"),
    ("BR-DEC-RO-10", "BT-107", f"{_TOTALS}/cbc:AllowanceTotalAmount"),
    ("BR-DEC-RO-11", "BT-108", f"{_TOTALS}/cbc:ChargeTotalAmount"),
    ("BR-DEC-RO-12", "BT-109", f"{_TOTALS}/cbc:TaxExclusiveAmount"),
    ("BR-DEC-RO-14", "BT-112", f"{_TOTALS}/cbc:TaxInclusiveAmount"),
    ("BR-DEC-RO-16", "BT-113", f"{_TOTALS}/cbc:PrepaidAmount"),
    ("BR-DEC-RO-17", "BT-114", f"{_TOTALS}/cbc:PayableRoundingAmount"),
    ("BR-DEC-RO-18", "BT-115", f"{_TOTALS}/cbc:PayableAmount"),
    ("BR-DEC-RO-1009", "BT-116", "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxableAmount"),
    ("BR-DEC-RO-1010", "BT-117", "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount"),
    ("BR-DEC-23", "BT-131", "LINE/cbc:LineExtensionAmount"),
    ("BR-DEC-RO-24", "BT-136", "LINE-ALLOWANCE/cbc:Amount"),
    ("BR-DEC-RO-25", "BT-137", "LINE-ALLOWANCE/cbc:BaseAmount"),
    ("BR-DEC-RO-27", "BT-141", "LINE-CHARGE/cbc:Amount"),
    ("BR-DEC-RO-28", "BT-142", "LINE-CHARGE/cbc:BaseAmount"),
]
_EXTRA = {"BR-DEC-RO-1009": "BR-DEC-19", "BR-DEC-RO-1010": "BR-DEC-20"}
TWINS: Final = {
    rule: _EXTRA.get(rule, rule.replace("-RO", "")) for rule, *_ in DECIMALS if "-RO-" in rule
}
"""The rule of EN 16931 that ANAF reports beside its own."""
_NEGATIVE_ZERO: Final = re.compile(r"-0*\.?0*")
_NUMERIC: Final = ("Amount", "Quantity", "Percent", "Numeric")


def check(document: Document) -> Iterator[Finding]:
    """Numbers that are none, have too many decimals, or are a negative zero."""
    for rule, term, path in DECIMALS:
        for element in document.select(path):
            if _decimals(element) > 2:
                for twin in dict.fromkeys((rule, TWINS.get(rule, rule))):
                    yield error(twin, term, where(element), "value", actual=text_of(element))
    for total in find_all(document.root, "cac:TaxTotal/cbc:TaxAmount"):
        if _decimals(total) > 2:
            accounting = total.get("currencyID") != document.currency
            rule, term = ("BR-DEC-15", "BT-111") if accounting else ("BR-DEC-13", "BT-110")
            yield error(rule, term, where(total), "value", actual=text_of(total))
    for element in document.root.iter(f"{{{CBC}}}*"):
        if local_name(element).endswith(_NUMERIC):
            yield from _check_number(element)


def _check_number(element: Element) -> Iterator[Finding]:
    name, value = local_name(element), text_of(element)
    if value and number_of(element) is None:
        yield error("WRK-NUMBER", "", where(element), "value", actual=value)
    elif value and _NEGATIVE_ZERO.fullmatch(value):
        yield error("WRK-ZERO", "", where(element), "value", actual=value)
    if name.endswith("Amount") and _decimals(element) > 2 and not _is_price(element):
        yield error("UBL-DT-01", "", where(element), "value", actual=value)


def _decimals(element: Element) -> int:
    return len(text_of(element).partition(".")[2])


def _is_price(element: Element) -> bool:
    """The price and its gross price and discount, which may have any number of decimals."""
    return any(parent.tag == f"{{{CAC}}}Price" for parent in element.iterancestors())
