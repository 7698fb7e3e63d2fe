"""What the templates of `pdf.render` show: the value of the command's `data`, by template.

Amounts are decimals in text or numbers; what can be computed may be left out.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .efactura import InvoiceAccepted, Seal
from .pdf_options import Option
from .types import UtcDateTime

Amount = Annotated[
    Decimal, Field(ge=-(10**15), le=10**15, description="A decimal, for example 1234.50.")
]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Long = Annotated[str, Field(max_length=5000)]


class Party(Option):
    """Seller, buyer or another company."""

    name: Short = Field(description="Name.")
    cui: str | None = Field(default=None, max_length=30, description="Fiscal code, as printed.")
    trade_register: str | None = Field(
        default=None, max_length=60, description="Trade register no."
    )
    address: list[Short] = Field(
        default_factory=list, max_length=6, description="Lines of the address."
    )
    iban: str | None = Field(default=None, max_length=60, description="Bank account.")
    bank: str | None = Field(default=None, max_length=100, description="Name of the bank.")
    contact: list[Short] = Field(
        default_factory=list, max_length=4, description="Telephone, e-mail and the like."
    )


class Line(Option):
    """One line of an invoice."""

    name: Short = Field(description="What is sold.")
    description: Long = Field(default="", description="More about it.")
    quantity: Amount = Field(default=Decimal(1), description="How much.")
    unit: str = Field(default="", max_length=20, description="Unit as printed: buc, ore, kg.")
    price: Amount = Field(description="Price of one, without VAT.")
    net: Amount | None = Field(
        default=None, description="Value without VAT; quantity times price if absent."
    )
    vat_rate: Amount | None = Field(default=None, description="VAT in per cent.")


class VatRow(Option):
    """One row of the VAT summary."""

    rate: Amount | None = Field(default=None, description="Per cent.")
    category: str = Field(default="", max_length=10, description="Category code, for example AE.")
    base: Amount = Field(description="Value without VAT.")
    vat: Amount = Field(description="VAT.")
    reason: Long = Field(default="", description="Why there is none.")


class Totals(Option):
    """The sums of an invoice."""

    net: Amount = Field(description="Without VAT.")
    vat: Amount = Field(description="VAT.")
    gross: Amount = Field(description="With VAT.")
    allowances: Amount | None = Field(default=None, description="Discounts on the whole.")
    charges: Amount | None = Field(default=None, description="Charges on the whole.")
    prepaid: Amount | None = Field(default=None, description="Paid already.")
    payable: Amount | None = Field(default=None, description="To pay; the gross if absent.")


class InvoiceData(Option):
    """Template invoice."""

    kind: Literal["invoice", "credit_note", "proforma"] = Field(
        default="invoice", description="What it is."
    )
    number: Short = Field(description="Number of the invoice.")
    issue_date: date = Field(description="Date of issue.")
    due_date: date | None = Field(default=None, description="Last day to pay.")
    delivery_date: date | None = Field(default=None, description="Date of delivery.")
    order: str | None = Field(default=None, max_length=100, description="Order or contract.")
    currency: str = Field(default="RON", pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")
    seller: Party
    buyer: Party
    lines: list[Line] = Field(min_length=1, max_length=5000, description="What is invoiced.")
    vat: list[VatRow] = Field(
        default_factory=list, max_length=50, description="VAT summary; from the lines if empty."
    )
    totals: Totals | None = Field(default=None, description="From the lines if absent.")
    payment: list[Long] = Field(
        default_factory=list, max_length=10, description="How and where to pay."
    )
    notes: list[Long] = Field(default_factory=list, max_length=20, description="Anything else.")
    logo: str | None = Field(
        default=None, max_length=200, description="Name of the asset that is the seller's logo."
    )


class EfacturaData(Option):
    """Template efactura: an e-Factura for people, with what ANAF said of it.

    The invoice itself comes from exactly one of: the command's artifact, `accepted`, `xml`,
    `invoice`.
    """

    accepted: InvoiceAccepted | None = Field(
        default=None, description="The data of efactura.accepted: all that is needed."
    )
    xml: str | None = Field(default=None, max_length=200_000, description="The UBL as text.")
    invoice: InvoiceData | None = Field(default=None, description="The invoice as data.")
    upload_index: str | None = Field(default=None, max_length=40, description="ANAF's index.")
    download_id: str | None = Field(default=None, max_length=40, description="ANAF's id.")
    accepted_at: UtcDateTime | None = Field(default=None, description="When it was accepted.")
    seal: Seal | None = Field(default=None, description="What was found of the Ministry's seal.")

    @model_validator(mode="after")
    def _one_source(self) -> "EfacturaData":
        if sum(one is not None for one in (self.accepted, self.xml, self.invoice)) > 1:
            raise ValueError("give one of accepted, xml and invoice")
        return self


class Goods(Option):
    """One kind of goods in a transport."""

    name: Short = Field(description="What it is.")
    tariff_code: str | None = Field(default=None, max_length=20, description="NC code.")
    quantity: Amount = Field(description="How much.")
    unit: str = Field(default="", max_length=20, description="Unit as printed.")
    net_kg: Amount | None = Field(default=None, description="Net weight in kilograms.")
    gross_kg: Amount | None = Field(default=None, description="Gross weight in kilograms.")
    value: Amount | None = Field(default=None, description="Value without VAT, in lei.")


class UitData(Option):
    """Template uit: the card that a driver shows on the road."""

    uit: Annotated[str, Field(pattern=r"^[A-Z0-9]{8,20}$")] = Field(description="The UIT code.")
    provisional: bool = Field(
        default=False, description="ANAF has not confirmed it yet; the card says so."
    )
    valid_from: date | None = Field(default=None, description="First day.")
    valid_until: date | None = Field(default=None, description="Last day.")
    operation: str = Field(default="", max_length=200, description="Kind of operation.")
    declarant: Party
    partner: Party | None = Field(default=None, description="The other company.")
    carrier: Party | None = Field(default=None, description="Who drives.")
    vehicle: str = Field(min_length=2, max_length=20, description="Plate of the vehicle.")
    trailers: list[Short] = Field(default_factory=list, max_length=2, description="Their plates.")
    transport_date: date | None = Field(default=None, description="Planned start.")
    loading: Short = Field(description="Where it begins.")
    unloading: Short = Field(description="Where it ends.")
    documents: list[Short] = Field(
        default_factory=list, max_length=10, description="Papers that go along."
    )
    goods: list[Goods] = Field(min_length=1, max_length=500, description="What is carried.")


class Column(Option):
    """One column of a table."""

    key: Short = Field(description="Name of the value in each row.")
    label: str = Field(max_length=100, description="Heading.")
    kind: Literal["text", "number", "money", "percent", "date"] = Field(
        default="text", description="How values are written; all but text stand to the right."
    )
    total: bool = Field(default=False, description="Add its values up below the table.")


class Fact(Option):
    """A figure with its name."""

    label: Short = Field(description="Name.")
    value: str | Amount = Field(description="A text, or a number written by the language.")


class Section(Option):
    """A part of a report."""

    title: str = Field(default="", max_length=200, description="Heading.")
    text: Long = Field(default="", description="Paragraphs, parted by empty lines.")
    facts: list[Fact] = Field(default_factory=list, max_length=50, description="Figures.")
    columns: list[Column] = Field(default_factory=list, max_length=20, description="A table.")
    rows: list[dict[str, Any]] = Field(
        default_factory=list, max_length=20_000, description="Its rows, values by column key."
    )


class ReportData(Option):
    """Template report: headings, figures, text and tables."""

    title: Short = Field(description="Title.")
    subtitle: str = Field(default="", max_length=300, description="Below the title.")
    company: str = Field(default="", max_length=200, description="Whose report it is.")
    period: str = Field(default="", max_length=100, description="The time it is about.")
    issue_date: date | None = Field(default=None, description="When it was made.")
    currency: str = Field(default="RON", pattern=r"^[A-Z]{3}$", description="Of money columns.")
    facts: list[Fact] = Field(default_factory=list, max_length=12, description="On top.")
    sections: list[Section] = Field(min_length=1, max_length=100, description="Its parts.")
    notes: list[Long] = Field(default_factory=list, max_length=20, description="At the end.")
    logo: str | None = Field(default=None, max_length=200, description="Name of an asset.")


TEMPLATES: dict[str, type[Option]] = {
    "invoice": InvoiceData,
    "efactura": EfacturaData,
    "uit": UitData,
    "report": ReportData,
}
"""The shipped templates and what each of them shows."""
