"""Dates: the form `YYYY-MM-DD` everywhere (BR-RO-DT*), periods (BR-29, 30), VAT date (BR-CO-03)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from workers_anaf.xml import Element

from .document import Document
from .model import Finding
from .reading import read_date
from .terms import name_of
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
                message = f"{name_of(term)} nu este o dată. Scrieți-o ca AAAA-LL-ZZ, fără fus orar."
                yield error(rule, term, where(element), message)
    for period in find_all(root, "cac:InvoicePeriod"):
        yield from _check_order(period, "BR-29", "BT-74")
        if not any(
            text(period, f"cbc:{name}") for name in ("StartDate", "EndDate", "DescriptionCode")
        ):
            message = "Perioada de facturare este goală. Completați începutul sau sfârșitul ei."
            yield error("BR-CO-19", "BG-14", where(period), message)
    for period in document.select("LINE/cac:InvoicePeriod"):
        yield from _check_order(period, "BR-30", "BT-135")
        if not any(text(period, f"cbc:{name}") for name in ("StartDate", "EndDate")):
            message = "Perioada liniei este goală. Completați începutul sau sfârșitul ei."
            yield error("BR-CO-20", "BG-26", where(period), message)
    yield from _check_vat_date(root)


def _check_order(period: Element, rule: str, term: str) -> Iterator[Finding]:
    start = read_date(text(period, "cbc:StartDate"))
    end = read_date(text(period, "cbc:EndDate"))
    if isinstance(start, date) and isinstance(end, date) and end < start:
        message = f"{name_of(term)} este înaintea începutului ei. Corectați perioada."
        yield error(rule, term, where(period, "cbc:EndDate"), message)


def _check_vat_date(root: Element) -> Iterator[Finding]:
    codes = find_all(root, "cac:InvoicePeriod/cbc:DescriptionCode")
    if find(root, "cbc:TaxPointDate") is not None and codes:
        message = (
            "BT-7 (data exigibilității TVA) și BT-8 (codul ei) se exclud. Păstrați unul singur."
        )
        yield error("BR-CO-03", "BT-7", where(root, "cbc:TaxPointDate"), message)
    for code in codes:
        if text_of(code) not in VAT_DATE_CODES:
            # ANAF reports both: the list of EN 16931 and its own restriction are the same here.
            message = "BT-8 (codul datei exigibilității TVA) trebuie să fie 3, 35 sau 432."
            yield error("BR-CL-06", "BT-8", where(code), message)
            yield error("BR-RO-040", "BT-8", where(code), message)
