"""An invoice as JSON, by the terms of EN 16931; the worker makes CIUS-RO UBL of it.

Every description begins with the business term (BT) or group (BG). Totals are computed when they
are absent and compared when they are given.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from .efactura_values import (
    Amount,
    Buyer,
    Delivery,
    Identifier,
    Line,
    Number,
    Part,
    Payee,
    Payment,
    Period,
    PrecedingInvoice,
    Seller,
    SupportingDocument,
    TaxRepresentative,
    optional,
)

TypeCode = Literal["380", "381", "384", "389", "751"]
VatCategory = Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M"]


class LineAdjustment(Part):
    """An allowance or charge of a line (BG-27, BG-28); give amount, or base_amount and percent."""

    amount: Amount | None = optional("BT-136, BT-141: amount, without VAT and without a sign.")
    base_amount: Amount | None = optional("BT-137, BT-142: amount that the percent is of.")
    percent: Number | None = optional("BT-138, BT-143: percent of base_amount.")
    reason: Line | None = optional("BT-139, BT-144: reason in words.")
    reason_code: Line | None = optional("BT-140, BT-145: UNCL 5189 or 7161.")


class Adjustment(Part):
    """An allowance or charge of the document (BG-20, BG-21)."""

    amount: Amount | None = optional("BT-92, BT-99: amount, without VAT and without a sign.")
    base_amount: Amount | None = optional("BT-93, BT-100: amount that the percent is of.")
    percent: Number | None = optional("BT-94, BT-101: percent of base_amount.")
    reason: Line | None = optional("BT-97, BT-104: reason in words.")
    reason_code: Line | None = optional("BT-98, BT-105: UNCL 5189 or 7161.")
    vat_category: VatCategory = Field(description="BT-95, BT-102: VAT category.")
    vat_rate: Number | None = optional("BT-96, BT-103: VAT rate in percent.")


class Classification(Part):
    """A classification of the item (BT-158)."""

    code: Line = Field(description="BT-158: the code, for example of CPV.")
    list_: Line = Field(alias="list", description="BT-158-1: the list's code, STI for CPV.")
    version: Line | None = optional("BT-158-2: the list's version.")


class Attribute(Part):
    """A property of the item (BG-32)."""

    name: Line = Field(description="BT-160: name.")
    value: Line = Field(description="BT-161: value.")


class InvoiceLine(Part):
    """One line (BG-25)."""

    identifier: Line | None = optional("BT-126: the line's number; 1, 2, 3 when absent.")
    note: Line | None = optional("BT-127: note.")
    quantity: Number = Field(description="BT-129: quantity; negative in a storno.")
    unit: Line = Field(description="BT-130: code of UN/ECE Rec 20 or 21: C62, H87, HUR, KGM.")
    net_amount: Amount | None = optional(
        "BT-131: net amount; quantity x price with the adjustments when absent."
    )
    order_line: Line | None = optional("BT-132: line of the order.")
    accounting_reference: Line | None = optional("BT-133: the buyer's account or cost centre.")
    period: Period | None = optional("BG-26: days that the line is for.")
    allowances: tuple[LineAdjustment, ...] = Field(
        default=(), max_length=50, description="BG-27: allowances."
    )
    charges: tuple[LineAdjustment, ...] = Field(
        default=(), max_length=50, description="BG-28: charges."
    )
    price: Number = Field(description="BT-146: net price of one unit, never negative.")
    price_discount: Number | None = optional("BT-147: discount contained in the price.")
    gross_price: Number | None = optional("BT-148: price before the discount.")
    price_quantity: Number | None = optional("BT-149: number of units that the price is for.", gt=0)
    vat_category: VatCategory = Field(description="BT-151: VAT category.")
    vat_rate: Number | None = optional(
        "BT-152: VAT rate in percent; 0 when absent for Z, E, AE, K, G; none for O."
    )
    name: Line = Field(description="BT-153: the item's name.")
    description: Line | None = optional("BT-154: the item's description.")
    seller_item: Line | None = optional("BT-155: the seller's item number.")
    buyer_item: Line | None = optional("BT-156: the buyer's item number.")
    standard_item: Identifier | None = optional("BT-157: GTIN and the like, with its scheme.")
    classifications: tuple[Classification, ...] = Field(
        default=(), max_length=50, description="BT-158: classifications, for example CPV or NC8."
    )
    origin_country: Line | None = optional("BT-159: country of origin, ISO 3166-1.")
    attributes: tuple[Attribute, ...] = Field(
        default=(), max_length=100, description="BG-32: properties of the item."
    )


class VatGroup(Part):
    """One group of the VAT breakdown (BG-23): its exemption reason, or amounts to be compared."""

    vat_category: VatCategory = Field(description="BT-118: VAT category.")
    vat_rate: Number | None = optional("BT-119: VAT rate; may be left out but for S, L and M.")
    taxable_amount: Amount | None = optional("BT-116: base; compared with the sum of the group.")
    tax_amount: Amount | None = optional(
        "BT-117: VAT; yours is used when it is less than 1.00 from base x rate, as ANAF allows."
    )
    exemption_reason: Line | None = optional("BT-120: reason in words.")
    exemption_code: Line | None = optional(
        "BT-121: code of VATEX; set for AE, K, G and O when no reason is given."
    )


class Totals(Part):
    """The document's totals (BG-22): computed when absent, compared when given."""

    lines: Amount | None = optional("BT-106: sum of the lines.")
    allowances: Amount | None = optional("BT-107: sum of the document's allowances.")
    charges: Amount | None = optional("BT-108: sum of the document's charges.")
    without_vat: Amount | None = optional("BT-109: total without VAT.")
    vat: Amount | None = optional("BT-110: total VAT.")
    vat_accounting: Amount | None = optional(
        "BT-111: total VAT in RON, of an invoice in another currency; or give exchange_rate."
    )
    with_vat: Amount | None = optional("BT-112: total with VAT.")
    paid: Amount | None = optional("BT-113: paid already.")
    rounding: Amount | None = optional("BT-114: rounding of the amount due.")
    payable: Amount | None = optional("BT-115: amount due.")


