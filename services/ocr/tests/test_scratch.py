"""Documents on the disk: none outlives its worker."""

import subprocess
import sys
from pathlib import Path

import pytest

from ocr.errors import DiskUnavailableError
from ocr.scratch import Scratch

PROGRAM = (
    "import asyncio, time\nfrom ocr.scratch import Scratch\n"
    "scratch = Scratch()\nprint(asyncio.run(scratch.put(b'a')), flush=True)\ntime.sleep(60)"
)


async def test_document_of_a_killed_worker_is_deleted_by_the_next(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    program = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as worker:
        left = Path(worker.stdout.readline().strip())
        assert left.parent.parent == tmp_path
        living = Scratch()
        assert left.exists(), "a living worker's document was deleted"
        worker.kill()
    path = Path(await living.put(b"b"))
    after = Scratch()
    assert not left.parent.exists()
    assert path.read_bytes() == b"b"
    after.close()
    living.close()
    assert list(tmp_path.iterdir()) == []


async def test_disk_that_takes_nothing_lets_the_document_wait():
    scratch = Scratch()
    scratch.close()
    with pytest.raises(DiskUnavailableError, match="No such file"):
        await scratch.put(b"a")
