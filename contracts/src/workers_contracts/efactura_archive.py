"""e-Factura's archive: find, prove, audit and erase what ANAF gave; print an invoice."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from .base import Command, Event
from .efactura import Seal, Text
from .types import ArtifactRef, Cui, UtcDateTime, Value

Direction = Literal["sent", "received"]


class OfArchive(Command):
    """What every command about one archived document says of it."""

    tag: ClassVar[str] = "anaf.efactura"
    follow_up = False

    document_id: str | None = Field(
        default=None, min_length=1, max_length=64, description="The document's id in our events."
    )
    upload_index: str | None = Field(
        default=None, pattern=r"^[0-9]{1,20}$", description="ANAF's index_incarcare."
    )
    download_id: str | None = Field(
        default=None, pattern=r"^[0-9]{1,20}$", description="ANAF's id_descarcare."
    )
    cif: Cui | None = Field(
        default=None, description="Whose archive; with number it names a document."
    )
    number: str | None = Field(
        default=None, min_length=1, max_length=200, description="Invoice number; together with cif."
    )
    issue_date: date | None = Field(
        default=None, description="Issue date, when a number was used more than once."
    )

    def _ways(self) -> int:
        ids = (self.document_id, self.upload_index, self.download_id, self.number)
        return sum(one is not None for one in ids)

    def _check_number(self) -> None:
        if self.number is not None and self.cif is None:
            raise ValueError("number needs cif: whose invoice it is")
        if self.issue_date is not None and self.number is None:
            raise ValueError("issue_date goes with number and cif")


class OfOneDocument(OfArchive):
    """A command about exactly one archived document."""

    @model_validator(mode="after")
    def _one_way(self) -> "OfOneDocument":
        if self._ways() != 1:
            raise ValueError(
                "name the document in exactly one way: document_id, upload_index, download_id, "
                "or number with cif"
            )
        self._check_number()
        return self


class ProveInvoice(OfOneDocument):
    """Make the evidence of a document: ANAF's ZIP, the invoice, a report on the seal as PDF."""

    key = "efactura.evidence"
    verb = "evidence"


class EraseArchived(OfOneDocument):
    """Erase a document's bytes by law; its entry stays, so that the chain can be verified."""

    key = "efactura.erase"
    verb = "erase"

    reason: str = Field(min_length=3, max_length=1000, description="Why; kept in the chain.")
    requested_by: str = Field(
        min_length=1, max_length=200, description="Who answers for it; kept in the chain."
    )
    legal_basis: str | None = Field(
        default=None,
        min_length=3,
        max_length=500,
        description="The law or order that allows it before the retention is over.",
    )


