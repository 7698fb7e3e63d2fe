"""Each kind of change is named, with who it breaks."""

import copy
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, create_model

from workers_contracts.base import Command
from workers_contracts.compatibility import compare, next_version
from workers_contracts.schema_changes import changes
from workers_contracts.schemas import documents

COMMAND, EVENT = "efactura.submit", "efactura.rejected"


def edited(key, *edits):
    old = copy.deepcopy(documents())
    # It holds artifacts too, and an edit of a shared definition is to show once.
    del old[COMMAND]["properties"]["invoice"]
    new = copy.deepcopy(old)
    for edit in edits:
        edit(new[key])
    return compare(old, new)


def at(path, **values):
    """Set words of the schema at ``path``; None takes the word away."""

    def edit(schema):
        for step in path.split("/"):
            schema = schema[int(step)] if isinstance(schema, list) else schema[step]
        for word, value in values.items():
            schema.pop(word, None)
            if value is not None:
                schema[word] = value

    return edit


def field(name, owner="", **schema):
    def edit(document):
        target = document["$defs"][owner] if owner else document
        target["properties"][name] = schema

    return edit


def without(name, owner=""):
    def edit(document):
        target = document["$defs"][owner] if owner else document
        del target["properties"][name]
        target["required"] = [other for other in target["required"] if other != name]

    return edit


def required(name, owner="", on=True):
    def edit(document):
        target = document["$defs"][owner] if owner else document
        names = [other for other in target["required"] if other != name]
        target["required"] = [*names, name] if on else names

    return edit


SHA = "$defs/ArtifactRef/properties/sha256"
SIZE = "$defs/ArtifactRef/properties/size"
XML = "properties/xml"
STAGE = "properties/stage"
BREAKS_PUBLISHERS = [
    ([required("enforcement")], "enforcement", "became required"),
    ([without("enforcement")], "enforcement", "was removed"),
    ([field("language", type="string"), required("language")], "language", "added as required"),
    ([at("properties/enforcement", type="string")], "enforcement", "type from boolean to string"),
    ([at(XML, anyOf=None, type="string")], "xml", "may no longer be null"),
    ([at("properties/cif", pattern="^[0-9]+$")], "cif", "changed pattern from none"),
    ([at("properties/cif", maxLength=10)], "cif", "changed maxLength from none to 10"),
    ([at("properties/cif", enum=["12345674"])], "cif", "now takes only"),
    ([at(SHA, pattern="^[0-9a-f]{40}$")], "artifact.sha256", "changed pattern"),
    ([at(SIZE, minimum=10)], "artifact.size", "changed minimum from 0 to 10"),
    ([at(SIZE, maximum=1000)], "artifact.size", "changed maximum from none to 1000"),
    ([without("size", "ArtifactRef")], "artifact.size", "was removed"),
    (
        [field("etag", "ArtifactRef", type="string"), required("etag", "ArtifactRef")],
        "artifact.etag",
        "added as required",
    ),
    ([at(SIZE, type="string")], "artifact.size", "type from integer to string"),
    ([at("properties/cif", format="date")], "cif", "changed format"),
]
KEEPS_PUBLISHERS = [
    ([field("language", type="string")], "language", "was added"),
    ([required("cif", on=False)], "cif", "no longer always present"),
    (
        [at("properties/cif", anyOf=[{"type": "string"}, {"type": "null"}], type=None)],
        "cif",
        "null",
    ),
    ([at(SIZE, minimum=None)], "artifact.size", "changed minimum from 0 to none"),
    ([at(SIZE, type="number")], "artifact.size", "type from integer to number"),
    ([at(SHA, pattern=None)], "artifact.sha256", "changed pattern"),
    ([at("properties/enforcement", default=True)], "enforcement", "changed its default"),
]
BREAKS_SUBSCRIBERS = [
    ([without("cif")], "cif", "was removed"),
    ([without("upload_index")], "upload_index", "was removed"),
    ([required("cif", on=False)], "cif", "is no longer always present"),
    ([at(STAGE, enum=["local", "upload", "anaf", "bank"])], "stage", 'got the value "bank"'),
    ([at(STAGE, enum=None)], "stage", "now takes any value"),
    (
        [at("properties/cif", anyOf=[{"type": "string"}, {"type": "null"}], type=None)],
        "cif",
        "null",
    ),
    (
        [at("properties/cif", anyOf=[{"type": "string"}, {"type": "integer"}], type=None)],
        "cif",
        "now also allows integer",
    ),
    ([at("properties/cif", type="integer")], "cif", "type from string to integer"),
    ([at("properties/errors", minItems=None)], "errors", "changed minItems from 1 to none"),
    ([required("message", "Rejection", on=False)], "errors[].message", "no longer always present"),
    ([without("path", "Rejection")], "errors[].path", "was removed"),
    ([at("$defs/Rejection/properties/rule", type="integer")], "errors[].rule", "its type"),
    ([at(SHA, pattern=None)], "archive.sha256", "changed pattern"),
]
KEEPS_SUBSCRIBERS = [
    ([field("language", type="string"), required("language")], "language", "was added"),
    ([at(STAGE, enum=["local", "anaf"])], "stage", 'lost the value "upload"'),
    ([at("properties/number", anyOf=None, type="string")], "number", "may no longer be null"),
    ([at("properties/cif", maxLength=10)], "cif", "changed maxLength"),
    ([field("hint", "Rejection", type="string")], "errors[].hint", "was added"),
]


