"""Documents on this machine's disk while they are read: processes get a path, not the bytes."""

import asyncio
import contextlib
import tempfile
import uuid
from pathlib import Path


class Scratch:
    """A folder of this worker alone; it ends with the worker."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="workers-ocr-", ignore_cleanup_errors=True
        )

    async def put(self, content: bytes) -> str:
        """Write a document; returns its path, that no other document has."""
        file = Path(self._folder.name) / uuid.uuid4().hex
        await asyncio.to_thread(file.write_bytes, content)
        return str(file)

    def remove(self, path: str) -> None:
        """Delete a document."""
        with contextlib.suppress(OSError):
            Path(path).unlink()

    def close(self) -> None:
        """Delete all."""
        self._folder.cleanup()
