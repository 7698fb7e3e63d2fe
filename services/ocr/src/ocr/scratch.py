"""Documents on this machine's disk while they are read: processes get a path, not the bytes."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
import uuid
from pathlib import Path

from .errors import DiskUnavailableError

PREFIX = "workers-ocr-job-"


class Scratch:
    """A folder of this worker alone; it ends with the worker.

    It is locked: who tidies temporary files up leaves it alone, and what a killed worker left
    behind is known by the lock that is gone, and deleted by the next one.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        for other in self._folder.parent.glob(f"{PREFIX}*"):
            if other != self._folder:
                _sweep(other)

    async def put(self, content: bytes) -> str:
        """Write a document; returns its path, that no other document has.

        Raises:
            DiskUnavailableError: the disk is full, or the folder gone.
        """
        file = self._folder / uuid.uuid4().hex
        try:
            await asyncio.to_thread(file.write_bytes, content)
        except OSError as error:
            self.remove(str(file))
            raise DiskUnavailableError(
                f"the document cannot be put on the disk: {error.strerror}", retry_after=30.0
            ) from None
        return str(file)

    def remove(self, path: str) -> None:
        """Delete a document."""
        with contextlib.suppress(OSError):
            Path(path).unlink()

    def close(self) -> None:
        """Delete all."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)


def _sweep(folder: Path) -> None:
    """Delete a folder whose worker is gone; other users' are left alone."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return  # it is in use
    finally:
        os.close(lock)
