"""The command line: write schemas, find stale ones, compare with a release."""

import json
import shutil

import pytest

from workers_contracts.__main__ import main
from workers_contracts.catalog import messages
from workers_contracts.examples import bundled, examples
from workers_contracts.schemas import document, exchange_of, files, read


def test_committed_schemas_are_fresh(schema_folder, capsys):
    assert main(["schemas", "--check", "--folder", str(schema_folder)]) == 0, capsys.readouterr()


def test_check_names_stale_missing_and_left_over_files(schema_folder, tmp_path, capsys):
    folder = tmp_path / "schemas"
    shutil.copytree(schema_folder, folder)
    (folder / "efactura.submit.json").write_text("{}")
    (folder / "efactura.check.json").unlink()
    (folder / "old.json").write_text("{}")
    assert main(["schemas", "--check", "--folder", str(folder)]) == 1
    said = capsys.readouterr().out
    assert [line.removeprefix("stale: ") for line in said.splitlines()] == [
        "efactura.check.json",
        "efactura.submit.json",
        "old.json",
    ]


def test_writing_repairs_the_folder_and_is_stable(tmp_path):
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "old.json").write_text("{}")
    assert main(["schemas", "--folder", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == files().keys()
    assert main(["schemas", "--check", "--folder", str(folder)]) == 0


@pytest.mark.parametrize("key", messages())
def test_schema_carries_its_address_on_the_bus(key):
    schema, message = document(messages()[key]), messages()[key]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:workers:schema:{key}"
    assert (schema["x-routing-key"], schema["x-exchange"]) == (key, exchange_of(message))
    assert schema["title"] == message.__name__
    assert ("x-queue" in schema) == (schema["x-kind"] == "command")


def test_heartbeats_have_an_exchange_of_their_own():
    assert exchange_of(messages()["worker.heartbeat"]) == "workers.heartbeats"


def test_event_schemas_are_open_at_every_depth():
    assert '"additionalProperties": false' in files()["efactura.submit.json"]
    assert '"additionalProperties": false' not in files()["efactura.rejected.json"]


def test_index_lists_every_message_with_its_file(schema_folder):
    index = json.loads(files()["index.json"])["messages"]
    assert index.keys() == messages().keys()
    assert all((schema_folder / entry["file"]).is_file() for entry in index.values())


def test_comparison_with_the_own_release_is_compatible(schema_folder, capsys):
    assert main(["compat", "--against", str(schema_folder)]) == 0
    assert capsys.readouterr().out == "compatible\n"


def test_comparison_reports_a_break_as_lines_and_as_json(tmp_path, capsys):
    for name, text in files().items():
        (tmp_path / name).write_text(text)
    released = read(tmp_path)["efactura.submit"]
    released["properties"]["language"] = {"type": "string"}
    (tmp_path / "efactura.submit.json").write_text(json.dumps(released))
    assert main(["compat", "--against", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith('efactura.submit: field "language" was removed: breaks publishers')
    assert lines[-1] == "broken"
    assert main(["compat", "--against", str(tmp_path), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["compatible"] is False
    assert report["changes"][0]["breaks"] == "publishers"


def test_comparison_with_a_folder_without_schemas_says_so(tmp_path, capsys):
    assert main(["compat", "--against", str(tmp_path)]) == 2
    assert "no message schema" in capsys.readouterr().err


def test_package_carries_the_valid_examples_of_every_message(root):
    assert examples() == json.loads(bundled(root / "examples"))
    assert examples().keys() == messages().keys()
