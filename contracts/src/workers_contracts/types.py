"""Value types that check themselves, each with the rule's source."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

_CUI_WEIGHTS = (7, 5, 3, 2, 1, 7, 5, 3, 2)


def cui_is_valid(digits: str) -> bool:
    """Check the control digit of a Romanian fiscal code of 2 to 10 digits without ``RO``.

    Source: the published algorithm of the CUI; remainder 10 gives control digit 0.
    """
    if not (digits.isascii() and digits.isdigit() and 2 <= len(digits) <= 10):
        return False
    body = digits[:-1].zfill(9)
    control = sum(int(d) * w for d, w in zip(body, _CUI_WEIGHTS, strict=True)) * 10 % 11 % 10
    return control == int(digits[-1])


def normalise_cui(value: object) -> object:
    """Strip ``RO``, blanks and leading zeros: ``RO 012345674`` becomes ``12345674``."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return value
    return "".join(value.split()).upper().removeprefix("RO").lstrip("0")


def _check_cui(value: str) -> str:
    if not cui_is_valid(value):
        raise ValueError(
            "not a Romanian fiscal code: 2 to 10 digits with a right control digit, "
            "with or without RO"
        )
    return value


def iban_is_valid(value: str) -> bool:
    """Check the form and the check digits of an IBAN, with or without blanks.

    Source: ISO 13616; the number that it stands for leaves 1 when divided by 97.
    """
    compact = "".join(value.split()).upper()
    well_formed = 15 <= len(compact) <= 34 and compact.isascii() and compact.isalnum()
    if not well_formed or not compact[:2].isalpha() or not compact[2:4].isdigit():
        return False
    rearranged = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in rearranged)) % 97 == 1


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time must lie between the years 1 and 9999 in UTC") from None


Cui = Annotated[
    str,
    BeforeValidator(normalise_cui),
    AfterValidator(_check_cui),
    Field(description="Romanian fiscal code (CUI/CIF); RO in front and blanks are accepted."),
]
CountryCode = Annotated[
    str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2; EL for Greece in VIES.")
]
UtcDateTime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment with its zone, kept in UTC; a time without a zone is refused."""

Sha256 = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, lower-case hexadecimal.")
]


class Value(BaseModel):
    """Base of values inside messages; immutable."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class ArtifactRef(Value):
    """Where a large content lies (claim check): a message carries this, not the bytes."""

    model_config = ConfigDict(extra="forbid")

    uri: str = Field(
        min_length=1, description="file:// or s3:// address that the workers can read."
    )
    sha256: Sha256
    size: int = Field(ge=0, description="Length in bytes.")
    media_type: str = Field(min_length=3, description="For example application/xml.")
