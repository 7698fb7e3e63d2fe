"""What the demonstration sends, and what has to come back for each."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from .document import Check, Data, Document, says
from .invoice import BUYER, SELLER, render
from .presented import presented


def documents(today: date, mark: str) -> list[Document]:
    """The eleven documents; `mark` makes the invoice numbers of one demonstration unique.

    The parts of a number that start with SBX tell the sandbox what to do with that invoice.
    """
    correct = _invoice("Invoice, correct", f"DEMO-{mark}-1", today, "efactura.accepted", _archived)
    return [
        _lookup("Look-up, known company", SELLER, says("valid", expected=True)),
        _lookup("Look-up, wrong check digit", "12345678", says("valid", expected=False)),
        correct,
        _invoice(
            "Invoice, refused by ANAF",
            f"DEMO-{mark}-2-SBX-nok-many-errors",
            today,
            "efactura.rejected",
            says("stage", expected="anaf"),
        ),
        _invoice(
            "Invoice, wrong total",
            f"DEMO-{mark}-3",
            today,
            "efactura.rejected",
            says("stage", expected="local"),
            gross_error=Decimal("10.00"),
        ),
        _invoice(
            "Invoice, ANAF's answer lost",
            f"DEMO-{mark}-4-SBX-timeout-after-acceptance",
            today,
            "efactura.accepted",
            _archived,
        ),
        *presented(correct),
        _received(correct),
    ]


def _received(sold: Document) -> Document:
    """The other side: what the buyer's own worker gets from ANAF."""
    return Document(
        title="The same, received by its buyer",
        key="efactura.receive",
        body=lambda _accepted: {"cif": BUYER},
        final="efactura.received",
        check=says("number", expected=sold.number),
        number=sold.number,
        after=sold,
    )


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


def _archived(data: Data) -> str | None:
    archive = data.get("archive")
    if isinstance(archive, Mapping) and archive.get("uri") and archive.get("sha256"):
        return None
    return "the event names no archive"
