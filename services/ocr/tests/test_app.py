"""The worker as it is put together."""

from ocr.app import build
from ocr.config import Settings
from workers_contracts.ocr import ExtractText


def test_worker_is_put_together_from_its_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("OCR_MAX_PAGES", "3")
    settings = Settings(rmq_url="amqp://127.0.0.1:1/", artifacts_url=f"file://{tmp_path}")
    assert settings.limits().pages == 3
    worker = build(settings)
    assert worker.service == "ocr"
    assert ExtractText.queue() == "ocr"