class RenderInvoice(OfArchive):
    """Print an invoice: by ANAF's service, or here when ANAF's is down or refuses."""

    key = "efactura.render"
    verb = "render"

    xml: str | None = Field(
        default=None, min_length=1, description="The document as text, in place of an archived one."
    )
    artifact: ArtifactRef | None = Field(
        default=None, description="Where the document lies: XML, or ANAF's ZIP."
    )
    printer: Literal["anaf", "local"] = Field(
        default="anaf", description="local does not ask ANAF's service at all."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "RenderInvoice":
        given = self._ways() + (self.xml is not None) + (self.artifact is not None)
        if given != 1:
            raise ValueError(
                "name the document in exactly one way: document_id, upload_index, download_id, "
                "number with cif, xml or artifact"
            )
        self._check_number()
        return self


class CollectPdf(Command):
    """Ask whether pdf.render has printed what was wanted (the worker's own follow-up)."""

    key = "efactura.collect"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "collect"

    purpose: Literal["evidence", "render"] = Field(description="What the PDF is for.")
    download_id: str | None = Field(default=None, description="The archived document.")
    artifact: ArtifactRef | None = Field(default=None, description="A document that is not.")
    why: str | None = Field(default=None, description="Why ANAF did not print it.")
    why_code: str | None = Field(default=None, description="The same as a stable word.")
    seed: str = Field(min_length=1, description="What makes the message ids of this request.")
    wish: str = Field(min_length=1, description="Message id of the pdf.render command.")
    asked_at: UtcDateTime = Field(description="When it was asked for; the report's date.")
    round: int = Field(ge=1, description="How often it was asked already, plus one.")


class FindArchived(Command):
    """List archived documents by fiscal code, number and dates, in the order of archiving."""

    key = "efactura.find"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "find"
    follow_up = False

    cif: Cui | None = Field(default=None, description="Whose archive.")
    number: str | None = Field(
        default=None, min_length=1, max_length=200, description="Invoice number, exactly."
    )
    issued_from: date | None = Field(default=None, description="First day of issue.")
    issued_to: date | None = Field(default=None, description="Last day of issue.")
    direction: Direction | None = Field(default=None, description="Only sent, or received.")
    after: int = Field(default=0, ge=0, description="Go on behind this position: next_after.")
    limit: int = Field(default=100, ge=1, le=200, description="Most entries in the answer.")

    @model_validator(mode="after")
    def _in_order(self) -> "FindArchived":
        if self.issued_from and self.issued_to and self.issued_from > self.issued_to:
            raise ValueError("issued_from is after issued_to; exchange them")
        return self


class AuditArchive(Command):
    """Verify a tenant's whole archive: the chain of entries, every file, every seal."""

    key = "efactura.audit"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "audit"
    follow_up = False

    files: bool = Field(
        default=True, description="Read every file and its seal; false verifies the chain only."
    )
    anchor_position: int | None = Field(
        default=None, ge=1, description="A position of an earlier audit (head_position)."
    )
    anchor_hash: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="Its head_hash: shows that nothing up to there was made anew since.",
    )

    @model_validator(mode="after")
    def _whole_anchor(self) -> "AuditArchive":
        if (self.anchor_position is None) != (self.anchor_hash is None):
            raise ValueError("give anchor_position and anchor_hash together, or neither")
        return self


class ArchiveProblem(Value):
    """Something in the archive that is not as it was entered."""

    position: int = Field(ge=0, description="Place in the chain; 0 for the chain as a whole.")
    download_id: str | None = Field(default=None, description="The entry's file at ANAF.")
    number: str | None = Field(default=None, description="Its invoice number.")
    kind: Literal["chain", "anchor", "missing", "changed", "unreadable", "seal", "erasure"]
    text: Text = Field(description="What is wrong.")


class AuditNext(Command):
    """Go on with an audit (the worker's own follow-up)."""

    key = "efactura.audit_next"
    tag: ClassVar[str] = "anaf.efactura"
    verb = "audit_next"

    files: bool = Field(description="Read every file.")
    anchor_position: int | None = Field(default=None, description="Where the anchor is.")
    anchor_hash: str | None = Field(default=None, description="What it must be.")
    started_at: UtcDateTime = Field(description="When the audit began, UTC.")
    position: int = Field(ge=0, description="Last entry that was verified.")
    entry_hash: str = Field(description="Its hash.")
    documents: int = Field(default=0, ge=0, description="Documents so far.")
    verified: int = Field(default=0, ge=0, description="Files that were as entered so far.")
    erased: int = Field(default=0, ge=0, description="Documents erased by law so far.")
    problem_count: int = Field(default=0, ge=0, description="Problems so far.")
    problems: list[ArchiveProblem] = Field(default_factory=list, description="The first ones.")


