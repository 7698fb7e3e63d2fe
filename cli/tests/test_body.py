"""The body of a command: where it comes from and what is wrong with it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_cli.body import check, command_for, read_body
from workers_cli.errors import (
    BodyTooLargeError,
    ContractError,
    InputError,
    UnknownKeyError,
    UsageError,
)

TAXPAYER = command_for("taxpayer.validate")
INVOICE = command_for("efactura.submit")


def fields(*given_fields, command=TAXPAYER, source=None):
    return json.loads(read_body(command, source, given_fields))


def test_file_goes_on_the_wire_as_it_is(tmp_path):
    file = tmp_path / "body.json"
    file.write_text('{ "number":"RO12345674" }', encoding="utf-8")
    assert read_body(TAXPAYER, str(file), []) == b'{ "number":"RO12345674" }'


def test_byte_order_mark_of_an_editor_is_left_out(tmp_path):
    file = tmp_path / "body.json"
    file.write_bytes(b"\xef\xbb\xbf" + b'{"number": "12345674"}')
    check(TAXPAYER, read_body(TAXPAYER, str(file), []))


def test_digits_stay_text_where_the_contract_wants_text():
    assert fields("number=012345674") == {"number": "012345674"}


def test_true_and_objects_become_json_where_the_contract_wants_them():
    found = fields("cif=12345674", "b2c=true", 'artifact={"size": 1}', command=INVOICE)
    assert found == {"cif": "12345674", "b2c": True, "artifact": {"size": 1}}


def test_field_wins_over_the_file(tmp_path):
    file = tmp_path / "body.json"
    file.write_text('{"number": "1", "country": "DE"}', encoding="utf-8")
    assert fields("number=2", source=str(file)) == {"number": "2", "country": "DE"}


def test_large_text_comes_from_a_file_with_its_diacritics(tmp_path):
    file = tmp_path / "invoice.xml"
    file.write_text("<Name>Șerban & Țăran</Name>", encoding="utf-8")
    assert fields(f"xml=@{file}", command=INVOICE)["xml"] == "<Name>Șerban & Țăran</Name>"


def test_two_at_signs_are_one_at_sign_of_text():
    assert fields("number=@@home") == {"number": "@home"}


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), min_size=1))
def test_any_text_reaches_the_wire_unchanged(text):
    value = f"@{text}" if text.startswith("@") else text
    assert fields(f"number={value}") == {"number": text}


@pytest.mark.parametrize(
    ("source", "given_fields", "words"),
    [
        ("missing.json", [], "there is no file missing.json"),
        (".", [], "cannot be read"),
        (None, ["number=@missing.xml"], "there is no file missing.xml"),
        ("list.json", ["number=1"], "is not one JSON object"),
        ("broken.json", ["number=1"], "is not JSON"),
        ("empty.json", [], "is empty"),
        ("binary.pdf", [], "is not UTF-8 text (byte 5)"),
    ],
)
def test_unreadable_input_is_named(alone, source, given_fields, words):
    (alone / "list.json").write_text("[]")
    (alone / "broken.json").write_text("{")
    (alone / "empty.json").write_text(" \n")
    (alone / "binary.pdf").write_bytes(b"%PDF-\xe2\xe3")
    with pytest.raises(InputError) as problem:
        read_body(TAXPAYER, source, given_fields)
    assert words in problem.value.message


@pytest.mark.parametrize("text", ["number", "=1", ""])
def test_field_without_name_or_value_is_wrong_use(text):
    with pytest.raises(UsageError):
        read_body(TAXPAYER, None, [text])


def test_no_body_at_all_is_wrong_use():
    with pytest.raises(UsageError, match="there is no body"):
        read_body(TAXPAYER, None, [])


def test_body_at_the_limit_passes_and_one_byte_more_asks_for_an_artifact(alone):
    frame = len('{"number": ""}')
    (alone / "fits.json").write_text('{"number": "' + "x" * (262_144 - frame) + '"}')
    (alone / "large.json").write_text('{"number": "' + "x" * (262_145 - frame) + '"}')
    assert len(read_body(TAXPAYER, "fits.json", [])) == 262_144
    with pytest.raises(BodyTooLargeError) as problem:
        read_body(TAXPAYER, "large.json", [])
    assert "262145 bytes" in problem.value.message
    assert "artifact" in problem.value.next_step


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"numbr": "1"}, "number", "did you mean number?"),
        ({"number": "12345674", "countri": "RO"}, "countri", "did you mean country?"),
        ({"number": "1"}, "number", "at least 2 characters"),
        ({"number": "12345674", "as_of": "31.01.2026"}, "as_of", "valid date"),
    ],
)
def test_wrong_field_is_named(body, field, words):
    with pytest.raises(ContractError) as problem:
        check(TAXPAYER, json.dumps(body).encode())
    assert problem.value.field == field
    assert words in problem.value.message
    assert "number, [country], [as_of]" in problem.value.next_step


def test_bad_json_is_explained_without_its_content():
    with pytest.raises(ContractError) as problem:
        check(TAXPAYER, b'{"number": "hunter2"')
    assert "is not JSON" in problem.value.message
    assert "hunter2" not in problem.value.message


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("taxpayer.valdate", "did you mean taxpayer.validate?"),
        ("efactura.accepted", "is an event, which only workers publish; did you mean efactura.su"),
        ("efactura.check", "the worker's own follow-up"),
        ("zzz", "commands: efactura.audit, efactura.erase, "),
    ],
)
def test_unknown_key_gets_a_hint(key, words):
    with pytest.raises(UnknownKeyError) as problem:
        command_for(key)
    assert words in problem.value.message
