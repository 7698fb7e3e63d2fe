"""e-Factura: a buyer's answer to a supplier, as a message about an invoice."""

from typing import ClassVar, Literal

from pydantic import Field

from .base import Command, Event
from .efactura import Rejection, Seal
from .types import ArtifactRef, Cui, UtcDateTime


class SendMessage(Command):
    """Write to a supplier about an invoice that came through SPV (ANAF's MESAJ CUMPARATOR).

    The same text about the same invoice is one message: it is sent once, however often it is asked
    for.
    """

    key = "efactura.send_message"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "send_message"
    follow_up = False

    cif: Cui = Field(description="Fiscal code of the buyer, who writes.")
    about_index: str = Field(
        pattern=r"^[0-9]{1,20}$",
        description="ANAF's index of the invoice: upload_index of its efactura.received.",
    )
    text: str = Field(description="What the supplier reads: plain text.")


class MessageEvent(Event):
    """What the events of a message to a supplier say of it."""

    subject_field = "about_index"

    document_id: str = Field(description="The message's id in the workers' ledger.")
    cif: str = Field(description="Fiscal code of the buyer.")
    about_index: str = Field(description="ANAF's index of the invoice.")
    number: str | None = Field(
        default=None, description="The invoice's number (BT-1), when this archive has it."
    )


class MessageSent(MessageEvent):
    """Final: ANAF accepted the message and gives it to the supplier; its archive is kept."""

    key = "efactura.message_sent"

    upload_index: str = Field(description="ANAF's index_incarcare of the message.")
    download_id: str = Field(description="ANAF's id_descarcare.")
    archive: ArtifactRef = Field(description="ANAF's ZIP, byte for byte.")
    seal: Seal
    altered: bool = Field(
        default=False,
        description="ANAF's file holds another text than was sent: read it in the archive.",
    )
    accepted_at: UtcDateTime = Field(description="When the worker learned of it, UTC.")


class MessageRejected(MessageEvent):
    """Final: the message was refused, by our checks, at the upload or by ANAF."""

    key = "efactura.message_rejected"

    stage: Literal["local", "upload", "anaf"] = Field(description="Who refused it.")
    errors: list[Rejection] = Field(
        min_length=1, description="The reasons, ANAF's words as they are; each explained."
    )
    upload_index: str | None = Field(default=None, description="ANAF's index, when it had one.")
    archive: ArtifactRef | None = Field(default=None, description="ANAF's ZIP with the errors.")
