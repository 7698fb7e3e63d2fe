"""The benchmark's pure parts; the benchmark itself is `./justw bench`, and no test."""

import importlib
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

SAMPLES = {
    "kernel": [{"cpu_us": 300.0}, {"cpu_us": 500.0}, {"cpu_us": 400.0}],
    "celery": [{"cpu_us": 1000.0}, {"cpu_us": 100.0}, {"cpu_us": 2000.0}],
}


def sample(number: float) -> dict[str, float]:
    keys = ("cpu_us", "per_second", "pss_idle_mb", "pss_after_mb", "start_s", "start_cpu_s")
    return dict.fromkeys(keys, number)


@pytest.fixture
def bench(monkeypatch):
    """Import a module of the benchmark, as `python -m bench` finds it."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return lambda name: importlib.import_module(f"bench.{name}")


def test_ratio_is_of_medians_and_one_bad_round_does_not_count(bench):
    report = bench("report")
    found = report.medians(SAMPLES)
    assert {name: run["cpu_us"] for name, run in found.items()} == {"kernel": 400, "celery": 1000}
    assert report.ratios(found, "cpu_us") == {"kernel": 1.0, "celery": 0.4}


def test_table_names_every_contender_and_its_ratio(bench):
    report = bench("report")
    text = io.StringIO()
    found = {"kernel": sample(50), "celery": sample(100)}
    Console(file=text, width=110).print(report.table(found))
    lines = text.getvalue().splitlines()
    assert any("celery" in line and "100" in line and "x 0.50" in line for line in lines)
    assert any("kernel" in line and " 50 " in line for line in lines)


def test_result_is_json_with_medians_ratios_and_every_sample(bench):
    samples = {"kernel": [sample(50), sample(60)], "celery": [sample(100), sample(120)]}
    found = json.loads(json.dumps(bench("report").result(samples, {"rounds": 2})))
    assert found["rounds"] == 2
    assert found["medians"]["kernel"]["cpu_us"] == 55
    assert found["kernel_divided_by"]["cpu_us"]["celery"] == 0.5
    assert len(found["samples"]["celery"]) == 2


def test_every_contender_gets_the_same_command_under_its_own_id(bench, tmp_path):
    job = bench("job")
    taking_part = bench("contenders").contenders(tmp_path / "python")
    assert [one.name for one in taking_part] == [
        "kernel", "faststream-default", "aio-pika", "celery",
    ]  # fmt: skip
    assert len({one.queue for one in taking_part}) == 4
    for one in taking_part:
        first, second = one.message(1), one.message(2)
        body = json.loads(first.body)
        command = json.loads(body[0][0]) if isinstance(body, list) else body
        assert command == job.COMMAND
        assert first.delivery_mode == 2
        assert first.message_id != second.message_id


def test_installer_follows_pip_unless_uv_has_an_index_of_its_own(bench):
    index = bench("environment").index
    mirror = {"PIP_INDEX_URL": "https://mirror.invalid/simple"}
    assert index(mirror) == {"UV_DEFAULT_INDEX": "https://mirror.invalid/simple"}
    assert index(mirror | {"UV_DEFAULT_INDEX": "https://other.invalid"}) == {}
