"""Foreign PDFs are put together in a process that can be ended."""

import asyncio
import io
import os
import time
import zlib

import pikepdf
import psutil
import pytest

from pdf_render import apart
from pdf_render.apart import finish_apart
from pdf_render.errors import DocumentTimeoutError, DocumentTooHeavyError, FileUnusableError
from pdf_render.finishing import Parts
from workers_contracts.pdf import RenderPdf

GIB = 2**30


BEFORE: set[int] = set()
"""Processes that other tests of this run have left: a pool lives as long as its program."""


@pytest.fixture(autouse=True)
def _others() -> None:
    BEFORE.clear()
    BEFORE.update(one.pid for one in psutil.Process(os.getpid()).children())


def children() -> list[psutil.Process]:
    """Processes of ours that put files together."""
    return [
        one
        for one in psutil.Process(os.getpid()).children()
        if one.pid not in BEFORE and "spawn_main" in " ".join(one.cmdline())
    ]


async def test_files_are_put_together_apart_and_the_process_is_gone(blank_pdf):
    parts = Parts(blank_pdf, after=[blank_pdf, blank_pdf])
    done = await finish_apart(RenderPdf(html="x"), parts, seconds=20, memory=GIB)
    assert done.pages == 3
    assert not children()


async def test_error_comes_back_with_its_field(blank_pdf):
    parts = Parts(blank_pdf, before=[blank_pdf, b"no PDF"])
    with pytest.raises(FileUnusableError, match="cannot be read") as wrong:
        await finish_apart(RenderPdf(html="x"), parts, seconds=20, memory=GIB)
    assert wrong.value.field == "merge_before.1"
    assert not children()


async def test_what_takes_too_long_is_ended(blank_pdf):
    parts = Parts(blank_pdf, after=[endless()])
    started = time.monotonic()
    with pytest.raises(DocumentTimeoutError, match=r"not read within 0\.01 s"):
        await finish_apart(RenderPdf(html="x", pdfa="PDF/A-2b"), parts, seconds=0.01, memory=GIB)
    assert time.monotonic() - started < 0.01 + 2 + apart._START_SECONDS
    assert not children()


@pytest.mark.parametrize("after", [0.0, 0.3])
async def test_work_that_nobody_waits_for_is_ended(blank_pdf, after):
    parts = Parts(blank_pdf, after=[endless()])
    work = finish_apart(RenderPdf(html="x", pdfa="PDF/A-2b"), parts, seconds=20, memory=GIB)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(work, after + 0.001)
    assert not children()


async def test_bomb_of_a_stream_ends_at_its_limit(blank_pdf):
    parts = Parts(blank_pdf, after=[bomb(700 * 2**20)])
    with pytest.raises((DocumentTooHeavyError, FileUnusableError)):
        await finish_apart(RenderPdf(html="x"), parts, seconds=20, memory=GIB // 2)
    assert not children()


def bomb(size: int) -> bytes:
    """A PDF whose table of objects unpacks to so many bytes."""
    packer = zlib.compressobj(9)
    chunk = bytes(2**20)
    packed = b"".join(packer.compress(chunk) for _ in range(size // 2**20)) + packer.flush()
    head = b"%PDF-1.5\n"
    stream = (
        f"1 0 obj\n<< /Type /XRef /Size 3 /W [1 2 1] /Root 2 0 R /Filter /FlateDecode "
        f"/Length {len(packed)} >>\nstream\n"
    ).encode() + packed + b"\nendstream\nendobj\n"  # fmt: skip
    return head + stream + f"startxref\n{len(head)}\n%%EOF\n".encode()


def endless() -> bytes:
    """A PDF of very many pages."""
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        for _ in range(3000):
            pdf.add_blank_page()
        pdf.save(target)
    return target.getvalue()
