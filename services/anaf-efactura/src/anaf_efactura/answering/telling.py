"""Events of a message to a supplier, from what the ledger holds: the same row, the same event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from workers_contracts.efactura import Rejection, Seal
from workers_contracts.efactura_messages import MessageRejected, MessageSent
from workers_contracts.types import ArtifactRef
from workers_ledger.documents import Document

from .refusing import explained


def _common(document: Document) -> dict[str, Any]:
    return {
        "document_id": document.id,
        "cif": document.cif,
        "about_index": document.data["about"],
        "number": document.data["about_number"],
    }


def sent(document: Document) -> MessageSent:
    """Return ``efactura.message_sent``."""
    return MessageSent(
        **_common(document),
        upload_index=document.authority_id or "",
        download_id=document.data["download_id"],
        archive=ArtifactRef(**document.data["archive"]),
        seal=Seal(**document.data["seal"]),
        altered=bool(document.data.get("altered")),
        accepted_at=datetime.fromisoformat(document.data["ended_at"]),
    )


def rejected(document: Document) -> MessageRejected:
    """Return ``efactura.message_rejected`` of a message that ANAF refused."""
    archive = document.data.get("archive")
    return MessageRejected(
        **_common(document),
        stage=document.data["stage"],
        errors=[explained(Rejection(**error)) for error in document.data["errors"]],
        upload_index=document.authority_id,
        archive=ArtifactRef(**archive) if archive else None,
    )


def rejected_locally(document: Document, errors: Sequence[Rejection]) -> MessageRejected:
    """Return ``efactura.message_rejected`` for what never went to ANAF."""
    return MessageRejected(**_common(document), stage="local", errors=list(errors))
