"""Wrong use and unreachable servers: what, why and next, never a traceback."""

import json

import pytest

from workers_cli import guard
from workers_cli.addresses import resolve, stack_addresses
from workers_cli.errors import ConfigurationError
from workers_cli.explanations import explanations
from workers_runtime.errors import error_codes

WRONG = {
    "unknown command": ["snd"],
    "unknown option": ["send", "--fast"],
    "missing argument": ["send"],
    "not a number": ["tail", "--count", "x"],
    "wildcard in a word": ["tail", "efactura*"],
    "no body": ["send", "taxpayer.validate"],
    "wrong key": ["send", "taxpayer.valdate", "x.json"],
    "wrong field": ["send", "taxpayer.validate", "--field", "nummer=1"],
    "missing file": ["send", "taxpayer.validate", "x.json"],
    "id too long": ["send", "taxpayer.validate", "--field", "number=12", "--message-id", "x" * 256],
    "empty id": ["send", "taxpayer.validate", "--field", "number=12", "--correlation-id", ""],
    "no such queue": ["dead", "list", "anaf.nothing"],
    "nothing chosen": ["dead", "replay", "anaf.taxpayer.dead"],
    "all and some": ["dead", "replay", "anaf.taxpayer.dead", "m1", "--all"],
    "nothing to show": ["dead", "show", "anaf.taxpayer.dead"],
    "unknown code": ["errors", "anaf_unavailble"],
    "not an address": ["tail", "--rmq-url", "http://x"],
    "port out of range": ["tail", "--rmq-url", "amqp://h:99999/"],
    "broker down": ["send", "taxpayer.validate", "--field", "number=12"],
    "broker down, tail": ["tail"],
    "broker down, diff": ["topology", "diff"],
    "broker down, list": ["dead", "list"],
    "nothing answers": ["status"],
    "no such worker": ["waiting", "anaf.nothing"],
    "redis down": ["waiting"],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_use_says_what_and_next_on_standard_error(offline, arguments):
    ran = offline(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    what, step = ran.err.splitlines()
    assert what.startswith("workers: ")
    assert len(what) > 20
    assert step.startswith("next: ")
    assert "[redacted]" not in step


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_use_is_json_when_asked(offline, arguments):
    ran = offline(*arguments, "--json")
    assert ran.code == 2
    assert ran.out == ""
    assert set(ran.error) - {"field"} == {"code", "message", "next"}
    assert all(ran.error.values())


def test_help_lists_the_exit_codes(offline):
    ran = offline("--help")
    assert ran.code == 0
    text = " ".join(ran.out.split())
    for words in ("0 ok", "1 something is wrong", "3 the command was rejected", "5 nothing came"):
        assert words in text


def test_defect_of_the_program_shows_no_traceback_unless_asked(offline, monkeypatch):
    def broken():
        raise ZeroDivisionError("password=hunter2hunter2")

    monkeypatch.setattr("workers_cli.commands.errors.explanations", broken)
    ran = offline("errors", "--json")
    assert ran.code == 1
    assert ran.error["code"] == "internal_error"
    assert "hunter2" not in ran.err
    assert "--debug" in ran.error["next"]
    assert "Traceback" not in ran.err
    assert "Traceback" in offline("--debug", "errors").err


def test_version_names_the_contracts(offline):
    assert set(offline("version", "--json").json) == {
        "workers-cli", "workers-contracts", "workers-runtime", "python"
    }  # fmt: skip
    assert "workers-contracts" in offline("version").out


def test_completion_script_can_be_printed(offline):
    ran = offline(_WORKERS_COMPLETE="source_bash")
    assert ran.code == 0
    assert "_WORKERS_COMPLETE" in ran.out


def test_every_code_of_the_runtime_and_the_services_is_explained(offline):
    found = explanations()
    assert set(error_codes()) <= set(found)
    assert {"anaf_upload_uncertain", "vies_blocked", "retries_exhausted"} <= set(found)
    assert all(one.means and one.then for one in found.values())
    listed = offline("errors", "--json").json
    assert [one["code"] for one in listed] == sorted(found)


def test_one_code_is_explained_with_what_happens_then(offline):
    ran = offline("errors", "anaf_upload_uncertain")
    assert ran.code == 0
    assert "lists are searched before anything is sent again" in ran.out
    assert "asks the authority" in ran.out
    assert offline("errors", "quota_exhausted", "--json").json["source"] == "workers-runtime"


def test_this_programs_own_codes_are_explained_too(offline):
    assert offline("errors", "declaration_conflict").code == 0


def test_address_comes_from_option_then_stack_then_usual_port(alone):
    (alone / ".run").mkdir()
    (alone / ".run" / "stack.json").write_text(json.dumps({"amqp_url": "amqp://stack:1234/"}))
    assert resolve("amqp_url", "amqp://given/") == "amqp://given/"
    assert resolve("amqp_url", None) == resolve("amqp_url", "") == "amqp://stack:1234/"
    assert resolve("registry_url", "http://r/") == "http://r"
    assert resolve("registry_url", None) == "http://127.0.0.1:8080"


def test_stack_is_found_from_a_folder_below(alone, monkeypatch):
    (alone / ".run").mkdir()
    (alone / ".run" / "stack.json").write_text('{"amqp_url": "amqp://stack/", "n": 1}')
    (alone / "deep" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(alone / "deep" / "deeper")
    assert stack_addresses() == {"amqp_url": "amqp://stack/"}


@pytest.mark.parametrize("content", ["{", "[]"])
def test_broken_stack_file_is_named(alone, content):
    (alone / ".run").mkdir()
    (alone / ".run" / "stack.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"stack\.json"):
        resolve("amqp_url", None)


def test_wrong_address_is_not_shown_for_it_may_hold_a_password():
    with pytest.raises(ConfigurationError) as problem:
        resolve("amqp_url", "amqps:/user:hunter2@x")
    assert "hunter2" not in problem.value.message + problem.value.next_step


def test_guard_and_program_have_one_name(offline):
    assert offline("nothing").err.startswith(f"{guard.PROGRAM}: ")
