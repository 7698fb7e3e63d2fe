"""Every example is executed: the valid ones pass, the invalid ones fail where they say."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from pydantic import ValidationError, create_model

from workers_contracts.base import Command
from workers_contracts.catalog import commands, events, messages
from workers_contracts.schemas import document

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
ENVELOPES = sorted((EXAMPLES / "envelopes").glob("*.json"))
VALID = sorted(EXAMPLES.glob("*/valid-*.json"))
INVALID = sorted(EXAMPLES.glob("*/invalid-*.json"))


def name(path):
    return f"{path.parent.name}/{path.stem}"


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", VALID, ids=name)
def test_valid_example_is_accepted_and_survives_a_round_trip(path):
    message = messages()[path.parent.name]
    value = message.model_validate(load(path))
    assert message.model_validate_json(value.model_dump_json()) == value


@pytest.mark.parametrize("path", VALID, ids=name)
def test_valid_example_follows_the_published_schema(path):
    message = messages()[path.parent.name]
    jsonschema_rs.Draft202012Validator(document(message), validate_formats=True).validate(
        load(path)
    )


@pytest.mark.parametrize("path", VALID, ids=name)
def test_event_example_is_exactly_what_the_worker_sends(path):
    message = messages()[path.parent.name]
    body = load(path)
    dumped = message.model_validate(body).model_dump(mode="json")
    if issubclass(message, Command):
        unknown = body.keys() - dumped.keys()
        assert not unknown
    else:
        assert dumped == body


@pytest.mark.parametrize(
    "path", [path for path in VALID if path.parent.name in commands()], ids=name
)
def test_short_form_is_the_same_command_before_and_after_a_field_is_added(path):
    command = commands()[path.parent.name]
    later = create_model("Later", __base__=command, added_later=(bool, False))
    asked = command.model_validate(load(path))
    assert command.model_validate_json(asked.short_json()) == asked
    assert later.model_validate(load(path)).short_json() == asked.short_json()


@pytest.mark.parametrize("path", INVALID, ids=name)
def test_invalid_example_fails_at_its_field_with_its_words(path):
    case = load(path)
    with pytest.raises(ValidationError) as refused:
        messages()[path.parent.name].model_validate(case["body"])
    problems = {".".join(map(str, e["loc"])): e["msg"] for e in refused.value.errors()}
    assert list(problems) == [case["field"]]
    assert case["problem"] in problems[case["field"]]


@pytest.mark.parametrize("key", messages())
def test_message_has_a_valid_and_an_invalid_example(key):
    assert list((EXAMPLES / key).glob("valid-*.json"))
    assert list((EXAMPLES / key).glob("invalid-*.json"))


def test_no_example_is_left_over_from_a_removed_message():
    assert {path.name for path in EXAMPLES.iterdir()} == {*messages(), "envelopes"}


@pytest.mark.parametrize("path", ENVELOPES, ids=name)
def test_envelope_example_is_a_cloudevent_with_valid_data(path):
    envelope = load(path)
    event = events()[envelope["type"]]
    data = event.model_validate(envelope["data"])
    assert envelope["specversion"] == "1.0"
    assert envelope["subject"] == data.subject()
    assert envelope["correlationid"] == data.correlation_id
    assert envelope["datacontenttype"] == "application/json"
    assert envelope["time"].endswith("Z")
    assert all(re.fullmatch("[a-z0-9]{1,20}", attribute) for attribute in envelope)


def test_every_domain_of_events_has_an_envelope_example():
    assert {path.stem for path in ENVELOPES} == {event.domain() for event in events().values()}