class InvoiceDocument(Part):
    """An invoice or a credit note."""

    number: Line = Field(description="BT-1: number, with at least one digit.")
    issue_date: date = Field(description="BT-2: issue date.")
    type_code: TypeCode = Field(
        default="380",
        description="BT-3: 380 invoice, 381 credit note, 384 corrected invoice, 389 self-billed, "
        "751 for accounting only.",
    )
    currency: str = Field(
        default="RON", pattern=r"^[A-Z]{3}$", description="BT-5: currency; RON needs no BT-6."
    )
    exchange_rate: Number | None = optional(
        "RON for one unit of the currency; gives BT-111 and is not sent.", gt=0
    )
    vat_date: date | None = optional("BT-7: day on which VAT becomes due.")
    vat_date_code: Line | None = optional("BT-8: 3, 35 or 432; not together with vat_date.")
    due_date: date | None = optional("BT-9: day on which payment is due.")
    buyer_reference: Line | None = optional("BT-10: the buyer's reference.")
    project: Line | None = optional("BT-11: project.")
    contract: Line | None = optional("BT-12: contract.")
    order: Line | None = optional("BT-13: the buyer's order.")
    sales_order: Line | None = optional("BT-14: the seller's order.")
    receiving_advice: Line | None = optional("BT-15: receiving advice.")
    despatch_advice: Line | None = optional("BT-16: despatch advice.")
    tender: Line | None = optional("BT-17: tender or lot.")
    invoiced_object: Identifier | None = optional("BT-18: object, for example a meter.")
    accounting_reference: Line | None = optional("BT-19: the buyer's account or cost centre.")
    payment_terms: Line | None = optional("BT-20: terms of payment in words.")
    notes: tuple[Line, ...] = Field(default=(), max_length=100, description="BG-1, BT-22: notes.")
    preceding_invoices: tuple[PrecedingInvoice, ...] = Field(
        default=(), max_length=600, description="BG-3: earlier invoices that it refers to."
    )
    seller: Seller = Field(description="BG-4: seller.")
    buyer: Buyer = Field(description="BG-7: buyer.")
    payee: Payee | None = optional("BG-10: payee, when not the seller.")
    tax_representative: TaxRepresentative | None = optional("BG-11: tax representative.")
    delivery: Delivery | None = optional("BG-13: delivery.")
    period: Period | None = optional("BG-14: period that is invoiced.")
    payment: Payment | None = optional("BG-16: how to pay.")
    allowances: tuple[Adjustment, ...] = Field(
        default=(), max_length=100, description="BG-20: allowances of the document."
    )
    charges: tuple[Adjustment, ...] = Field(
        default=(), max_length=100, description="BG-21: charges of the document."
    )
    totals: Totals | None = optional("BG-22: totals, all of them optional.")
    vat_breakdown: tuple[VatGroup, ...] = Field(
        default=(),
        max_length=100,
        description="BG-23: exemption reasons, and amounts to be compared.",
    )
    supporting_documents: tuple[SupportingDocument, ...] = Field(
        default=(), max_length=60, description="BG-24: further documents and attachments."
    )
    lines: tuple[InvoiceLine, ...] = Field(min_length=1, description="BG-25: lines.")
