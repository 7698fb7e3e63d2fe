"""E-mail: send a mail from text, HTML or a named template, with files, once."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from .base import Command, Event, Failed
from .types import ArtifactRef, UtcDateTime, Value

MAX_RECIPIENTS = 100
"""Of one mail, to, cc and bcc together: what every relay takes at once (RFC 5321, 4.5.3.1.8)."""

_NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, Field(pattern=_NO_CONTROL, max_length=500)]
"""Text of one line: no line end and no other control character gets into a header."""

_ADDRESS = r"^[^\x00-\x20\x7f<>\",;]+@[^\x00-\x20\x7f<>\",;@]+$"
_LONGEST_ADDRESS = 320
Address = Annotated[
    str,
    Field(
        min_length=3,
        max_length=_LONGEST_ADDRESS,
        pattern=_ADDRESS,
        description="One address without a name, for example ana@example.ro.",
    ),
]
MailId = Annotated[
    str,
    Field(
        pattern=r"^<?[^\x00-\x20\x7f<>@]+@[^\x00-\x20\x7f<>@]+>?$",
        max_length=250,
        description="A Message-ID, with or without <>; `email.sent` tells it.",
    ),
]


class Mailbox(Value):
    """An address and the name that is shown with it."""

    model_config = ConfigDict(extra="forbid")

    address: Address
    name: Line = Field(default="", description="Shown name.")


def _boxed(value: object) -> object:
    if not isinstance(value, str):
        return value
    # Here, so that the refusal names the field as it was given, and not an object's part.
    if len(value) > _LONGEST_ADDRESS or not re.fullmatch(_ADDRESS, value):
        raise ValueError("not one address without a name: write ana@example.ro")
    return {"address": value}


Recipient = Annotated[
    Mailbox,
    BeforeValidator(_boxed, json_schema_input_type=Address | Mailbox),
    Field(description='An address, or {"address": …, "name": …}.'),
]

FileName = Annotated[
    str,
    Field(min_length=1, max_length=120, pattern=r"^[^/\\\x00-\x1f\x7f]+$", description="Its name."),
]


class Attachment(Value):
    """A file of the mail, kept as an artifact."""

    model_config = ConfigDict(extra="forbid")

    artifact: ArtifactRef
    name: FileName


class InlineImage(Value):
    """An image that the HTML shows: `<img src="cid:logo">`."""

    model_config = ConfigDict(extra="forbid")

    artifact: ArtifactRef
    cid: str = Field(
        pattern=r"^[A-Za-z0-9._-]{1,64}$", description="The word after `cid:` in the HTML."
    )
    name: FileName


class SendEmail(Command):
    """Send a mail, once: from a named template, or from text and HTML that are given."""

    key = "email.send"
    tag: ClassVar[str] = "email.send"

    to: list[Recipient] = Field(
        min_length=1, max_length=MAX_RECIPIENTS, description="Who gets it; everybody sees them."
    )
    cc: list[Recipient] = Field(default_factory=list, max_length=MAX_RECIPIENTS)
    bcc: list[Recipient] = Field(
        default_factory=list, max_length=MAX_RECIPIENTS, description="Gets it; nobody sees them."
    )
    sender: Recipient | None = Field(
        default=None, description="From. One that the account allows; the account's own if absent."
    )
    reply_to: list[Recipient] = Field(default_factory=list, max_length=10)
    account: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="Name of an account of the operator's; the tenant's own if absent.",
    )
    business_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        pattern=_NO_CONTROL,
        description="What the mail is about, for example invoice-accepted:PMX-2026-0001. One mail "
        "a key and tenant is sent, whatever message ids ask for it; remembered for a week.",
    )

    subject: Line | None = Field(
        default=None, min_length=1, description="Needed without a template; replaces the template's"
    )
    text: str | None = Field(
        default=None, min_length=1, max_length=200_000, description="Plain text, as it is."
    )
    html: str | None = Field(
        default=None,
        min_length=1,
        max_length=200_000,
        description="HTML, as it is. Without text beside it one is made from it.",
    )
    template: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9_]{1,64}$",
        description="invoice_accepted, invoice_rejected, deadline, or one of the operator's.",
    )
    language: Literal["ro", "en"] = Field(default="ro", description="Of the template.")
    data: dict[str, JsonValue] = Field(
        default_factory=dict, description="What the template shows; what it needs must be there."
    )

    attachments: list[Attachment] = Field(default_factory=list, max_length=20)
    images: list[InlineImage] = Field(default_factory=list, max_length=20)

    in_reply_to: MailId | None = Field(default=None, description="Answers this mail.")
    references: list[MailId] = Field(
        default_factory=list, max_length=20, description="The thread's earlier mails, oldest first."
    )
    unsubscribe_url: str | None = Field(
        default=None,
        max_length=500,
        pattern=r"^https://[^\x00-\x20\x7f<>\",]+$",
        description="Mail to many: one click (a POST) there unsubscribes, RFC 8058.",
    )
    unsubscribe_email: Address | None = Field(
        default=None, description="Mail to many: a mail to it unsubscribes."
    )
    headers: dict[str, Line] = Field(
        default_factory=dict,
        max_length=20,
        description="Further headers, for example X-Campaign; none that this worker writes.",
    )
    importance: Literal["low", "normal", "high"] = "normal"
    awaits_answer: bool = Field(
        default=False,
        description="A person reads the answers. Otherwise the mail says that it is automatic, and "
        "no out-of-office note comes back.",
    )
    give_up_at: UtcDateTime | None = Field(
        default=None, description="After this moment nobody needs it; the operator's term if absent"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "SendEmail":
        everybody = [*self.to, *self.cc, *self.bcc]
        if len(everybody) > MAX_RECIPIENTS:
            raise ValueError(
                f"to, cc and bcc are {len(everybody)} recipients, {MAX_RECIPIENTS} at most: send "
                "several mails"
            )
        if self.template and (self.text or self.html):
            raise ValueError("give a template with its data, or text and html, not both")
        if not self.template and not (self.subject and (self.text or self.html)):
            raise ValueError("give a template, or a subject with text, html or both")
        if self.data and not self.template:
            raise ValueError("data are for a template: name one, or leave data out")
        cids = [image.cid for image in self.images]
        if len(set(cids)) < len(cids):
            raise ValueError("images: each cid can be there once")
        return self


class RecipientOutcome(Value):
    """What became of the mail for one recipient."""

    address: str = Field(description="As the command gave it.")
    status: Literal["accepted", "refused", "gave_up"] = Field(
        description="The server took it; refused it for good; or refused it for now until the term."
    )
    code: int | None = Field(description="The server's last reply code; null when none came.")
    text: str = Field(
        description="The server's last words, for example 250 2.0.0 Ok: queued as 1A."
    )


class EmailSent(Event):
    """The server took the mail for at least one recipient; each one's outcome is told."""

    key = "email.sent"
    subject_field = "mail_id"

    mail_id: str = Field(
        description="Message-ID without <>; the same in every try. Give it as in_reply_to."
    )
    account: str = Field(description="Name of the account it went through.")
    sender: str = Field(description="Address in From.")
    recipients: list[RecipientOutcome] = Field(description="In the order to, cc, bcc.")
    accepted: int = Field(ge=0, description="Recipients that the server took it for.")
    refused: int = Field(ge=0, description="The others.")
    size: int = Field(ge=0, description="Bytes of the mail, with its attachments.")
    maybe_duplicate: bool = Field(
        default=False,
        description="A server's last answer was lost and the mail sent again under the same "
        "Message-ID: some may have got it twice.",
    )
    lost_answers: int = Field(
        default=0, ge=0, description="How many: there are at most so many copies more."
    )
    sent_at: UtcDateTime = Field(description="When the last recipient was settled, UTC.")


class EmailFailed(Failed):
    """Nobody got the mail, or nobody knows whether somebody did: the code tells which."""

    key = "email.failed"
