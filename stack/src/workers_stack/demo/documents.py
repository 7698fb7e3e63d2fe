"""What the demonstration sends, and what has to come back for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from .invoice import SELLER, render

Data = Mapping[str, Any]
Check = Callable[[Data], str | None]
"""Looks at the final event's data: None when it is as expected, else what is not."""

FINAL = frozenset(
    {
        "anaf.taxpayer.validated",
        "taxpayer.failed",
        "efactura.accepted",
        "efactura.rejected",
        "efactura.failed",
    }
)
"""Event types after which nothing more comes for a document."""


@dataclass(frozen=True)
class Document:
    """One command and the outcome it must have."""

    title: str
    key: str
    body: Data
    final: str
    check: Check
    number: str | None = None
    id: str = field(default_factory=lambda: str(uuid4()))


def documents(today: date, mark: str) -> list[Document]:
    """The six documents; `mark` makes the invoice numbers of one demonstration unique.

    The parts of a number that start with SBX tell the sandbox what to do with that invoice.
    """
    return [
        _lookup("Look-up, known company", SELLER, _says("valid", expected=True)),
        _lookup("Look-up, wrong check digit", "12345678", _says("valid", expected=False)),
        _invoice("Invoice, correct", f"DEMO-{mark}-1", today, "efactura.accepted", _archived),
        _invoice(
            "Invoice, refused by ANAF",
            f"DEMO-{mark}-2-SBX-nok-many-errors",
            today,
            "efactura.rejected",
            _says("stage", expected="anaf"),
        ),
        _invoice(
            "Invoice, wrong total",
            f"DEMO-{mark}-3",
            today,
            "efactura.rejected",
            _says("stage", expected="local"),
            gross_error=Decimal("10.00"),
        ),
        _invoice(
            "Invoice, ANAF's answer lost",
            f"DEMO-{mark}-4-SBX-timeout-after-acceptance",
            today,
            "efactura.accepted",
            _archived,
        ),
    ]


def _lookup(title: str, number: str, check: Check) -> Document:
    return Document(
        title=title,
        key="taxpayer.validate",
        body={"number": number},
        final="anaf.taxpayer.validated",
        check=check,
    )


def _invoice(
    title: str,
    number: str,
    today: date,
    final: str,
    check: Check,
    gross_error: Decimal = Decimal("0.00"),
) -> Document:
    xml = render(number, today, gross_error=gross_error)
    body = {"cif": SELLER, "xml": xml}
    return Document(
        title=title, key="efactura.submit", body=body, final=final, check=check, number=number
    )


def _says(name: str, *, expected: object) -> Check:
    def check(data: Data) -> str | None:
        found = data.get(name)
        return None if found == expected else f"{name} is {found!r}, expected {expected!r}"

    return check


def _archived(data: Data) -> str | None:
    archive = data.get("archive")
    if isinstance(archive, Mapping) and archive.get("uri") and archive.get("sha256"):
        return None
    return "the event names no archive"
