"""Where the document's bytes come from: the command itself, or the artifact store."""

import asyncio
import hashlib
import re
from dataclasses import dataclass

from workers_contracts.efactura import SubmitInvoice, ValidateInvoice
from workers_contracts.efactura_invoice import InvoiceDocument
from workers_contracts.types import ArtifactRef
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import PermanentError

from .building import MAX_ATTACHED_BYTES, Built, build

MAX_UPLOAD_BYTES = 10 * 1024 * 1024
"""ANAF's limit for an upload."""


MADE = "application/xml"
"""Media type of the XML that is made of a JSON invoice."""

_DECLARED = re.compile(r"""^(<\?xml[^>]{0,80}?encoding\s*=\s*["'])[A-Za-z0-9._-]{1,40}(["'])""")


class DocumentEmptyError(PermanentError):
    """The command's document has no content."""

    code = "efactura_document_empty"


@dataclass(frozen=True)
class Made:
    """What was made of a JSON invoice."""

    invoice: str
    """SHA-256 of the JSON."""
    xml: ArtifactRef
    """Where the XML lies once it is kept: only what is sent is, or what somebody asked to see."""


@dataclass(frozen=True)
class Source:
    """The bytes that will be sent, and how they were made when the command is JSON."""

    content: bytes
    built: Built | None = None
    made: Made | None = None


async def source_of(command: SubmitInvoice | ValidateInvoice, artifacts: Artifacts) -> Source:
    """Return a command's document; raises PermanentError or TransientError."""
    if command.invoice is None:
        return Source(await content_of(command, artifacts))
    files = await _attachments(command.invoice, artifacts)
    # In a thread: thousands of lines take seconds, in which others must be served.
    built = await asyncio.to_thread(build, command.invoice, files)
    xml = artifacts.reference(built.content, media_type=MADE)
    return Source(built.content, built, Made(_digest(command.invoice), xml))


async def shown(source: Source, artifacts: Artifacts) -> ArtifactRef | None:
    """Keep the XML that was made, for the caller to see it; None when he sent it himself."""
    if source.made is None:
        return None
    return await artifacts.put(source.content, media_type=MADE)


def _digest(invoice: InvoiceDocument) -> str:
    # Only what was given: a field that a later version adds changes nothing.
    return hashlib.sha256(invoice.model_dump_json(exclude_unset=True).encode()).hexdigest()


async def _attachments(document: InvoiceDocument, artifacts: Artifacts) -> dict[int, bytes]:
    wanted = [
        (number, each.attachment)
        for number, each in enumerate(document.supporting_documents)
        if each.attachment
    ]
    if sum(reference.size for _, reference in wanted) > MAX_ATTACHED_BYTES:
        return {}  # the builder says so
    limit = MAX_ATTACHED_BYTES
    return {
        number: await _file(
            artifacts, reference, limit, f"invoice.supporting_documents[{number}].attachment"
        )
        for number, reference in wanted
    }


async def _file(artifacts: Artifacts, reference: ArtifactRef, limit: int, field: str) -> bytes:
    """Return the bytes of a reference; one that cannot be read names its place in the command."""
    try:
        return await artifacts.get(reference, limit=limit)
    except PermanentError as error:
        error.field = error.field or field
        raise


async def content_of(command: SubmitInvoice | ValidateInvoice, artifacts: Artifacts) -> bytes:
    """Return the bytes of a command's XML, exactly; raises PermanentError or TransientError."""
    if command.artifact is not None:
        content = await _file(artifacts, command.artifact, MAX_UPLOAD_BYTES, "artifact")
    else:
        content = as_utf8(command.xml or "")
    if not content.strip():
        field = "artifact" if command.artifact else "xml"
        raise DocumentEmptyError("the document is empty; send the UBL text", field=field)
    return content


def as_utf8(text: str) -> bytes:
    """Return a JSON text as the bytes of a document."""
    # A text in JSON has no bytes yet, so an encoding that it declares (utf-16 in every text that
    # .NET writes) is no fact about it. Bytes in the artifact store are sent as they are.
    text = text.lstrip("\ufeff")
    return _DECLARED.sub(r"\g<1>UTF-8\g<2>", text, count=1).encode()
