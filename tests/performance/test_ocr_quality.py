"""The OCR worker reads a few pages of the test set well; all of them is `bench_ocr.py`."""

import importlib
import json
import os
from pathlib import Path

import pytest

from ocr.client import Processes
from ocr.config import Settings
from ocr.engine import pages
from ocr.engine.values import Limits, Options
from ocr.fields import find
from workers_contracts.ocr import FullPage

# An invoice and receipts: clean, scanned, photographed; the fonts differ.
PAGES = (0, 1, 2, 5, 6)


@pytest.fixture
def bench(monkeypatch):
    """Import a module of the test set."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return lambda name: importlib.import_module(f"ocr_pages.{name}")


@pytest.fixture
def samples(bench):
    """Return pages of the test set, when the fonts are installed."""
    try:
        made = bench("make").make(max(PAGES) + 1)
    except RuntimeError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(str(error))
    return [made[number] for number in PAGES]


async def test_invoices_and_receipts_are_read_with_their_fields(bench, samples, tmp_path):
    judge, worn = bench("judge"), bench("worn")
    processes = Processes(recognisers=2, recycle=100, megabytes=2048)
    models = Settings(rmq_url="amqp://127.0.0.1/").models()
    wrong = letters = right = there = 0
    try:
        for sample in samples:
            file = tmp_path / f"{sample.name}.png"
            file.write_bytes(worn.png(sample.pixels))
            page = json.loads(
                await processes.recognise(
                    pages.recognise, 120, str(file), "image/png", 1, Options(), Limits(), models
                )
            )
            one, other = judge.cer(sample.text, page["text"])
            wrong, letters = wrong + one, letters + other
            one, other, _ = judge.diacritics(sample.text, page["text"])
            right, there = right + one, there + other
            found = {f.name: f.value for f in find([FullPage.model_validate(page)], sample.kind)}
            assert {name: found.get(name) for name in sample.fields} == sample.fields, sample.name
    finally:
        await processes.close()
    assert wrong / letters <= 0.015
    assert right / there >= 0.85


def test_same_seed_makes_the_same_pages(bench, samples):
    again = bench("make").make(2)
    assert (again[1].pixels == samples[1].pixels).all()
    assert (again[1].pdf, again[1].text) == (samples[1].pdf, samples[1].text)
    assert bench("make").make(1, seed=1)[0].text != samples[0].text


def test_judge_counts_what_is_wrong(bench):
    judge = bench("judge")
    assert judge.distance("kitten", "sitting") == 3
    assert judge.distance("", "abc") == 3
    assert judge.cer("Țară  mare", "Tară mare") == (1, 9)
    assert judge.words("a b b", "b a c") == (2, 3)
    assert judge.diacritics("Țară în", "Țara în") == (2, 3, 2)
