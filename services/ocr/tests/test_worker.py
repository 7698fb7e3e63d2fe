"""The whole worker on a real broker: a long document, a death in the middle, one final event."""

import base64
import json
import signal
import uuid
from pathlib import Path

import psutil
import pytest

from workers_runtime.artifacts import Artifacts

pytestmark = pytest.mark.integration
EXAMPLES = Path(__file__).parents[3] / "contracts" / "examples" / "ocr.extract"


async def send(bus, body, correlation_id: str) -> None:
    await bus.publish(
        "ocr.extract", body, message_id=str(uuid.uuid4()), correlation_id=correlation_id
    )


async def test_long_document_survives_the_death_of_its_worker(
    bus, start_worker, tmp_path, line, pdf
):
    artifacts = Artifacts(f"file://{tmp_path}/artifacts")
    document = await artifacts.put(pdf(6, line), media_type="application/pdf")
    settings = {"OCR_PRELOAD": "false", "OCR_PROCESSES": "1", "OCR_SLICE_PAGES": "2"}
    worker = start_worker("ocr", **settings).wait_ready()
    await send(bus, {"artifact": document.model_dump(), "reference": "long"}, "long")
    progress = (await bus.collect(1, "ocr.progress", correlation_id="long", seconds=60))[0]
    assert progress.data["pages_done"] == 2
    children = psutil.Process(worker.pid).children(recursive=True)
    worker.signal(signal.SIGKILL)
    worker.wait_end()
    start_worker("ocr", **settings).wait_ready()
    final = (await bus.collect(1, "ocr.extracted", correlation_id="long", seconds=90))[0]
    assert [page["number"] for page in final.data["pages"]] == [1, 2, 3, 4, 5, 6]
    assert final.data["status"] == "ok"
    assert final.data["reference"] == "long"
    ends = [event.key for event in bus.events if event.key in {"ocr.extracted", "ocr.failed"}]
    assert ends == ["ocr.extracted"]
    _, alive = psutil.wait_procs(children, timeout=15)
    assert not alive


async def test_text_layer_is_answered_while_no_model_is_loaded(bus, start_worker):
    worker = start_worker("ocr", OCR_PRELOAD="false", OCR_MODELS_DIR="/nowhere").wait_ready()
    body = json.loads((EXAMPLES / "valid-text.json").read_text("utf-8"))
    await send(bus, {**body, "document": "invoice"}, "text")
    event = await bus.event("ocr.extracted", correlation_id="text")
    assert event.data["engine"]["name"] == "text_layer"
    found = {field["name"]: field["value"] for field in event.data["fields"]}
    assert found["number"] == "PMX-2026-0001"
    assert "no models in /nowhere" in worker.get("/health/ready").text


async def test_picture_is_read_and_the_worker_itself_stays_small(bus, start_worker, line):
    import io  # noqa: PLC0415

    buffer = io.BytesIO()
    line.save(buffer, "PNG")
    worker = start_worker("ocr").wait_ready()
    await send(bus, {"content": base64.b64encode(buffer.getvalue()).decode()}, "picture")
    event = (await bus.collect(1, "ocr.extracted", correlation_id="picture", seconds=60))[0]
    assert event.data["text"] == "Plătiți în București 1.234,56 lei"
    assert psutil.Process(worker.pid).memory_info().rss < 150 * 2**20