def one(findings):
    assert len(findings) == 1, [finding.line for finding in findings]
    return findings[0]


@pytest.mark.parametrize(("edits", "where", "words"), BREAKS_PUBLISHERS)
def test_command_that_accepts_less_breaks_publishers(edits, where, words):
    finding = one(edited(COMMAND, *edits))
    assert (finding.breaks, finding.field) == ("publishers", where)
    assert words in finding.problem
    assert finding.advice.endswith("or publish efactura.submit.v2")


@pytest.mark.parametrize(("edits", "where", "words"), KEEPS_PUBLISHERS)
def test_command_that_accepts_more_is_compatible(edits, where, words):
    finding = one(edited(COMMAND, *edits))
    assert (finding.breaks, finding.field) == (None, where)
    assert words in finding.line


@pytest.mark.parametrize(("edits", "where", "words"), BREAKS_SUBSCRIBERS)
def test_event_that_allows_more_breaks_subscribers(edits, where, words):
    finding = one(edited(EVENT, *edits))
    assert (finding.breaks, finding.field) == ("subscribers", where)
    assert words in finding.problem


@pytest.mark.parametrize(("edits", "where", "words"), KEEPS_SUBSCRIBERS)
def test_event_that_says_more_or_allows_less_is_compatible(edits, where, words):
    finding = one(edited(EVENT, *edits))
    assert (finding.breaks, finding.field) == (None, where)
    assert words in finding.line


def test_event_field_that_becomes_always_present_is_compatible():
    old = documents()
    required("number", on=False)(old[EVENT])
    finding = one(compare(old, documents()))
    assert (finding.breaks, finding.field) == (None, "number")
    assert "became required" in finding.line


def test_line_says_what_broke_for_whom_and_what_to_do():
    assert one(edited(COMMAND, required("enforcement"))).line == (
        'efactura.submit: field "enforcement" became required: breaks publishers that leave it '
        "out; "
        "make it optional or publish efactura.submit.v2"
    )


def test_removed_message_breaks_both_sides():
    new = documents()
    del new[COMMAND]
    finding = one(compare(documents(), new))
    assert finding.breaks == "publishers and subscribers"
    assert finding.line.startswith("efactura.submit: message was removed")


def test_new_message_is_compatible():
    old = documents()
    del old[COMMAND]
    assert one(compare(old, documents())).line == "efactura.submit: message is new: compatible"


def test_message_on_another_exchange_breaks_its_users():
    finding = one(edited(COMMAND, lambda schema: schema.update({"x-exchange": "other"})))
    assert finding.breaks == "publishers"
    assert "exchange from workers.commands to other" in finding.problem


def test_breaking_findings_come_first():
    findings = edited(COMMAND, field("a", type="string"), without("xml"))
    assert [finding.breaks for finding in findings] == ["publishers", None]


def test_unchanged_messages_have_no_findings():
    assert compare(documents(), documents()) == []


def test_words_for_people_do_not_count():
    assert (
        edited(COMMAND, at("properties/enforcement", description="Other words.", title="T")) == []
    )


def test_recursive_models_end():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}, "required": []}
    old = {"$defs": {"Node": node}, "$ref": "#/$defs/Node"}
    new = copy.deepcopy(old)
    new["$defs"]["Node"]["properties"]["name"] = {"type": "string"}
    assert [change.field for change in changes(old, new)] == ["name"]


def test_map_values_and_closed_objects_are_compared():
    old = {"type": "object", "additionalProperties": {"type": "integer", "maximum": 5}}
    new = {"type": "object", "additionalProperties": {"type": "integer", "maximum": 4}}
    assert [change.field for change in changes(old, new)] == ["{}"]
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    opened = {"type": "object", "properties": {}}
    assert "refuses" in changes(opened, closed)[0].what
    assert "takes unknown" in changes(closed, opened)[0].what


def test_type_lists_mean_the_same_as_alternatives():
    listed = {"type": ["string", "null"]}
    spelled = {"anyOf": [{"type": "null"}, {"type": "string"}]}
    assert changes(listed, spelled) == []


@pytest.mark.parametrize(
    ("key", "following"),
    [("efactura.submit", "efactura.submit.v2"), ("efactura.submit.v2", "efactura.submit.v3")],
)
def test_next_version_carries_its_number(key, following):
    assert next_version(key) == following


BOUNDS = st.none() | st.integers(-5, 5)


def model(low, high):
    arguments = {} if low is None else {"ge": low}
    arguments |= {} if high is None else {"le": high}
    return create_model("Ranged", __base__=Command, value=(Annotated[int, Field(**arguments)], ...))


@given(BOUNDS, BOUNDS, BOUNDS, BOUNDS)
def test_bound_is_breaking_exactly_when_some_old_value_is_refused(low, high, new_low, new_high):
    def address(schema):
        return {"x.y": schema | {"x-kind": "command"}}

    old, new = model(low, high), model(new_low, new_high)
    findings = compare(address(old.model_json_schema()), address(new.model_json_schema()))

    # Each bound on its own: the range of the other does not excuse a tightened one.
    tightened = (new_low is not None and (low is None or new_low > low)) or (
        new_high is not None and (high is None or new_high < high)
    )
    assert any(finding.breaks for finding in findings) == tightened
