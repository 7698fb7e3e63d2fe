"""What the README shows is true: its worker runs, its table of settings is that of the code."""

import re
from pathlib import Path

import pytest

from workers_runtime.config import WorkerSettings, variable_name
from workers_runtime.metrics import Metrics

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.mark.integration
async def test_example_runs_as_it_stands(bus, start_worker, tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    program = tmp_path / "example.py"
    program.write_text(code)
    worker = start_worker(str(program)).wait_ready()
    await bus.publish("taxpayer.validate", {"number": "12345674"}, message_id="m")
    assert (await bus.event("anaf.taxpayer.validated")).data["valid"] is True
    body = {"number": "DE123456788", "country": "DE"}
    await bus.publish("taxpayer.validate", body, message_id="n")
    assert (await bus.event("taxpayer.failed")).data["field"] == "country"
    assert worker.get("/asyncapi").json()["info"]["title"] == "example-worker"


def settings_rows() -> list[str]:
    rows = []
    for name, field in WorkerSettings.model_fields.items():
        default = "required" if field.is_required() else f"`{field.default}`"
        if default == "``":
            default = "empty"
        if hasattr(field.default, "get_secret_value"):
            default = f"`{field.default.get_secret_value()}`"
        variable = variable_name(WorkerSettings, name, field)
        rows.append(f"| `{variable}` | {default} | {field.description} |")
    return rows


def test_every_setting_is_in_its_table():
    for row in settings_rows():
        assert row in README
    assert README.count("\n| `") >= len(settings_rows())


def test_every_series_is_in_its_table():
    names = {family.name for family in Metrics("x").registry.collect()}
    for name in names:
        assert f"`{name}" in README