class ArchivedDocument(Value):
    """What the archive's index says of a document."""

    position: int = Field(ge=1, description="Place in the tenant's chain.")
    entry_hash: str = Field(description="Hash of the entry and of all before it.")
    direction: Direction
    kind: str = Field(
        description="invoice, credit_note, cii, errors, buyer_message; original if not read here, "
        "unreadable if ANAF's file could not be opened."
    )
    cif: str = Field(description="Whose document it is at ANAF.")
    partner: str | None = Field(default=None, description="Fiscal code of the other side.")
    number: str | None = Field(default=None, description="Invoice number (BT-1).")
    issue_date: date | None = Field(default=None, description="Issue date (BT-2).")
    upload_index: str | None = Field(default=None, description="ANAF's index_incarcare.")
    download_id: str = Field(description="ANAF's id_descarcare.")
    document_id: str | None = Field(default=None, description="Id in our events, if sent by us.")
    archive: ArtifactRef = Field(description="ANAF's ZIP: the legal original.")
    seal: str = Field(description="What was found of the seal when it was archived.")
    archived_at: UtcDateTime = Field(description="When it was entered, UTC.")
    retain_until: date = Field(description="Last day on which it must be kept.")
    erased_at: UtcDateTime | None = Field(default=None, description="When it was erased by law.")


class OfArchivedDocument(Event):
    """What every event about one archived document says of it."""

    subject_field = "number"

    number: str | None = Field(default=None, description="Invoice number (BT-1), when known.")
    document: ArchivedDocument


class EvidenceReady(OfArchivedDocument):
    """Final: the evidence of a document is made."""

    key = "efactura.evidence_ready"

    bundle: ArtifactRef = Field(description="ZIP with everything that is needed to prove it.")
    members: list[str] = Field(description="Names of the files in it.")
    intact: bool = Field(description="Bytes, seal and chain are as they were entered.")
    seal: Seal = Field(description="The seal, verified now.")
    problems: list[ArchiveProblem] = Field(description="What is not as it was entered.")
    verified_at: UtcDateTime = Field(description="When it was verified, UTC.")


class InvoiceErased(OfArchivedDocument):
    """Final: the document's bytes are gone; its entry stays in the chain."""

    key = "efactura.erased"

    files_deleted: int = Field(
        ge=0, description="Files deleted: ANAF's ZIP and what we made of it."
    )
    files_kept: int = Field(
        ge=0, description="Files that stay, because another entry has the same bytes."
    )


class ArchiveFound(Event):
    """Final: the entries that were looked for."""

    key = "efactura.found"

    total: int = Field(ge=0, description="How many there are in all.")
    documents: list[ArchivedDocument]
    next_after: int | None = Field(
        default=None, description="Ask again with this as after for the next ones."
    )


class ArchiveAudited(Event):
    """Final: the whole archive of the tenant was verified."""

    key = "efactura.audited"

    intact: bool = Field(description="No problem was found.")
    documents: int = Field(ge=0, description="Documents in the archive.")
    verified: int = Field(ge=0, description="Files that are byte for byte as entered.")
    erased: int = Field(ge=0, description="Documents that were erased by law.")
    files: bool = Field(description="Files and seals were read; false: the chain only.")
    problem_count: int = Field(ge=0, description="Problems found, also those not listed.")
    problems: list[ArchiveProblem] = Field(description="The first 50.")
    head_position: int = Field(ge=0, description="Last position of the chain; keep it elsewhere.")
    head_hash: str = Field(description="Its hash: an anchor for the next audit.")
    started_at: UtcDateTime = Field(description="When the audit began, UTC.")
    ended_at: UtcDateTime = Field(description="When it ended, UTC.")


class InvoiceRendered(Event):
    """Final: the invoice is printed."""

    key = "efactura.rendered"
    subject_field = "number"

    number: str | None = Field(default=None, description="Invoice number (BT-1), when known.")
    issue_date: date | None = Field(default=None, description="Issue date (BT-2).")
    download_id: str | None = Field(default=None, description="Of an archived document.")
    pdf: ArtifactRef = Field(description="The PDF.")
    source: Literal["anaf", "local"] = Field(description="Who printed it.")
    why_code: (
        Literal["wanted", "anaf_unavailable", "anaf_refused", "too_large", "not_ubl"] | None
    ) = Field(default=None, description="Why it was printed here and not by ANAF.")
    why: str | None = Field(default=None, description="The same for a person, with ANAF's words.")
