"""Payment: due date, means, account, card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from workers_anaf.xml import Element
from workers_contracts.types import iban_is_valid

from .document import Document
from .model import Finding, Kind
from .tree import CAC, CBC, error, find, find_all, number, text, text_of, warning, where

_TRANSFERS: Final = {"30", "58"}
_ROMANIAN: Final = re.compile(r"RO[0-9]{2}")
_ROMANIAN_LENGTH: Final = 24


def check(document: Document) -> Iterator[Finding]:
    """What is missing or too much in the payment instructions."""
    yield from _check_due(document)
    for means in document.root.iter(f"{{{CAC}}}PaymentMeans"):
        code = text(means, "cbc:PaymentMeansCode")
        if code in _TRANSFERS and not text(means, "cac:PayeeFinancialAccount/cbc:ID"):
            place = where(means, "cac:PayeeFinancialAccount/cbc:ID")
            for rule in _account_rules(find(means, "cac:PayeeFinancialAccount")):
                yield error(rule, "BT-84", place, "code", code=code)
        yield from _check_iban(means)
        card = text(means, "cac:CardAccount/cbc:PrimaryAccountNumberID")
        if len(card) > 10:
            yield error("BR-51", "BT-87", where(means, "cac:CardAccount"))
    for path, rule in (
        ("cac:PaymentMeans/cac:CardAccount", "BR-66"),
        ("cac:PaymentMeans/cac:PaymentMandate", "BR-67"),
    ):
        count = len(find_all(document.root, path))
        if count > 1:
            yield error(rule, "BG-16", where(document.root, path), "count", count=count)


def _check_iban(means: Element) -> Iterator[Finding]:
    """A Romanian IBAN that no bank can have: ANAF takes it, and the payment comes back."""
    element = find(means, "cac:PayeeFinancialAccount/cbc:ID")
    account = "".join(text_of(element).split()).upper()
    if element is None or not _ROMANIAN.match(account):
        return
    if len(account) != _ROMANIAN_LENGTH or not iban_is_valid(account):
        yield warning("WRK-IBAN", "BT-84", where(element))


def _account_rules(account: Element | None) -> list[str]:
    """BR-61 where the identifier is absent, BR-50 where an account has none or an empty one."""
    absent = account is None or find(account, "cbc:ID") is None
    return [*(["BR-61"] if absent else []), *([] if account is None else ["BR-50"])]


def _check_due(document: Document) -> Iterator[Finding]:
    """BR-CO-25, which ANAF applies to invoices only: a credit note has no due date element."""
    totals = document.totals
    payable = None if totals is None else number(totals, "cbc:PayableAmount")
    if document.kind is Kind.CREDIT_NOTE or payable is None or payable <= 0:
        return
    has_date = next(document.root.iter(f"{{{CBC}}}DueDate"), None) is not None
    if not has_date and not find_all(document.root, "cac:PaymentTerms/cbc:Note"):
        yield error("BR-CO-25", "BT-9", where(document.root, "cbc:DueDate"))
