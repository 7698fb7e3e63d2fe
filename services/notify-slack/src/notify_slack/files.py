"""The files of a command: from their artifacts, checked before anything is posted."""

from collections.abc import Sequence

from workers_contracts.notify import SharedFile
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import PermanentError

from .client import Upload
from .errors import MessageRefusedError
from .message import LONG_TEXT

MAX_BYTES = 20 * 1024 * 1024
"""Of all files of one message: they are in memory while they are sent."""


async def read(
    artifacts: Artifacts, files: Sequence[SharedFile], attached: str | None
) -> list[Upload]:
    """Return what is uploaded.

    Raises:
        MessageRefusedError: an empty file, or too much in all.
        PermanentError: an artifact is missing or changed.
        TransientError: the store does not answer.
    """
    for number, one in enumerate(files):
        if one.artifact.size == 0:
            raise MessageRefusedError(
                "the file is empty; Slack takes none", field=f"files.{number}"
            )
    total = sum(one.artifact.size for one in files)
    if total > MAX_BYTES:
        raise MessageRefusedError(f"{total} bytes in all, {MAX_BYTES} at most", field="files")
    found = []
    for number, one in enumerate(files):
        try:
            content = await artifacts.get(one.artifact, limit=MAX_BYTES)
        except PermanentError as error:
            error.field = error.field or f"files.{number}.artifact"
            raise
        found.append(Upload(one.name, one.title, content))
    return [Upload(LONG_TEXT, "", attached.encode()), *found] if attached else found
