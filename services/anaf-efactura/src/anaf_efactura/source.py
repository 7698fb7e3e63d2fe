"""Where the document's bytes come from: the command itself, or the artifact store."""

import re

from workers_contracts.efactura import SubmitInvoice, ValidateInvoice
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import PermanentError

MAX_UPLOAD_BYTES = 10 * 1024 * 1024
"""ANAF's limit for an upload."""


_DECLARED = re.compile(r"""^(<\?xml[^>]{0,80}?encoding\s*=\s*["'])[A-Za-z0-9._-]{1,40}(["'])""")


class DocumentEmptyError(PermanentError):
    """The command's document has no content."""

    code = "efactura_document_empty"


async def content_of(command: SubmitInvoice | ValidateInvoice, artifacts: Artifacts) -> bytes:
    """Return the bytes that will be sent, exactly; raises PermanentError or TransientError."""
    if command.artifact is not None:
        content = await artifacts.get(command.artifact, limit=MAX_UPLOAD_BYTES)
    else:
        content = _as_utf8(command.xml or "")
    if not content.strip():
        field = "artifact" if command.artifact else "xml"
        raise DocumentEmptyError("the document is empty; send the UBL text", field=field)
    return content


def _as_utf8(text: str) -> bytes:
    # A text in JSON has no bytes yet, so an encoding that it declares (utf-16 in every text that
    # .NET writes) is no fact about it. Bytes in the artifact store are sent as they are.
    text = text.lstrip("\ufeff")
    return _DECLARED.sub(r"\g<1>UTF-8\g<2>", text, count=1).encode()
