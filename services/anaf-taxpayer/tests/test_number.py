"""Numbers before any call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_taxpayer.number import EU, Number, read
from workers_contracts.types import cui_is_valid

VALID = ["12345674", "87654329", "123456789", "19", "230", "8000000000"]
VALID += ["14399840", "1590082", "4264242", "27193515"]
WRONG = ["12345678", "87654321", "1234", "18", "24", "1000000000"]


@pytest.mark.parametrize("digits", VALID)
@pytest.mark.parametrize("form", ["{}", "RO{}", "RO {}", "ro.{}", " {} ", "00{}", "RO-0{}"])
def test_right_control_digit_in_every_way_of_writing(digits, form):
    assert read(form.format(digits), "RO", country_given=False) == Number("RO", digits)


@pytest.mark.parametrize("digits", WRONG)
def test_wrong_control_digit(digits):
    assert read(digits, "RO", country_given=True) == Number("RO", digits, "check_digit")


@pytest.mark.parametrize(
    "text",
    ["", "RO", "5", "12345678901", "1234567a", "１２３４５６７４", "12 345 674 x", "000", "RORO19"],
)
def test_what_is_no_romanian_number_is_malformed(text):
    assert read(text, "RO", country_given=False).problem == "malformed"


@pytest.mark.parametrize(
    ("text", "country", "given", "expected"),
    [
        ("DE123456788", "RO", False, Number("DE", "123456788")),
        ("de 123 456 788", "DE", True, Number("DE", "123456788")),
        ("123456788", "DE", True, Number("DE", "123456788")),
        ("123456789", "DE", True, Number("DE", "123456789", "check_digit")),
        ("ATU12345675", "RO", False, Number("AT", "U12345675")),
        ("GR123456783", "RO", False, Number("EL", "123456783")),
        ("EL123456783", "GR", True, Number("EL", "123456783")),
        ("123456783", "GR", True, Number("EL", "123456783")),
        ("HU12345676", "RO", False, Number("HU", "12345676")),
        # A country that was given is meant: a prefix of another one does not change it.
        ("DE123456788", "FR", True, Number("FR", "DE123456788", "check_digit")),
        ("DE123456788", "RO", True, Number("RO", "DE123456788", "malformed")),
        ("12345674", "US", True, Number("US", "12345674", "malformed")),
        ("GB123456782", "RO", False, Number("RO", "GB123456782", "malformed")),
    ],
)
def test_country_is_the_given_one_or_the_prefix(text, country, given, expected):
    assert read(text, country, country_given=given) == expected


def test_states_are_those_of_vies():
    assert len(EU) == 27
    assert {"EL", "XI"} <= EU
    assert not {"GR", "GB", "RO"} & EU


COUNTRIES = st.sampled_from([*sorted(EU), "RO", "GR", "GB", "US", "ZZ"])


@given(st.text(max_size=30), COUNTRIES, st.booleans())
def test_no_text_raises(text, country, given_):
    number = read(text, country, country_given=given_)
    assert number.problem in {None, "malformed", "check_digit"}
    if number.problem is None and number.country == "RO":
        assert cui_is_valid(number.digits)


@given(COUNTRIES, st.text("0123456789ABUXY+*", min_size=0, max_size=14), st.booleans())
def test_nothing_that_looks_like_a_number_raises(country, rest, given_):
    read(country + rest, country, country_given=given_)
    read(rest, country, country_given=given_)
    read(country + rest, "RO", country_given=False)


@given(st.integers(0, 999_999_999))
def test_every_body_has_exactly_one_control_digit(body):
    right = [
        digit
        for digit in range(10)
        if read(f"{body}{digit}", "RO", country_given=True).problem is None
    ]
    assert len(right) == (1 if body else 0)
