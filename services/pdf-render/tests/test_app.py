"""Settings, health and the process: what an operator meets."""

import asyncio
import os
import signal

import psutil
import pytest
from pydantic import ValidationError

from pdf_render.app import build, chromium_of
from pdf_render.config import Settings
from workers_contracts.pdf import RenderPdf
from workers_runtime.artifacts import Artifacts


def test_worker_is_put_together_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("RMQ_URL", "amqp://127.0.0.1:1/")
    monkeypatch.setenv("PDF_RENDER_ALLOWED_ORIGINS", "https://A.example/ , http://b:8080,")
    monkeypatch.setenv("PDF_RENDER_TEMPLATES", str(tmp_path))
    worker = build()
    assert worker.service == "pdf-render"
    assert RenderPdf.queue() == "pdf.render"
    assert worker.settings.allowed_origins == ("https://a.example", "http://b:8080")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"allowed_origins": "example.com"}, "URL"),
        ({"allowed_origins": "https://a.example/x"}, "is no site"),
        ({"allowed_origins": "ftp://a.example"}, "is no site"),
        ({"allowed_origins": "https://u:p@a.example"}, "is no site"),
        ({"templates": "/nonexistent"}, "which is no folder"),
        ({"parallel": 0}, "greater than or equal to 1"),
    ],
)
def test_wrong_settings_are_told(values, words):
    with pytest.raises(ValidationError) as wrong:
        Settings(rmq_url="amqp://127.0.0.1:1/", **values)
    assert words in str(wrong.value)


async def test_health_says_why_nothing_can_be_printed_and_asks_again_later(settings, tmp_path):
    chromium = chromium_of(settings(chromium_path=tmp_path / "nothing"))
    problem = await chromium.problem()
    assert "PDF_RENDER_CHROMIUM_PATH names" in problem
    chromium._launch = None  # an open circuit asks nobody
    assert await chromium.problem() == problem


async def test_good_document_is_a_good_health_check(browser, job, monkeypatch):
    await browser.print(job("x"), 10)
    monkeypatch.setattr(browser, "_checked", None)
    assert await browser.problem() is None


@pytest.mark.integration
async def test_command_survives_the_end_of_chromium(start_worker, bus, tmp_path, chromium):
    """Chromium is killed in the middle of a command: the same command ends in its PDF."""
    worker = start_worker("pdf_render", ARTIFACTS_URL=f"file://{tmp_path}/artifacts").wait_ready()
    await _until(lambda: _children(worker.pid))
    body = {"html": "<p>x</p>", "wait": {"delay_seconds": 2}}
    await bus.publish("pdf.render", body, message_id="a", correlation_id="a")
    await _until(lambda: "worker_in_flight 1.0" in worker.get("/metrics").text)
    await asyncio.sleep(0.7)
    for one in _children(worker.pid):
        os.kill(one, signal.SIGKILL)
    event = await bus.event("pdf.rendered", correlation_id="a", seconds=30)
    assert event.data["pages"] == 1
    assert [one.key for one in bus.events] == ["pdf.rendered"]


@pytest.mark.integration
async def test_worker_merges_in_a_process_of_its_own(
    start_worker, bus, tmp_path, chromium, blank_pdf
):
    """That process reads the program's main module once more, and must not run it."""
    url = f"file://{tmp_path}/artifacts"
    other = await Artifacts(url).put(blank_pdf, media_type="application/pdf")
    worker = start_worker("pdf_render", ARTIFACTS_URL=url).wait_ready()
    body = {"html": "<p>x</p>", "merge_after": [other.model_dump()]}
    await bus.publish("pdf.render", body, message_id="a", correlation_id="a")
    event = await bus.event("pdf.rendered", correlation_id="a", seconds=30)
    assert event.data["pages"] == 2
    assert worker.log.count('"event": "started"') == 1


@pytest.mark.integration
async def test_killed_worker_takes_its_chromium_along(start_worker, bus, tmp_path, chromium):
    worker = start_worker("pdf_render", ARTIFACTS_URL=f"file://{tmp_path}/artifacts").wait_ready()
    await _until(lambda: _children(worker.pid))
    everyone = psutil.Process(worker.pid).children(recursive=True)
    worker.signal(signal.SIGKILL)
    worker.wait_end()
    await _until(lambda: not any(_lives(one) for one in everyone))


@pytest.mark.integration
async def test_commands_wait_while_chromium_is_missing(start_worker, bus, tmp_path):
    worker = start_worker(
        "pdf_render",
        ARTIFACTS_URL=f"file://{tmp_path}/artifacts",
        PDF_RENDER_CHROMIUM_PATH=str(tmp_path / "chrome"),
    ).wait_ready()
    await bus.publish("pdf.render", {"html": "x"}, message_id="a", correlation_id="a")
    await _until(lambda: "worker_waiting 1.0" in worker.get("/metrics").text)
    await _until(lambda: "PDF_RENDER_CHROMIUM_PATH names" in worker.get("/health/ready").text)
    assert not bus.events


def _children(pid: int) -> list[int]:
    """The main processes of the worker's Chromium."""
    return [
        one.pid
        for one in psutil.Process(pid).children()
        if "--remote-debugging-port=0" in " ".join(one.cmdline())
    ]


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def _until(condition, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.1)
