"""e-Factura, inbound: what suppliers, buyers and ANAF put into a company's box in SPV."""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from .base import Command, Event
from .efactura import Rejection, Seal
from .types import ArtifactRef, Cui, UtcDateTime, Value

MessageType = Literal["received", "sent", "errors", "buyer_message", "unknown"]
"""ANAF's FACTURA PRIMITA, FACTURA TRIMISA, ERORI FACTURA, MESAJ CUMPARATOR …; anything else."""


class ReceiveMessages(Command):
    """Receive what comes for a company, from now on: its lists are read until you say stop.

    Sent again it reads the lists at once, and sets a chain of readings going that was lost.
    """

    key = "efactura.receive"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "receive"
    follow_up = False

    cif: Cui = Field(description="Fiscal code whose box is read, for the message's tenant.")
    active: bool = Field(
        default=True, description="False stops it; what was listed by then is still fetched."
    )


class ListMessages(Command):
    """Read the lists of a CIF (the worker's own follow-up)."""

    key = "efactura.list"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "list"
    aside = True

    cif: str = Field(min_length=1, description="Fiscal code whose box is read.")
    turn: int = Field(ge=1, description="Which reading it is; one that is not due does nothing.")


class FetchMessage(Command):
    """Download a listed message (the worker's own follow-up)."""

    key = "efactura.fetch"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "fetch"
    aside = True

    cif: str = Field(min_length=1, description="Fiscal code in whose box it lies.")
    download_id: str = Field(min_length=1, description="ANAF's id of the message.")
    hand: int = Field(ge=1, description="How often it was handed out; only the newest counts.")


class MessagesReceiving(Event):
    """Final answer to ``efactura.receive``: whether a company's messages are being received."""

    key = "efactura.receiving"
    subject_field = "cif"

    cif: str = Field(description="Fiscal code whose box is read.")
    active: bool = Field(description="False when it was stopped.")
    since: UtcDateTime = Field(description="When it was first asked for, UTC.")
    read_at: UtcDateTime | None = Field(
        default=None, description="When the lists were last read completely, UTC."
    )
    stored: int = Field(ge=0, description="Messages whose archive is kept.")
    outstanding: int = Field(ge=0, description="Messages that are listed and not fetched yet.")
    expired: int = Field(ge=0, description="Messages that could not be fetched in their 60 days.")
    code: str | None = Field(
        default=None, description="Error code of the last reading, when it did not succeed."
    )
    reason: str | None = Field(default=None, description="Why it did not succeed.")


class InboxMessage(Event):
    """What every event about a message in SPV says of it."""

    subject_field = "download_id"

    cif: str = Field(description="Fiscal code in whose box it lies.")
    download_id: str = Field(description="ANAF's id of the message: what descarcare takes.")
    message_type: MessageType = Field(description="ANAF's tip.")
    upload_index: str | None = Field(default=None, description="ANAF's index_incarcare.")
    listed_at: UtcDateTime = Field(description="When ANAF put it into the list, to the minute.")


class FetchedMessage(InboxMessage):
    """What every event about a fetched message says."""

    archive: ArtifactRef = Field(description="ANAF's ZIP, byte for byte: the legal original.")
    seal: Seal | None = Field(
        default=None, description="The Ministry's seal; null when the archive cannot be opened."
    )
    fetched_at: UtcDateTime = Field(description="When it was downloaded, UTC.")
    problem: str | None = Field(
        default=None,
        description="What of the archive could not be read, in Romanian: open it by hand.",
    )


class InboundParty(Value):
    """Seller or buyer, as the document names them."""

    name: str | None = Field(default=None, description="Registered name (BT-27, BT-44).")
    cif: str | None = Field(
        default=None, description="Fiscal code's digits without RO; of a person it may be a CNP."
    )
    vat_id: str | None = Field(default=None, description="VAT identifier as written.")
    country: str | None = Field(default=None, description="ISO 3166-1 alpha-2.")


