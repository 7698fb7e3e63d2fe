"""Numbers before any call: country, digits, control digit. No I/O."""

from dataclasses import dataclass
from typing import Literal

from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

from workers_contracts.types import cui_is_valid

_STATES = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT SE SI SK XI"
EU = frozenset(_STATES.split())
"""Member states as VIES calls them, beside RO; EL is Greece, XI is Northern Ireland."""


@dataclass(frozen=True)
class Number:
    """A number to look up, or the reason why not."""

    country: str
    digits: str
    """Without country prefix, blanks and leading zeros (Romania)."""
    problem: Literal["malformed", "check_digit"] | None = None


def read(text: str, country: str, *, country_given: bool) -> Number:
    """Read what a person wrote: ``RO 12345674``, ``12345674``, ``DE123456788``.

    Args:
        text: the number, with or without its country prefix.
        country: the command's country.
        country_given: False when it is only the default; then a prefix decides.
    """
    compact = "".join(char for char in text.upper() if char not in " .-\t")
    country = "EL" if country == "GR" else country
    prefix = "EL" if compact[:2] == "GR" else compact[:2]
    if prefix == country or (prefix in EU and not country_given):
        country, compact = prefix, compact[2:]
    return _romanian(compact) if country == "RO" else _european(country, compact)


def _romanian(compact: str) -> Number:
    digits = compact.lstrip("0")
    if not (digits.isascii() and digits.isdigit() and 2 <= len(digits) <= 10):
        return Number("RO", compact, "malformed")
    return Number("RO", digits, None if cui_is_valid(digits) else "check_digit")


def _european(country: str, compact: str) -> Number:
    if country not in EU or not (
        compact.isascii() and compact.isalnum() and 2 <= len(compact) <= 12
    ):
        return Number(country, compact, "malformed")
    try:
        eu_vat.validate(f"{country}{compact}")
    except ValidationError as error:
        checksum = type(error).__name__ == "InvalidChecksum"
        return Number(country, compact, "check_digit" if checksum else "malformed")
    return Number(country, compact)
