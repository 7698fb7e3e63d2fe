"""Events of a document, made from what the ledger holds: the same document, the same event."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from workers_anaf.romania import today
from workers_contracts.efactura import (
    InvoiceAccepted,
    InvoiceRejected,
    InvoiceSubmitted,
    Rejection,
    Seal,
)
from workers_contracts.types import ArtifactRef
from workers_ledger.documents import Document


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


def accepted(document: Document) -> InvoiceAccepted:
    """Return ``efactura.accepted``."""
    return InvoiceAccepted(
        **_common(document),
        upload_index=document.authority_id or "",
        download_id=document.data["download_id"],
        archive=ArtifactRef(**document.data["archive"]),
        seal=Seal(**document.data["seal"]),
        accepted_at=datetime.fromisoformat(document.data["ended_at"]),
    )


def rejected(document: Document) -> InvoiceRejected:
    """Return ``efactura.rejected`` of a document that ANAF refused."""
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
) -> InvoiceRejected:
    """Return ``efactura.rejected`` for what never went to ANAF."""
    return InvoiceRejected(
        **_common(document), stage="local", errors=list(errors), duplicate_of=duplicate_of
    )
