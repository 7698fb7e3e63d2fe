"""How a document is handed in: ANAF's flags, chosen from the document or compared with it.

Source: ANAF's API of RO e-Factura: `uploadb2c` for consumers, `extern` for a buyer outside Romania
without a Romanian code, `autofactura` when the buyer issues it, `executare` for enforcement bodies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from .invoice import Finding, Invoice, is_cui
from .invoice.model import Party
from .invoice.tree import error

SELF_BILLED: Final = "389"
_PERSON: Final = 13
"""Digits of a CNP, which is what a consumer's code is; thirteen zeros when it is not known."""
FIRST_DAY: Final = date(2021, 1, 1)
"""OUG 120/2021 made RO e-Factura; an earlier date is a typing error."""
YEARS_AHEAD: Final = 2


@dataclass(frozen=True, slots=True)
class FiledFor:
    """How the document is to be filed; None leaves it to the document."""

    cif: str | None = None
    self_billed: bool | None = None
    b2c: bool | None = None
    foreign_buyer: bool | None = None
    enforcement: bool = False
    today: date | None = None
    """Romania's date; dates are compared with it when it is given."""


@dataclass(frozen=True, slots=True)
class Flags:
    """What is sent."""

    self_billed: bool = False
    b2c: bool = False
    foreign_buyer: bool = False


def choose(invoice: Invoice | None, wanted: FiledFor) -> Flags:
    """Take what the command says, and where it says nothing what the document says."""
    if invoice is None:
        return Flags(bool(wanted.self_billed), bool(wanted.b2c), bool(wanted.foreign_buyer))
    return Flags(
        self_billed=_given(wanted.self_billed, invoice.type_code == SELF_BILLED),
        b2c=_given(wanted.b2c, _is_person(invoice.buyer)),
        foreign_buyer=_given(wanted.foreign_buyer, _is_foreign(invoice.buyer)),
    )


def check_flags(invoice: Invoice, wanted: FiledFor) -> Iterator[Finding]:
    """Errors where the command contradicts the document; each names the command's field."""
    buyer = invoice.buyer
    if wanted.self_billed is False and invoice.type_code == SELF_BILLED:
        yield _flag("self_billed", "BT-3", "flag_self_no")
    if wanted.b2c is False and _is_person(buyer):
        yield _flag("b2c", "BT-47", "flag_b2c_no")
    if wanted.b2c is True and buyer.vat_id and not _is_person(buyer):
        yield _flag("b2c", "BT-48", "flag_b2c_yes")
    if wanted.foreign_buyer is False and _is_foreign(buyer):
        yield _flag("foreign_buyer", "BT-55", "flag_foreign_no", country=buyer.country)
    if wanted.foreign_buyer is True and buyer.country == "RO":
        yield _flag("foreign_buyer", "BT-55", "flag_foreign_yes")


def check_date(invoice: Invoice, wanted: FiledFor, path: str) -> Iterator[Finding]:
    """An issue date that can only be a typing error."""
    issued, today = invoice.issue_date, wanted.today
    if issued is None or today is None:
        return
    if issued < FIRST_DAY or issued.year > today.year + YEARS_AHEAD:
        yield error("WRK-DATE", "BT-2", path, "value", actual=issued)


def _given(wanted: bool | None, found: bool) -> bool:
    return found if wanted is None else wanted


def _is_person(buyer: Party) -> bool:
    return buyer.vat_id is None and buyer.cui is not None and len(buyer.cui) == _PERSON


def _is_foreign(buyer: Party) -> bool:
    if buyer.country in (None, "RO"):
        return False
    if buyer.vat_id:
        return not buyer.vat_id.upper().startswith("RO")
    return not (buyer.cui and is_cui(buyer.cui))


def _flag(field: str, term: str, detail: str, **values: object) -> Finding:
    return replace(error("WRK-FLAG", term, "/", detail, **values), json_path=field)