class InboundTotals(Value):
    """The document's sums in its currency; null where it has none."""

    net: Decimal | None = Field(default=None, description="Without VAT (BT-109).")
    vat: Decimal | None = Field(default=None, description="VAT (BT-110).")
    gross: Decimal | None = Field(default=None, description="With VAT (BT-112).")
    payable: Decimal | None = Field(default=None, description="To be paid (BT-115).")


class ListedInvoice(FetchedMessage):
    """What the events of invoices in SPV say."""

    subject_field = "number"

    kind: Literal["invoice", "credit_note", "cii", "unreadable"] = Field(
        description="What the document is."
    )
    number: str | None = Field(default=None, description="Invoice number (BT-1).")
    issue_date: date | None = Field(default=None, description="Issue date (BT-2).")
    due_date: date | None = Field(default=None, description="Payment due date (BT-9).")
    type_code: str | None = Field(default=None, description="Type (BT-3), for example 380.")
    currency: str | None = Field(default=None, description="Currency (BT-5).")
    seller: InboundParty = Field(default_factory=InboundParty)
    buyer: InboundParty = Field(default_factory=InboundParty)
    totals: InboundTotals = Field(default_factory=InboundTotals)
    self_billed: bool = Field(
        default=False, description="Issued by the buyer in the seller's name (autofactura)."
    )
    sha256: str | None = Field(
        default=None, description="SHA-256 of the document inside the archive."
    )


class InvoiceReceived(ListedInvoice):
    """A supplier's invoice or credit note arrived; once for each."""

    key = "efactura.received"


class InvoiceSentElsewhere(ListedInvoice):
    """An invoice of this company was filed by another program, or by its buyer; once for each."""

    key = "efactura.sent_elsewhere"


class BuyerMessageReceived(FetchedMessage):
    """A buyer's message about an invoice (MESAJ CUMPARATOR), received or sent; once for each."""

    key = "efactura.message_received"

    text: str = Field(description="The buyer's words.")
    about_index: str | None = Field(
        default=None, description="Upload index of the invoice it is about, when it names one."
    )
    document_id: str | None = Field(
        default=None, description="That invoice's id in the workers' ledger, when filed here."
    )
    number: str | None = Field(default=None, description="Its number, when filed here.")


class ErrorsReceived(FetchedMessage):
    """ANAF refused a document that these workers did not file; once for each."""

    key = "efactura.errors_received"

    errors: list[Rejection] = Field(min_length=1, description="ANAF's reasons, each explained.")


class MessageExpired(InboxMessage):
    """A message whose archive was not fetched in its 60 days; ANAF gives it only on request."""

    key = "efactura.receive_expired"

    message: str = Field(description="What happened, in Romanian.")
    action: str = Field(description="What to do, in Romanian.")


class ReceivingDelayed(Event):
    """Something is not received although its time runs out: a message, or a company's lists."""

    key = "efactura.receive_delayed"
    subject_field = "cif"

    what: Literal["message", "list"] = Field(
        description="message: listed and not fetched; list: the lists cannot be read."
    )
    cif: str = Field(description="Fiscal code whose box it is.")
    download_id: str | None = Field(default=None, description="Id of the message that waits.")
    message_type: MessageType | None = Field(default=None, description="ANAF's tip.")
    upload_index: str | None = Field(default=None, description="ANAF's index_incarcare.")
    since: UtcDateTime = Field(
        description="When the message was listed, or the lists were last read completely."
    )
    days_left: float = Field(ge=0, description="Days until ANAF no longer gives what waits.")
    code: str | None = Field(
        default=None, description="Error code of the last try; null when none was made yet."
    )
    reason: str | None = Field(default=None, description="Why the last try did not succeed.")
    message: str = Field(description="What is the matter, in Romanian.")
    action: str = Field(description="What to do, in Romanian.")
