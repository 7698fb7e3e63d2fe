"""Dates: the form `YYYY-MM-DD` everywhere (BR-RO-DT*), periods (BR-29, 30), VAT date (BR-CO-03)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from workers_anaf.xml import Element

from .document import Document
from .model import Finding
from .reading import read_date
from .tree import CBC, error, find, find_all, text, text_of, where

# rule, element, the term where it stands in the header
DATES: Final = [
    ("BR-RO-DT001", "IssueDate", "BT-2"),
    ("BR-RO-DT002", "TaxPointDate", "BT-7"),
    ("BR-RO-DT003", "DueDate", "BT-9"),
    ("BR-RO-DT003_CN", "PaymentDueDate", "BT-9"),
    ("BR-RO-DT004", "ActualDeliveryDate", "BT-72"),
    ("BR-RO-DT005", "StartDate", "BT-73"),
    ("BR-RO-DT006", "EndDate", "BT-74"),
]
VAT_DATE_CODES: Final = {"3", "35", "432"}


def check(document: Document) -> Iterator[Finding]:
    """Dates that are none, and dates that contradict one another."""
    root = document.root
    for rule, name, term in DATES:
        for element in root.iter(f"{{{CBC}}}{name}"):
            # The raw text: a blank or a zone before or after the date is refused too.
            if read_date(element.text or "") is None:
                yield error(rule, term, where(element), "value", actual=text_of(element)[:30])
    for period in find_all(root, "cac:InvoicePeriod"):
        yield from _check_order(period, "BR-29", "BT-74")
        if not any(
            text(period, f"cbc:{name}") for name in ("StartDate", "EndDate", "DescriptionCode")
        ):
            yield error("BR-CO-19", "BG-14", where(period))
    for period in document.select("LINE/cac:InvoicePeriod"):
        yield from _check_order(period, "BR-30", "BT-135")
        if not any(text(period, f"cbc:{name}") for name in ("StartDate", "EndDate")):
            yield error("BR-CO-20", "BG-26", where(period))
    yield from _check_vat_date(root)


def _check_order(period: Element, rule: str, term: str) -> Iterator[Finding]:
    start = read_date(text(period, "cbc:StartDate"))
    end = read_date(text(period, "cbc:EndDate"))
    if isinstance(start, date) and isinstance(end, date) and end < start:
        yield error(rule, term, where(period, "cbc:EndDate"), "value", actual=end)


def _check_vat_date(root: Element) -> Iterator[Finding]:
    codes = find_all(root, "cac:InvoicePeriod/cbc:DescriptionCode")
    if find(root, "cbc:TaxPointDate") is not None and codes:
        yield error("BR-CO-03", "BT-7", where(root, "cbc:TaxPointDate"))
    for code in codes:
        if text_of(code) not in VAT_DATE_CODES:
            # ANAF reports both: the list of EN 16931 and its own restriction are the same here.
            seen = text_of(code)[:10]
            for rule in ("BR-CL-06", "BR-RO-040"):
                yield error(rule, "BT-8", where(code), "code", code=seen)
