"""Events of a document, made from what the ledger holds: the same document, the same event."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from workers_anaf.romania import today
from workers_contracts.efactura import (
    Finding,
    InvoiceAccepted,
    InvoiceProcessing,
    InvoiceRejected,
    InvoiceSubmitted,
    InvoiceValidated,
    Rejection,
    Seal,
    Text,
    Unchecked,
)
from workers_contracts.efactura_messages import MessageRejected, MessageSent
from workers_contracts.types import ArtifactRef
from workers_ledger.documents import Document

from .answering import telling
from .answering.words import is_message
from .explaining import finding
from .invoice.texts import unchecked
from .judging import Verdict

MAX_FINDING_BYTES = 160_000
"""Of all findings together: the event that carries them must stay under the bus's 256 KiB."""


def _common(document: Document) -> dict[str, Any]:
    return {
        "document_id": document.id,
        "cif": document.cif,
        "number": document.number,
        "issue_date": document.issue_date,
    }


def _last_day(document: Document) -> date | None:
    # The ledger holds the first moment that is too late.
    return today(document.deadline - timedelta(seconds=1)) if document.deadline else None


def submitted(document: Document) -> InvoiceSubmitted:
    """Return ``efactura.submitted`` of an uploaded document."""
    return InvoiceSubmitted(
        **_common(document),
        upload_index=document.data["upload_index"],
        submitted_at=datetime.fromisoformat(document.data["submitted_at"]),
        deadline=_last_day(document),
    )


def processing(document: Document, now: datetime) -> InvoiceProcessing:
    """Return ``efactura.processing`` of an upload that ANAF has not decided at this moment."""
    return InvoiceProcessing(
        **_common(document),
        upload_index=document.authority_id or "",
        submitted_at=datetime.fromisoformat(document.data["submitted_at"]),
        asked_at=now,
        deadline=_last_day(document),
    )


def accepted(document: Document) -> InvoiceAccepted | MessageSent:
    """Return ``efactura.accepted``, or ``efactura.message_sent`` of a message."""
    if is_message(document):
        return telling.sent(document)
    return InvoiceAccepted(
        **_common(document),
        upload_index=document.authority_id or "",
        download_id=document.data["download_id"],
        archive=ArtifactRef(**document.data["archive"]),
        seal=Seal(**document.data["seal"]),
        accepted_at=datetime.fromisoformat(document.data["ended_at"]),
    )


def rejected(document: Document) -> InvoiceRejected | MessageRejected:
    """Return the event of a document, or of a message, that ANAF refused."""
    if is_message(document):
        return telling.rejected(document)
    archive = document.data.get("archive")
    return InvoiceRejected(
        **_common(document),
        stage=document.data["stage"],
        errors=[Rejection(**error) for error in document.data["errors"]],
        upload_index=document.authority_id,
        archive=ArtifactRef(**archive) if archive else None,
        duplicate_of=document.data.get("duplicate_of"),
    )


def rejected_locally(
    document: Document, errors: Sequence[Rejection], *, duplicate_of: str | None = None
) -> InvoiceRejected | MessageRejected:
    """Return the event of what never went to ANAF."""
    if is_message(document):
        return telling.rejected_locally(document, errors)
    return InvoiceRejected(
        **_common(document), stage="local", errors=list(errors), duplicate_of=duplicate_of
    )


def validated(
    verdict: Verdict, sha256: str, document: ArtifactRef | None = None
) -> InvoiceValidated:
    """Return ``efactura.validated``; what does not fit the bus is counted, not listed."""
    errors = len(verdict.errors)
    invoice = verdict.invoice
    return InvoiceValidated(
        valid=verdict.valid,
        number=(invoice.number[:200] or None) if invoice else None,
        issue_date=invoice.issue_date if invoice else None,
        sha256=sha256,
        document=document,
        findings=_fitting([finding(found) for found in verdict.findings]),
        error_count=errors,
        warning_count=len(verdict.findings) - errors,
        checked=list(verdict.checked),
        unchecked=[_unchecked(name) for name in verdict.unchecked],
    )


def _fitting(findings: list[Finding]) -> list[Finding]:
    kept, size = [], 0
    for each in findings:
        size += len(each.model_dump_json().encode())
        if size > MAX_FINDING_BYTES:
            break
        kept.append(each)
    return kept


def _unchecked(name: str) -> Unchecked:
    why = unchecked()[name]
    return Unchecked(what=name, why=Text(ro=why.ro, en=why.en))
