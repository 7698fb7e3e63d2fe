"""What may never leave the process as text."""

import json
import time
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, ValidationError

from workers_runtime.redaction import MASK, redact, redact_event, redact_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
CNP = "1960101123456"
IBAN = "RO49AAAA1B31007593840000"

SECRETS = {
    "a JSON web token": (f"token {JWT} was refused", JWT),
    "a token glued to text": (f'{{"t":"{JWT}"}}', JWT),
    "a bearer header": ("Authorization: Bearer abc.DEF-123_456~x", "abc.DEF"),
    "basic credentials": ("basic dXNlcjpwYXNzd29yZA==", "dXNlcjpw"),
    "an AMQP password": ("amqp://worker:pa55w0rd@rabbit:5672/v", "pa55w0rd"),
    "a Redis password without a user": ("redis://:pa55w0rd@redis:6379/0", "pa55w0rd"),
    "a password with an at sign": ("amqp://u:pa@55@rabbit/", "55@"),
    "a form's password": ("grant&client_secret=abc123&x=1", "abc123"),
    "a token in JSON": ('{"refresh_token": "opaque-1"}', "opaque-1"),
    "a token in compact JSON": ('{"access_token":"opaque-2"}', "opaque-2"),
    "an IBAN": (f"paid to {IBAN}.", "1B310075"),
    "an IBAN in groups": ("paid to RO49 AAAA 1B31 0075 9384 0000 today", "7593"),
    "a personal number": (f"CNP={CNP};", CNP),
    "a refused value": (
        "amount\n  bad [type=x, input_value='s3cret\nvalue', input_type=str]", "s3cret",
    ),
    "a refused value that was cut": ("bad [type=x, input_value='s3cret", "s3cret"),
}  # fmt: skip


@pytest.mark.parametrize("case", SECRETS)
def test_secret_is_masked(case):
    text, secret = SECRETS[case]
    masked = redact_text(text)
    assert secret not in masked
    assert MASK in masked
    assert redact_text(masked) == masked


HARMLESS = [
    "1960101123457",  # 13 digits, wrong control digit: an order number
    "0960101123450",  # no personal number starts with 0
    "91960101123456",  # 14 digits
    "the upload index is 5000000123",
    "https://example.ro:8443/path?x=1",
    "0b6f6a3e-6c1c-5f5e-9a55-0e9f4a8a1d11",
    "RO12345674",
    "3E0L0000T1234567",
    "RO50 AAAA 1B31 0075 9384 0000",  # its check digits are wrong
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_left_alone(text):
    assert redact_text(text) == text


def control(body: str) -> str:
    weights = (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)
    rest = sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11
    return "1" if rest == 10 else str(rest)


@given(st.from_regex(r"[1-9][0-9]{11}", fullmatch=True), st.integers(0, 9))
def test_personal_number_is_known_by_its_control_digit(body, digit):
    number = f"{body}{digit}"
    masked = redact_text(f"x {number} y")
    assert (number in masked) is (str(digit) != control(body))


def test_nested_values_are_masked_by_key_and_by_look():
    value = {
        "token": "abc",
        "X-Api-Key": "abc",
        "client_secret": "abc",
        "empty_token": "",
        "rows": [{"cnp": 5, "note": f"see {CNP}"}, (JWT, {IBAN})],
        "number": int(CNP),
        "xml": "<a/>",
        "raw": b"\x00" * 7,
        "tokens_used": 5,
        "flag": True,
        "amount": 12.5,
        "none": None,
    }
    masked = redact(value)
    text = json.dumps(masked)
    for secret in ("abc", CNP, JWT, IBAN, "<a/>"):
        assert secret not in text
    assert masked["raw"] == "[7 bytes]"
    assert masked["tokens_used"] == 5
    assert masked["empty_token"] == ""
    assert (masked["flag"], masked["amount"], masked["none"]) == (True, 12.5, None)


class Account(BaseModel):
    iban: str
    key: SecretStr
    day: int


def test_objects_are_masked_by_what_they_would_print():
    account = Account(iban=IBAN, key=SecretStr("abc"), day=1)
    assert IBAN not in str(redact({"account": account}))
    assert CNP not in str(redact(ValueError(f"no {CNP}")))
    assert redact(date(2026, 3, 1)) == date(2026, 3, 1)
    assert redact(UUID(int=1)) == UUID(int=1)


def test_validation_error_of_pydantic_does_not_quote():
    with pytest.raises(ValidationError) as caught:
        Account.model_validate({"iban": IBAN, "key": "abc", "day": "s3cret"})
    assert "s3cret" in str(caught.value)
    assert "s3cret" not in redact_text(str(caught.value))


def test_endless_structure_ends():
    loop: list[object] = []
    loop.append(loop)
    assert "deeper" in str(redact({"loop": loop}))


def test_log_event_keeps_its_keys():
    assert redact_event(None, "info", {"event": f"x {CNP}", "tid": "t", "token": "a"}) == {
        "event": f"x {MASK}", "tid": "t", "token": MASK,
    }  # fmt: skip


HOSTILE = ["input_value=", "eyJ-", "eyJaaaaaa.", "://", "://a:", "bearer ", "AA00", "RO49 AAAA ",
           "1" * 12 + " ", "password=", " ", "a" * 50]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_of_256_kib_takes_no_second(piece):
    text = piece * (256 * 1024 // len(piece))
    started = time.process_time()
    redact_text(text)
    assert time.process_time() - started < 1


leaves = st.one_of(st.text(), st.integers(), st.binary(), st.floats(), st.none())
nested = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=9,
)


@given(nested)
def test_anything_can_be_masked_and_printed(value):
    json.dumps(redact(value))


def test_log_line_names_no_mail_address_but_its_domain():
    text = "the mail server refused ana.pop+x@client.example: 450 <ana.pop+x@client.example> later"
    told = redact_event(None, "info", {"error": text, "many": [{"to": "ionuț@țară.example"}]})
    assert "ana" not in str(told)
    assert told["error"].count(f"{MASK}@client.example") == 2
    assert told["many"] == [{"to": f"{MASK}@țară.example"}]
    # A person who asked gets it in the event.
    assert redact_text(text) == text
    identity = f"{'0a' * 16}@prima.example"
    assert redact_event(None, "info", {"mail_id": identity}) == {"mail_id": identity}
