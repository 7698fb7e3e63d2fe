"""Value types: what they take, what they refuse, what they make of it."""

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from workers_contracts.types import ArtifactRef, Cui, UtcDateTime, cui_is_valid, iban_is_valid

CUI = TypeAdapter(Cui)
MOMENT = TypeAdapter(UtcDateTime)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
RIGHT = ["12345674", "87654329", "123456789", "19", "230", "8000000000"]
WRONG = ["12345678", "87654321", "1234", "18", "24", "1000000000"]


def control(body):
    weights = (7, 5, 3, 2, 1, 7, 5, 3, 2)
    remainder = sum(int(d) * w for d, w in zip(body.zfill(9), weights, strict=True)) * 10 % 11
    return "0" if remainder == 10 else str(remainder)


@pytest.mark.parametrize("digits", RIGHT)
def test_fiscal_code_with_right_control_digit_is_taken(digits):
    assert CUI.validate_python(digits) == digits


@pytest.mark.parametrize("digits", WRONG)
def test_fiscal_code_with_wrong_control_digit_is_refused(digits):
    with pytest.raises(ValidationError, match="control digit"):
        CUI.validate_python(digits)


@pytest.mark.parametrize(
    "written", ["RO12345674", "ro 12345674", " 12 345 674 ", "0012345674", "RO0012345674", 12345674]
)
def test_ways_of_writing_a_fiscal_code_are_made_one(written):
    assert CUI.validate_python(written) == "12345674"


@pytest.mark.parametrize(
    "value",
    ["", "RO", "0", "RORO19", "DE12345674", "12345674a", "١٩", "12345674000", True, 1.9, None],
)
def test_what_is_no_fiscal_code_is_refused(value):
    with pytest.raises(ValidationError):
        CUI.validate_python(value)


@given(st.integers(1, 999_999_999).map(str))
def test_one_control_digit_in_ten_fits(body):
    fitting = [digit for digit in "0123456789" if cui_is_valid(body + digit)]
    assert fitting == [control(body)]


@given(st.text(max_size=14))
def test_any_text_is_refused_or_becomes_a_valid_code(text):
    try:
        value = CUI.validate_python(text)
    except ValidationError:
        return
    assert cui_is_valid(value)
    assert not value.startswith("0")


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=11, max_size=30))
def test_account_with_computed_check_digits_is_taken(account):
    number = "".join(str(int(char, 36)) for char in f"{account}RO00")
    iban = f"RO{98 - int(number) % 97:02}{account}"
    assert iban_is_valid(f"{iban[:4].lower()} {iban[4:]}")


@given(st.text("0123456789", min_size=11, max_size=30), st.integers(0, 10), st.integers(1, 9))
def test_account_with_one_wrong_digit_is_refused(account, place, shift):
    number = "".join(str(int(char, 36)) for char in f"{account}RO00")
    iban = f"RO{98 - int(number) % 97:02}{account}"
    at = 4 + place
    broken = iban[:at] + str((int(iban[at]) + shift) % 10) + iban[at + 1 :]
    assert not iban_is_valid(broken)


@pytest.mark.parametrize(
    "text", ["", "RO", "49RO11112222333344", "RO4911112222!333344", "RO49", "ROXX"]
)
def test_malformed_account_is_refused(text):
    assert not iban_is_valid(text)


@given(st.datetimes(timezones=OFFSETS).filter(lambda moment: 1 < moment.year < 9999))
def test_moment_with_a_zone_is_kept_in_utc(moment):
    value = MOMENT.validate_python(moment)
    assert value == moment
    assert value.tzinfo is UTC
    assert MOMENT.validate_json(MOMENT.dump_json(value)) == value


@given(st.datetimes())
def test_moment_without_a_zone_is_refused(moment):
    for value in (moment, moment.isoformat()):
        with pytest.raises(ValidationError, match="timezone"):
            MOMENT.validate_python(value)


def test_artifact_reference_refuses_a_field_it_does_not_know():
    with pytest.raises(ValidationError, match="Extra inputs"):
        ArtifactRef(uri="file:///a", sha256="0" * 64, size=1, media_type="a/b", name="x")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_moment_that_has_no_utc_form_is_refused(text):
    with pytest.raises(ValidationError, match="between the years"):
        MOMENT.validate_python(text)
