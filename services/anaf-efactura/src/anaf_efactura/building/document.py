"""The whole document: its bytes, what is wrong with the amounts given, and the way back to JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import localcontext
from typing import Final

from anaf_efactura.invoice.model import Finding, Kind
from anaf_efactura.invoice.tree import error, where
from workers_anaf.xml import Element
from workers_contracts.efactura_invoice import InvoiceDocument

from .calculating import HOME, Group, Mismatch, Sums, sums
from .header import write_header, write_payment
from .lines import write_adjustment, write_line
from .parties import write_parties
from .places import Places
from .writing import Writer, plain

MAX_ATTACHED_BYTES: Final = 3 * 1024 * 1024
"""ANAF's limit for all attachments of an invoice."""


@dataclass(frozen=True)
class Built:
    """The XML that was made of an invoice."""

    content: bytes
    findings: tuple[Finding, ...]
    """Amounts that were given and do not follow from the others."""
    places: Places

    def placed(self, findings: Sequence[Finding]) -> list[Finding]:
        """Say of each finding on the XML where in the JSON it lies."""
        return [
            found
            if found.json_path
            else replace(found, json_path=self.places.of(found.path, found.term))
            for found in findings
        ]


def build(document: InvoiceDocument, attachments: Mapping[int, bytes] | None = None) -> Built:
    """Make CIUS-RO UBL; `attachments` are the files by the number of their document."""
    kind = Kind.CREDIT_NOTE if document.type_code == "381" else Kind.INVOICE
    with localcontext() as context:
        context.prec = 120
        found = sums(document)
        writer = Writer(kind, document.currency)
        write_header(writer, document, attachments or {})
        write_parties(writer, document)
        write_payment(writer, document)
        for name, items in (("allowances", document.allowances), ("charges", document.charges)):
            for number, item in enumerate(items):
                write_adjustment(writer, writer.root, item, f"invoice.{name}[{number}]")
        _vat(writer, found)
        _totals(writer, document, found)
        for number, (line, net) in enumerate(zip(document.lines, found.nets, strict=True)):
            write_line(writer, line, net, number)
    content = writer.finish()
    wrong = tuple(_mismatch(writer, each) for each in found.mismatches)
    return Built(
        content, (*wrong, *_too_much(writer, document)), Places(writer.root, writer.places)
    )


def _vat(writer: Writer, found: Sums) -> None:
    total = writer.group(writer.root, "TaxTotal", "invoice.totals.vat")
    writer.amount(total, "TaxAmount", found.vat, "invoice.totals.vat")
    for group in found.groups:
        _group(writer, total, group)
    if writer.currency != HOME and found.vat_accounting is not None:
        at = "invoice.totals.vat_accounting"
        accounting = writer.group(writer.root, "TaxTotal", at)
        writer.amount(accounting, "TaxAmount", found.vat_accounting, at, HOME)


def _group(writer: Writer, total: Element, group: Group) -> None:
    element = writer.group(total, "TaxSubtotal", group.at)
    writer.amount(element, "TaxableAmount", group.base, group.at)
    writer.amount(element, "TaxAmount", group.tax, group.at)
    category = writer.group(element, "TaxCategory", group.at)
    writer.text(category, "ID", group.category, group.at)
    writer.number(category, "Percent", group.rate, group.at)
    writer.text(category, "TaxExemptionReasonCode", group.code, group.at)
    reason = group.given.exemption_reason if group.given else None
    writer.text(category, "TaxExemptionReason", reason, group.at)
    writer.scheme(category)


def _totals(writer: Writer, document: InvoiceDocument, found: Sums) -> None:
    at = "invoice.totals"
    element = writer.group(writer.root, "LegalMonetaryTotal", at)
    given = document.totals
    for name, value, field in (
        ("LineExtensionAmount", found.lines, "lines"),
        ("TaxExclusiveAmount", found.without_vat, "without_vat"),
        ("TaxInclusiveAmount", found.with_vat, "with_vat"),
        ("AllowanceTotalAmount", found.allowances if document.allowances else None, "allowances"),
        ("ChargeTotalAmount", found.charges if document.charges else None, "charges"),
        ("PrepaidAmount", given.paid if given else None, "paid"),
        ("PayableRoundingAmount", given.rounding if given else None, "rounding"),
        ("PayableAmount", found.payable, "payable"),
    ):
        writer.amount(element, name, value, f"{at}.{field}")


def _mismatch(writer: Writer, each: Mismatch) -> Finding:
    place = next((where(e) for e, at in writer.places.items() if at == each.at and _in(e)), "/")
    if each.given is None or each.computed is None:
        return replace(error(each.rule, each.term, place), json_path=each.at)
    values = {"actual": plain(each.given), "expected": plain(each.computed)}
    return replace(error(each.rule, each.term, place, "calculated", **values), json_path=each.at)


def _in(element: Element) -> bool:
    return element.getparent() is not None


def _too_much(writer: Writer, document: InvoiceDocument) -> list[Finding]:
    size = sum(d.attachment.size for d in document.supporting_documents if d.attachment)
    if size <= MAX_ATTACHED_BYTES:
        return []
    place = where(writer.root, "cac:AdditionalDocumentReference")
    found = error("WRK-ATTACHED", "BT-125", place, "size", size=size)
    return [replace(found, json_path="invoice.supporting_documents")]
