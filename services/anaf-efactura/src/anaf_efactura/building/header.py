"""What stands before the parties: numbers, dates, references, documents; and how to pay."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from anaf_efactura.invoice.identity import SPECIFICATION
from anaf_efactura.invoice.model import Kind
from workers_anaf.xml import Element
from workers_contracts.efactura_invoice import InvoiceDocument
from workers_contracts.efactura_values import Account, Payment, SupportingDocument

from .calculating import HOME
from .lines import write_period
from .writing import Writer

UNDEFINED = "1"
"""Payment means of a credit note that has a due date and no means: instrument not defined."""


def write_header(
    writer: Writer, document: InvoiceDocument, attachments: Mapping[int, bytes]
) -> None:
    """Add all that stands before the parties."""
    root, invoice = writer.root, writer.kind is Kind.INVOICE
    writer.text(root, "CustomizationID", SPECIFICATION, "")
    writer.text(root, "ID", document.number, "invoice.number")
    writer.text(root, "IssueDate", document.issue_date, "invoice.issue_date")
    if invoice:
        writer.text(root, "DueDate", document.due_date, "invoice.due_date")
        writer.text(root, "InvoiceTypeCode", document.type_code, "invoice.type_code")
        _notes(writer, document)
        writer.text(root, "TaxPointDate", document.vat_date, "invoice.vat_date")
    else:
        writer.text(root, "TaxPointDate", document.vat_date, "invoice.vat_date")
        writer.text(root, "CreditNoteTypeCode", document.type_code, "invoice.type_code")
        _notes(writer, document)
    writer.text(root, "DocumentCurrencyCode", document.currency, "invoice.currency")
    if document.currency != HOME:
        writer.text(root, "TaxCurrencyCode", HOME, "invoice.currency")
    cost, place = document.accounting_reference, "invoice.accounting_reference"
    writer.text(root, "AccountingCost", cost, place)
    writer.text(root, "BuyerReference", document.buyer_reference, "invoice.buyer_reference")
    write_period(writer, root, document.period, "invoice.period", document.vat_date_code)
    _references(writer, document, attachments)


def _notes(writer: Writer, document: InvoiceDocument) -> None:
    for number, note in enumerate(document.notes):
        writer.text(writer.root, "Note", note, f"invoice.notes[{number}]")


def _references(
    writer: Writer, document: InvoiceDocument, attachments: Mapping[int, bytes]
) -> None:
    root = writer.root
    order = writer.group(root, "OrderReference", "invoice.order")
    # The schema wants the buyer's order wherever the seller's is named.
    number = document.order or ("NA" if document.sales_order else None)
    writer.text(order, "ID", number, "invoice.order")
    writer.text(order, "SalesOrderID", document.sales_order, "invoice.sales_order")
    for position, earlier in enumerate(document.preceding_invoices):
        at = f"invoice.preceding_invoices[{position}]"
        holder = writer.group(root, "BillingReference", at)
        reference = writer.group(holder, "InvoiceDocumentReference", at)
        writer.text(reference, "ID", earlier.number, f"{at}.number")
        writer.text(reference, "IssueDate", earlier.issue_date, f"{at}.issue_date")
    _reference(writer, "DespatchDocumentReference", document.despatch_advice, "despatch_advice")
    _reference(writer, "ReceiptDocumentReference", document.receiving_advice, "receiving_advice")
    if writer.kind is Kind.INVOICE:
        _reference(writer, "OriginatorDocumentReference", document.tender, "tender")
        _reference(writer, "ContractDocumentReference", document.contract, "contract")
        _documents(writer, document, attachments)
        _reference(writer, "ProjectReference", document.project, "project")
    else:
        _reference(writer, "ContractDocumentReference", document.contract, "contract")
        _documents(writer, document, attachments)
        _reference(writer, "OriginatorDocumentReference", document.tender, "tender")


def _reference(writer: Writer, name: str, value: str | None, field: str) -> None:
    at = f"invoice.{field}"
    writer.text(writer.group(writer.root, name, at), "ID", value, at)


def _documents(writer: Writer, document: InvoiceDocument, attachments: Mapping[int, bytes]) -> None:
    for number, each in enumerate(document.supporting_documents):
        _supporting(writer, each, number, attachments.get(number))
    if document.invoiced_object:
        item, at = document.invoiced_object, "invoice.invoiced_object"
        element = writer.group(writer.root, "AdditionalDocumentReference", at)
        writer.text(element, "ID", item.value, at, schemeID=item.scheme)
        writer.text(element, "DocumentTypeCode", "130", at)
    if document.project and writer.kind is Kind.CREDIT_NOTE:
        # A credit note has no element for the project: EN 16931 puts it here.
        element = writer.group(writer.root, "AdditionalDocumentReference", "invoice.project")
        writer.text(element, "ID", document.project, "invoice.project")
        writer.text(element, "DocumentTypeCode", "50", "invoice.project")


def _supporting(
    writer: Writer, each: SupportingDocument, number: int, content: bytes | None
) -> None:
    at = f"invoice.supporting_documents[{number}]"
    element = writer.group(writer.root, "AdditionalDocumentReference", at)
    writer.text(element, "ID", each.reference, f"{at}.reference")
    writer.text(element, "DocumentDescription", each.description, f"{at}.description")
    holder = writer.group(element, "Attachment", at)
    if each.attachment is not None and content is not None:
        writer.text(
            holder,
            "EmbeddedDocumentBinaryObject",
            base64.b64encode(content).decode(),
            f"{at}.attachment",
            mimeCode=each.attachment.media_type,
            filename=each.filename,
        )
    link = writer.group(holder, "ExternalReference", at)
    writer.text(link, "URI", each.location, f"{at}.location")


def write_payment(writer: Writer, document: InvoiceDocument) -> None:
    """Add the means of payment, one for each account, and the terms."""
    payment = document.payment
    late = document.due_date if writer.kind is Kind.CREDIT_NOTE else None
    if payment is None and late is not None:
        payment = Payment(means=UNDEFINED)
    if payment is not None:
        for number, account in enumerate(payment.accounts or (None,)):
            # EN 16931 has one due date, however many accounts.
            means = _means(writer, payment, late if number == 0 else None)
            if number == 0:
                _card(writer, means, payment)
            _account(writer, means, account, f"invoice.payment.accounts[{number}]")
            if number == 0:
                _mandate(writer, means, payment)
    terms = writer.group(writer.root, "PaymentTerms", "invoice.payment_terms")
    writer.text(terms, "Note", document.payment_terms, "invoice.payment_terms")


def _means(writer: Writer, payment: Payment, due: object) -> Element:
    at = "invoice.payment"
    element = writer.group(writer.root, "PaymentMeans", at)
    writer.text(element, "PaymentMeansCode", payment.means, f"{at}.means", name=payment.means_text)
    writer.text(element, "PaymentDueDate", due, "invoice.due_date")
    writer.text(element, "PaymentID", payment.remittance, f"{at}.remittance")
    return element


def _card(writer: Writer, means: Element, payment: Payment) -> None:
    if payment.card:
        at = "invoice.payment.card"
        element = writer.group(means, "CardAccount", at)
        writer.text(element, "PrimaryAccountNumberID", payment.card.number, f"{at}.number")
        writer.text(element, "NetworkID", "NA", at)  # the schema wants one, EN 16931 has none
        writer.text(element, "HolderName", payment.card.holder, f"{at}.holder")


def _account(writer: Writer, means: Element, account: Account | None, at: str) -> None:
    if account is None:
        return
    element = writer.group(means, "PayeeFinancialAccount", at)
    writer.text(element, "ID", "".join(account.identifier.split()), f"{at}.identifier")
    writer.text(element, "Name", account.name, f"{at}.name")
    branch = writer.group(element, "FinancialInstitutionBranch", at)
    writer.text(branch, "ID", account.bic, f"{at}.bic")


def _mandate(writer: Writer, means: Element, payment: Payment) -> None:
    debit, at = payment.direct_debit, "invoice.payment.direct_debit"
    if debit:
        element = writer.group(means, "PaymentMandate", at)
        writer.text(element, "ID", debit.mandate, f"{at}.mandate")
        payer = writer.group(element, "PayerFinancialAccount", at)
        writer.text(payer, "ID", debit.debited_account, f"{at}.debited_account")
