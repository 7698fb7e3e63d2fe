"""The gate: bytes become a command or a sentence with a place, never a quoted value."""

import json
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Literal
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, Field, field_validator

from workers_contracts.base import Command
from workers_contracts.taxpayer import ValidateTaxpayer
from workers_contracts.topology import MAX_MESSAGE_BYTES
from workers_runtime.decoding import decode
from workers_runtime.errors import InvalidMessageError, MessageTooLargeError
from workers_runtime.explaining import MAX_PLACE, place

SECRET = "s3cr3tvalue"


class Colour(Enum):
    RED = "red"


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Line(BaseModel):
    amount: Decimal


class Everything(Command):
    """A command with a field of every sort."""

    key = "everything.do"
    tag = "everything"

    number: int = Field(default=1, gt=0)
    real: float = 0.0
    name: str = Field(default="ab", min_length=2, max_length=30, pattern="^[a-z]+$")
    flag: bool = False
    when: AwareDatetime | None = None
    colour: Colour = Colour.RED
    word: Literal["a", "b"] = "a"
    id: UUID | None = None
    money: Decimal = Field(default=Decimal(1), max_digits=5, decimal_places=2)
    lines: list[Line] = Field(default_factory=list, max_length=3)
    table: dict[str, int] = Field(default_factory=dict)
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    pair: tuple[int, int] | None = None
    own: str = ""

    @field_validator("own")
    @classmethod
    def _own(cls, value: str) -> str:
        if value:
            raise ValueError("own must be empty; leave it out")
        return value


BAD = {
    "number": [SECRET, 0, 1.5, None, [SECRET], {"a": SECRET}],
    "real": [SECRET, [SECRET]],
    "name": [1, "", "x", SECRET * 9, "UPPER" + SECRET],
    "flag": [SECRET, 7],
    "when": [SECRET, "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", 1e300],
    "colour": [SECRET],
    "word": [SECRET],
    "id": [SECRET],
    "money": [SECRET, "123456.789", "NaN"],
    "lines": [SECRET, [{"amount": SECRET}], [{}], [{}] * 4, {"a": 1}],
    "table": [SECRET, {"k": SECRET}],
    "pet": [SECRET, {"kind": SECRET}, {}, {"kind": 5}],
    "pair": [[1], [1, 2, 3], SECRET],
    "own": [SECRET],
}


@pytest.mark.parametrize("field", BAD)
def test_every_kind_of_problem_names_its_place_and_never_the_value(incoming, field):
    for value in BAD[field]:
        with pytest.raises(InvalidMessageError) as caught:
            decode(Everything, incoming(json.dumps({field: value}).encode()))
        assert caught.value.field
        assert caught.value.field.startswith(field)
        text = str(caught.value)
        assert text.startswith(field)
        assert len(text) > len(field) + 5
        assert SECRET not in text


def test_place_inside_a_list(incoming):
    with pytest.raises(InvalidMessageError) as caught:
        decode(Everything, incoming(b'{"lines": [{"amount": 1}, {"amount": "x"}]}'))
    assert caught.value.field == "lines[1].amount"


def test_typo_gets_a_suggestion(incoming):
    with pytest.raises(InvalidMessageError, match=r"numbr: unknown field; did you mean number\?"):
        decode(ValidateTaxpayer, incoming(b'{"number": "12345674", "numbr": 1}'))
    with pytest.raises(InvalidMessageError, match="known fields: number, country, as_of"):
        decode(ValidateTaxpayer, incoming(b'{"number": "12345674", "zzz": 1}'))


def test_many_problems_are_counted(incoming):
    body = json.dumps({f"unknown{n}": 1 for n in range(9)}).encode()
    with pytest.raises(InvalidMessageError, match="and 5 more"):
        decode(ValidateTaxpayer, incoming(body))


def test_very_long_field_name_is_cut(incoming):
    """It becomes a header and part of an event; both have limits on the wire."""
    body = json.dumps({"x" * 200_000: 1, "number": "12345674"}).encode()
    with pytest.raises(InvalidMessageError) as caught:
        decode(ValidateTaxpayer, incoming(body))
    assert len(caught.value.field or "") == MAX_PLACE + 1
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"nul", b"\xff\xfe{}", b"{'a': 1}", b"[" * 100_000, b'{"number": "\\ud800"}',
     '{"număr": 1,}'.encode(), "﻿{}".encode("utf-16")],
)  # fmt: skip
def test_what_is_not_json_is_said_to_be_so(incoming, body):
    with pytest.raises(InvalidMessageError, match="the body is not JSON"):
        decode(ValidateTaxpayer, incoming(body))


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"true"])
def test_json_that_is_no_object_is_refused(incoming, body):
    with pytest.raises(InvalidMessageError, match="object"):
        decode(ValidateTaxpayer, incoming(body))


def test_size_is_looked_at_first(incoming):
    with pytest.raises(MessageTooLargeError, match="artifact"):
        decode(ValidateTaxpayer, incoming(b"x" * (MAX_MESSAGE_BYTES + 1)))
    with pytest.raises(InvalidMessageError, match="not JSON"):
        decode(ValidateTaxpayer, incoming(b"x" * MAX_MESSAGE_BYTES))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "utf-16"])
def test_other_encodings_are_refused_with_help(incoming, encoding):
    with pytest.raises(InvalidMessageError, match="plain UTF-8 JSON"):
        decode(ValidateTaxpayer, incoming(b"{}", content_encoding=encoding))


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
fields = st.one_of(st.sampled_from(sorted(Everything.model_fields)), st.text(max_size=8))
bodies = st.one_of(
    st.binary(max_size=200),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(fields, json_values, max_size=5).map(lambda value: json.dumps(value).encode()),
)


@given(bodies)
@example(b'{"lines":' * 3000)
@example(b'{"number": 1' + b"0" * 5000 + b"}")
def test_arbitrary_bytes_are_a_command_or_an_invalid_message(body):
    refusal = None
    try:
        command = decode(
            Everything, SimpleNamespace(body=body, content_encoding=None, headers=None)
        )
    except InvalidMessageError as error:
        refusal = str(error)
    if refusal is None:
        assert isinstance(command, Everything)
    else:
        assert 0 < len(refusal) < 5000


@given(st.lists(st.one_of(st.integers(), st.text(max_size=50)), max_size=20))
def test_place_never_fails_and_is_bounded(location):
    assert len(place(tuple(location))) <= MAX_PLACE + 1
