"""Where the document's bytes come from: the command itself, or the artifact store."""

from workers_contracts.efactura import SubmitInvoice
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import PermanentError

MAX_UPLOAD_BYTES = 10 * 1024 * 1024
"""ANAF's limit for an upload."""


class DocumentEmptyError(PermanentError):
    """The command's document has no content."""

    code = "efactura_document_empty"


async def content_of(command: SubmitInvoice, artifacts: Artifacts) -> bytes:
    """Return the bytes that will be sent, exactly; raises PermanentError or TransientError."""
    if command.artifact is not None:
        content = await artifacts.get(command.artifact, limit=MAX_UPLOAD_BYTES)
    else:
        # The text came as JSON; a declared encoding other than UTF-8 would be a lie about it.
        content = (command.xml or "").lstrip("\ufeff").encode()
    if not content.strip():
        field = "artifact" if command.artifact else "xml"
        raise DocumentEmptyError("the document is empty; send the UBL text", field=field)
    return content
