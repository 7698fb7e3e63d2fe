"""Where the document's bytes come from: the command itself, or the artifact store."""

import base64
import binascii

from workers_contracts.ocr import ContinueExtraction, ExtractText
from workers_runtime.artifacts import Artifacts

from .errors import BadContentError, EmptyDocumentError, FileTooLargeError


async def content_of(
    command: ExtractText | ContinueExtraction, artifacts: Artifacts, *, limit: int
) -> bytes:
    """Return the document.

    Raises:
        PermanentError: no base64, too large, missing, changed or outside the store.
        TransientError: the store does not answer.
    """
    if command.artifact is None:
        content = _decoded(getattr(command, "content", None) or "")
    else:
        if command.artifact.size > limit:
            raise FileTooLargeError(
                f"the document has {command.artifact.size} bytes, the limit is {limit}: send its "
                "pages in parts, or scan it at 200 to 300 dpi",
                field="artifact",
            )
        content = await artifacts.get(command.artifact, limit=limit)
    if not content:
        field = "artifact" if command.artifact else "content"
        raise EmptyDocumentError("the document has no bytes; send the file's content", field=field)
    return content


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadContentError(
            "content is not base64; encode the file's bytes, or store it and send artifact",
            field="content",
        ) from None
