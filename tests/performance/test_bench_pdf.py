"""The PDF benchmark's pure parts; the benchmark itself is `./justw bench-pdf`, and no test."""

import importlib
from pathlib import Path

import pytest


@pytest.fixture
def report(monkeypatch):
    """Import the report, as `python -m bench_pdf` finds it."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("bench_pdf.report")


def samples(**rates) -> dict[str, list[dict[str, float]]]:
    names = {"ours": "pdf-render", "naive": "pyppeteer, a launch each"}
    return {names.get(n, n): [{"per_second": one} for one in found] for n, found in rates.items()}


def test_ratio_is_of_medians_and_one_bad_round_does_not_count(report):
    found = report.result(samples(ours=[8, 1, 9], playwright=[4, 4, 100]), {"rounds": 3})
    assert found["documents_per_second"] == {"pdf-render": 8, "playwright": 4}
    assert found["times"] == {"playwright": 2.0}
    assert found["met"] is True
    assert found["rounds"] == 3


def test_an_aim_that_is_missed_is_told(report):
    found = report.result(samples(ours=[8], naive=[4], playwright=[4]), {})
    assert found["met"] is False
    assert any("x 2.00 (aim: 8)" in line for line in report.lines(found))


def test_who_took_no_part_is_not_counted(report):
    found = report.result(samples(ours=[8]), {})
    assert (found["times"], found["met"]) == ({}, True)
