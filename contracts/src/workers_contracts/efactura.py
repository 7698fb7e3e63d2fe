"""e-Factura: file an invoice with ANAF and learn what became of it."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from .base import Command, Event, Failed
from .efactura_invoice import InvoiceDocument
from .types import ArtifactRef, Cui, UtcDateTime, Value


def _one_source(command: "SubmitInvoice | ValidateInvoice") -> None:
    given = [name for name in _SOURCES if getattr(command, name) is not None]
    if len(given) != 1:
        raise PydanticCustomError(
            "one_source",
            "give the document in exactly one of the fields xml, artifact and invoice; {found}",
            {
                "found": f"there are {' and '.join(given)}" if given else "there is none",
                "field": given[-1] if given else _SOURCES[0],
            },
        )


_SOURCES = ("xml", "artifact", "invoice")


class SubmitInvoice(Command):
    """File an invoice or credit note with ANAF: XML in xml or artifact, or JSON in invoice."""

    key = "efactura.submit"
    tag: ClassVar[str] = "anaf.efactura"
    about_field = "cif"

    cif: Cui = Field(description="Fiscal code on whose behalf it is filed.")
    xml: str | None = Field(default=None, description="The document as text: UBL, or CII.")
    artifact: ArtifactRef | None = Field(
        default=None, description="Where the document lies, when it is over 128 KiB."
    )
    invoice: InvoiceDocument | None = Field(
        default=None, description="The document as JSON; CIUS-RO UBL is made of it."
    )
    b2c: bool | None = Field(
        default=None, description="The buyer is a consumer; left out, the document decides."
    )
    foreign_buyer: bool | None = Field(
        default=None,
        description="ANAF's extern: buyer outside RO; left out, the document decides.",
    )
    self_billed: bool | None = Field(
        default=None, description="ANAF's autofactura; left out, type 389 decides."
    )
    enforcement: bool = Field(
        default=False, description="ANAF's executare: filed by an enforcement body."
    )

    @model_validator(mode="after")
    def _check_source(self) -> "SubmitInvoice":
        _one_source(self)
        return self


class CheckInvoice(Command):
    """Ask ANAF what became of an upload (the worker's own follow-up)."""

    key = "efactura.check"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "check"

    document_id: str = Field(min_length=1, description="Id of the document in the ledger.")
    round: int = Field(ge=1, description="How often it was asked already, plus one.")


class WatchInvoice(Command):
    """Look whether an invoice is accepted before its legal term ends (the worker's follow-up)."""

    key = "efactura.watch"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "watch"
    aside = True

    document_id: str = Field(min_length=1, description="Id of the document in the ledger.")
    cif: str = Field(min_length=1, description="Fiscal code on whose behalf it was to be filed.")
    kind: str = Field(description="What it is: invoice or credit_note.")
    number: str = Field(min_length=1, description="Invoice number (BT-1).")
    issue_date: date = Field(description="Issue date (BT-2).")


class WatchLogin(Command):
    """Look how long ANAF's log-in still lasts (the worker's follow-up)."""

    key = "efactura.watch_login"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "login"
    aside = True

    credential: str = Field(min_length=1, description="Name of the log-in; not a secret.")


class ValidateInvoice(Command):
    """Judge an invoice or credit note by ANAF's rules, without sending it to anyone."""

    key = "efactura.validate"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "validate"
    follow_up = False

    xml: str | None = Field(default=None, description="The document as text: UBL, or CII.")
    artifact: ArtifactRef | None = Field(
        default=None, description="Where the document lies, when it is over 128 KiB."
    )
    invoice: InvoiceDocument | None = Field(
        default=None, description="The document as JSON; the XML made of it is judged."
    )
    cif: Cui | None = Field(
        default=None, description="Fiscal code on whose behalf it will be filed, when known."
    )
    self_billed: bool | None = Field(
        default=None, description="It will be filed as self-billed; left out, type 389 decides."
    )

    @model_validator(mode="after")
    def _check_source(self) -> "ValidateInvoice":
        _one_source(self)
        return self


class Text(Value):
    """A sentence in both languages."""

    ro: str = Field(description="Romanian.")
    en: str = Field(description="English.")


class Explanation(Value):
    """What a rule means and how to satisfy it."""

    rule: str = Field(description="Rule id, for example BR-RO-110.")
    text: Text = Field(description="What is wrong.")
    mend: Text = Field(description="How to put it right.")


class Finding(Explanation):
    """One rule that a document breaks, and where."""

    label: str = Field(description="What ANAF prints for the rule, for example BR-RO-L100.")
    severity: Literal["error", "warning"] = Field(description="Only errors stop the document.")
    term: str = Field(description="Business term, for example BT-109; empty when there is none.")
    path: str = Field(description="XPath of the element, for example /Invoice/cbc:ID.")
    field: str | None = Field(
        default=None,
        description="Place in the command, for example invoice.lines[0].price, of a JSON invoice.",
    )


class Unchecked(Value):
    """Something that was not judged, and why."""

    what: str = Field(description="Stable name: ubl_xsd, schematron, anaf_registers, code_lists.")
    why: Text


class Rejection(Value):
    """One reason why a document was refused."""

    rule: str = Field(description="Rule id, for example BR-RO-110; ANAF when it named none.")
    message: str = Field(
        description="What is wrong and what to do, in Romanian; ANAF's own text when it refused."
    )
    path: str | None = Field(default=None, description="XPath of the value, when known.")
    field: str | None = Field(
        default=None,
        description="Place in the command, for example invoice.lines[0].price or b2c, when known.",
    )
    explanations: list[Explanation] = Field(
        default_factory=list, description="Each rule that the message names, explained."
    )


class Seal(Value):
    """What was found of the Ministry's seal on the archive."""

    status: Literal["verified", "unknown_signer", "missing", "invalid"]
    signer: str | None = Field(default=None, description="Subject of the signer's certificate.")
    fingerprint: str | None = Field(default=None, description="SHA-256 of the certificate.")
    reason: Text | None = Field(default=None, description="Why it is invalid, when it is.")


class InvoiceEvent(Event):
    """What every e-Factura event says of its document."""

    subject_field = "number"

    document_id: str = Field(description="The document's id in the workers' ledger.")
    cif: str = Field(description="Fiscal code on whose behalf it was filed.")
    number: str | None = Field(default=None, description="Invoice number (BT-1), when readable.")
    issue_date: date | None = Field(default=None, description="Issue date (BT-2).")


class InvoiceSubmitted(InvoiceEvent):
    """ANAF took the document in; whether it is accepted is not known yet."""

    key = "efactura.submitted"

    upload_index: str = Field(description="ANAF's index_incarcare.")
    submitted_at: UtcDateTime = Field(description="When ANAF took it in, UTC.")
    deadline: date | None = Field(default=None, description="Last legal day to send it.")


class InvoiceProcessing(InvoiceEvent):
    """ANAF has not decided yet; at most once a day, Romania's time, and not in the first hour."""

    key = "efactura.processing"

    upload_index: str = Field(description="ANAF's index_incarcare.")
    submitted_at: UtcDateTime = Field(description="When ANAF took it in, UTC.")
    asked_at: UtcDateTime = Field(description="When ANAF last said that it is not decided, UTC.")
    deadline: date | None = Field(default=None, description="Last legal day to send it.")


class InvoiceDeadlineApproaching(InvoiceEvent):
    """The legal term ends soon, and ANAF has not accepted the invoice; once for each mark."""

    key = "efactura.deadline_approaching"

    mark: Literal["3d", "1d", "4h"] = Field(
        description="What is left at most: three days, one day, four hours."
    )
    state: Literal["refused_locally", "not_sent", "in_doubt", "processing", "refused"] = Field(
        description="Where it stands: refused by our checks, not sent yet, sent with its answer "
        "lost, at ANAF and not decided, refused by ANAF."
    )
    deadline: date = Field(description="Last legal day to send it.")
    ends_at: UtcDateTime = Field(description="The first moment that is too late, UTC.")
    hours_left: float = Field(ge=0, description="Hours until then, when this was written.")
    upload_index: str | None = Field(default=None, description="ANAF's index, when it has one.")
    message: str = Field(description="What is the matter, in Romanian, for an accountant.")
    action: str = Field(description="What to do, in Romanian.")
    law: str = Field(description="Where the term stands in the law.")


class LoginExpiring(Event):
    """ANAF's log-in ends soon; only a person with the certificate renews it. Once a mark.

    Of the default log-in it belongs to no tenant: the event has no `tid`.
    """

    key = "efactura.login_expiring"
    subject_field = "credential"

    credential: str = Field(description="Name of the log-in; not a secret.")
    tenant: str | None = Field(
        default=None, description="Whose log-in it is; absent for the default one."
    )
    used_by: list[str] = Field(
        default_factory=list,
        max_length=50,
        description="Tenants that the default log-in serves, as far as the archive and the boxes "
        "that are received show; at most 50.",
    )
    mark: Literal["30d", "14d", "7d", "1d"] = Field(description="What is left at most, in days.")
    ends_at: UtcDateTime = Field(description="When the log-in ends, UTC.")
    days_left: float = Field(description="Days until then, when this was written.")
    message: str = Field(description="What is the matter, in Romanian.")
    action: str = Field(description="What to do, in Romanian.")


class LoginLost(Event):
    """ANAF does not take a log-in, and its commands wait: for a person, or for ANAF. Told once.

    Of the default log-in it belongs to no tenant: the event has no `tid`.
    """

    key = "efactura.login_lost"
    subject_field = "credential"

    credential: str = Field(description="Name of the log-in; not a secret.")
    tenant: str | None = Field(
        default=None, description="Whose log-in it is; absent for the default one."
    )
    used_by: list[str] = Field(
        default_factory=list,
        max_length=50,
        description="Tenants that the default log-in serves, as far as the archive and the boxes "
        "that are received show; at most 50.",
    )
    cause: Literal[
        "refused", "renewal_lost", "token_refused", "certificate_refused", "certificate_ended"
    ] = Field(
        description="refused: it ended, or was withdrawn at ANAF. renewal_lost: a renewal was cut "
        "off between ANAF's answer and its storage, so that the only new token is gone. "
        "token_refused: ANAF gives access tokens and takes none of them; it is asked again every "
        "15 minutes. certificate_refused, certificate_ended: ANAF does not take the certificate of "
        "ANAF_CLIENT_CERTIFICATE, or its time is over."
    )
    since: UtcDateTime | None = Field(
        default=None,
        description="When ANAF began to refuse what it may take again by itself, UTC.",
    )
    renewal_began_at: UtcDateTime | None = Field(
        default=None, description="When the renewal began that was cut off, UTC."
    )
    reason: str = Field(description="ANAF's own words.")
    message: str = Field(description="What is the matter, in Romanian.")
    action: str = Field(description="What to do, in Romanian.")


class InvoiceAccepted(InvoiceEvent):
    """Final: ANAF accepted the document; its sealed archive is kept byte for byte."""

    key = "efactura.accepted"

    upload_index: str = Field(description="ANAF's index_incarcare.")
    download_id: str = Field(description="ANAF's id_descarcare.")
    archive: ArtifactRef = Field(description="ANAF's ZIP: the legal original.")
    seal: Seal
    accepted_at: UtcDateTime = Field(description="When the worker learned of it, UTC.")


class InvoiceRejected(InvoiceEvent):
    """Final: the document was refused, by our checks, at the upload or by ANAF."""

    key = "efactura.rejected"

    stage: Literal["local", "upload", "anaf"] = Field(description="Who refused it.")
    errors: list[Rejection] = Field(min_length=1)
    upload_index: str | None = Field(default=None, description="ANAF's index, when it had one.")
    archive: ArtifactRef | None = Field(default=None, description="ANAF's ZIP with the errors.")
    duplicate_of: str | None = Field(
        default=None, description="Index of the earlier upload of the same invoice."
    )


class InvoiceValidated(Event):
    """Final: what ANAF's rules say to a document that was not sent."""

    key = "efactura.validated"
    subject_field = "number"

    valid: bool = Field(description="No finding is an error.")
    number: str | None = Field(default=None, description="Invoice number (BT-1), when readable.")
    issue_date: date | None = Field(default=None, description="Issue date (BT-2).")
    sha256: str = Field(description="SHA-256 of the document that was judged.")
    document: ArtifactRef | None = Field(
        default=None, description="The XML that was made of a JSON invoice."
    )
    findings: list[Finding] = Field(description="Everything found, in the document's order.")
    error_count: int = Field(ge=0, description="Errors found, also those that are not listed.")
    warning_count: int = Field(ge=0, description="Warnings found.")
    checked: list[str] = Field(description="What was applied, for example cius-ro-1.0.9.")
    unchecked: list[Unchecked] = Field(description="What was not, and why.")


class InvoiceFailed(Failed):
    """The document could not be filed; whether ANAF has it is told by its code."""

    key = "efactura.failed"

    text: Text | None = Field(default=None, description="What the code means for the document.")
    mend: Text | None = Field(default=None, description="What a person does now.")
