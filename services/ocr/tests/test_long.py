"""Long documents: in parts, told page by page, and never read twice."""

import asyncio
import json
import shutil
import time

import pytest
from PIL import Image

from ocr import errors
from ocr.config import Settings
from ocr.engine import pages
from ocr.engine.problems import Problem
from ocr.fields.told import Found
from ocr.result import ROOM, EngineFacts, Result, Source
from workers_contracts.ocr import ExtractionProgressed, TextExtracted
from workers_contracts.types import ArtifactRef
from workers_runtime.router import After

pytestmark = pytest.mark.integration


async def finish(desk, outcome):
    """Follow a document to its end; returns the progress told and the event."""
    told = []
    while isinstance(outcome, list):
        progress, after = outcome
        assert isinstance(progress, ExtractionProgressed)
        assert isinstance(after, After)
        told.append((progress.pages_done, progress.pages_wanted))
        outcome = await desk.go_on(after.command)
    assert isinstance(outcome, TextExtracted)
    return told, outcome


async def test_long_document_is_read_in_parts(make_desk, line, pdf):
    desk = make_desk(slice_pages=2)
    told, event = await finish(desk, await desk.send(pdf(5, line), reference="2026-0001"))
    assert told == [(2, 5), (4, 5)]
    assert [page.number for page in event.pages] == [1, 2, 3, 4, 5]
    assert event.text.count("București") == 5
    assert event.reference == "2026-0001"


async def test_what_was_read_is_not_read_again_after_a_crash(make_desk, line, pdf, monkeypatch):
    content = pdf(3, line)
    desk = make_desk(slice_pages=2)
    first = await desk.send(content)
    # The worker dies here; another one gets the same command.
    other = make_desk(slice_pages=2)
    read = []
    original = other.extraction._reader._once

    async def once(job, number, budget):
        read.append(number)
        return await original(job, number, budget)

    monkeypatch.setattr(other.extraction._reader, "_once", once)
    again = await other.send(content)
    assert isinstance(first, list)
    assert isinstance(again, TextExtracted)
    assert read == [3]


async def test_pages_belong_to_tenant_and_options(make_desk, line, saved, monkeypatch):
    desk = make_desk()
    read = []
    original = desk.extraction._reader._once

    async def once(job, number, budget):
        read.append(job.key)
        return await original(job, number, budget)

    monkeypatch.setattr(desk.extraction._reader, "_once", once)
    await desk.read(saved(line))
    await desk.read(saved(line))
    assert len(read) == 1
    await desk.of_tenant("other").read(saved(line))
    await desk.read(saved(line), words=True)
    assert len(set(read)) == len(read) == 3


async def test_document_without_its_store_waits(make_desk, line, pdf, monkeypatch):
    desk = make_desk(slice_pages=1)

    async def gone(*_args, **_named):
        raise ConnectionError

    monkeypatch.setattr(desk.extraction._reader._store._redis, "hset", gone)
    with pytest.raises(errors.PagesUnavailableError):
        await desk.send(pdf(2, line))
    # A short one needs no store.
    assert (await desk.read(pdf(1, line))).status == "ok"


async def test_whole_document_has_a_limit_too(make_desk, line, pdf):
    desk = make_desk(slice_pages=1, job_seconds=1e-6)
    with pytest.raises(errors.JobTimeoutError, match=r"1e-06 s in all"):
        await desk.send(pdf(2, line))


def test_result_over_a_message_lies_in_the_artifact():
    reference = ArtifactRef(uri="file:///x", sha256="0" * 64, size=1, media_type="application/json")
    line = {
        "text": "ă" * 80, "raw_text": None, "confidence": 1.0, "row": 0, "words": None,
        "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]],
    }  # fmt: skip
    blank = json.loads(pages.failed(1, "x", "y")) | {"status": "ok", "error": None}

    def event(count: int) -> TextExtracted:
        page = json.dumps(blank | {"lines": [line] * count, "text": "ă" * 80 * count})
        made = Result.of(Source("0" * 64, 1, "image/png", 1), [page], Found())
        return made.event(reference, EngineFacts("1", {}), None)

    assert event(10).lines is not None
    middle, large = event(900), event(3000)
    assert (middle.lines, middle.text is None) == (None, False)
    assert (large.lines, large.text) == (None, None)
    assert len(large.model_dump_json().encode()) < 256 * 1024


async def test_pages_that_fail_hold_no_long_document_up(make_desk, line, saved):
    desk = make_desk(slice_pages=2)
    large = Image.new("1", (16_000, 10), 1)
    frames = [large, large, line.convert("1"), large, line.convert("1")]
    content = saved(line.convert("1"), "TIFF", save_all=True, append_images=frames)
    told, event = await finish(desk, await desk.send(content))
    # Each part goes on behind the failed pages of the one before.
    assert told == [(2, 6), (4, 6)]
    assert [page.status for page in event.pages] == ["ok", "failed", "failed", "ok", "failed", "ok"]


async def test_pages_that_failed_are_tried_again_when_asked_anew(make_desk, line, pdf, monkeypatch):
    desk, content = make_desk(slice_pages=1), pdf(2, line)
    original = desk.extraction._reader._once

    async def once(job, number, budget):
        raise Problem("worker_crashed", "for now")

    monkeypatch.setattr(desk.extraction._reader, "_once", once)
    first = await desk.send(content)
    assert isinstance(first, list)
    monkeypatch.setattr(desk.extraction._reader, "_once", original)
    _, event = await finish(desk, await desk.go_on(first[1].command))
    assert [page.status for page in event.pages] == ["failed", "ok"]
    _, event = await finish(desk, await desk.send(content))
    assert [page.status for page in event.pages] == ["ok", "ok"]


async def test_waiting_behind_other_documents_is_no_time_of_reading(
    make_desk, line, saved, processes
):
    await processes.recognise(time.sleep, 60, 0.0)  # the libraries are loaded
    desk = make_desk(job_seconds=4)
    busy = [asyncio.create_task(desk.read(saved(line, compress_level=n))) for n in range(9)]
    reader = desk.extraction._reader
    await reader._recognising.acquire()
    await reader._recognising.acquire()
    await asyncio.sleep(5)
    reader._recognising.release()
    reader._recognising.release()
    assert {event.status for event in await asyncio.gather(*busy)} == {"ok"}


async def test_damaged_models_let_documents_wait(make_desk, line, saved, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(make_desk().settings.models().folder, models)
    (models / "rec_ro" / "inference.onnx").write_bytes(b"half of it")
    with pytest.raises(errors.ModelsUnavailableError, match="do not load: InvalidProtobuf"):
        await make_desk(models_dir=str(models)).send(saved(line))


def test_summaries_of_the_most_pages_fit_into_a_message():
    most = next(one.le for one in Settings.model_fields["max_pages"].metadata if hasattr(one, "le"))
    reference = ArtifactRef(uri="file:///x", sha256="0" * 64, size=1, media_type="application/json")
    warnings = ["the page is large and was read at 100 dpi", "read with low confidence"]
    texts = [
        json.dumps(json.loads(pages.failed(number, "ocr_worker_crashed", "a" * 200))
                   | {"warnings": warnings})
        for number in range(1, most + 1)
    ]  # fmt: skip
    made = Result.of(Source("0" * 64, 1, "image/tiff", most), texts, Found())
    event = made.event(reference, EngineFacts("1", {}), None)
    assert len(event.model_dump_json().encode()) < ROOM
