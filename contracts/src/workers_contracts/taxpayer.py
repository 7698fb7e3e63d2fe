"""Taxpayer look-up: is this fiscal code real, and what does the authority say of it?"""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from .base import Command, Event, Failed
from .types import CountryCode, UtcDateTime, Value


class ValidateTaxpayer(Command):
    """Look up a taxpayer: Romanian codes at ANAF, other EU VAT numbers at VIES."""

    key = "taxpayer.validate"
    tag: ClassVar[str] = "anaf.taxpayer"

    number: str = Field(
        min_length=2,
        max_length=20,
        description="Fiscal code or VAT number, with or without its country prefix.",
    )
    country: CountryCode = Field(default="RO", description="RO asks ANAF; other EU states VIES.")
    as_of: date | None = Field(
        default=None, description="Day the answer is about; today in Romania when absent."
    )


class VatPeriod(Value):
    """A span in which the taxpayer was registered for VAT."""

    start: date | None = None
    end: date | None = None


class Taxpayer(Value):
    """What the authority holds; texts use the comma-below letters ș and ț."""

    name: str
    address: str = ""
    county: str | None = Field(default=None, description="ISO 3166-2 code, for example RO-CJ.")
    city: str = ""
    postal_code: str = Field(default="", description="Six digits; the leading 0 is restored.")
    trade_register: str = Field(default="", description="Number in the trade register.")
    main_activity: str = Field(default="", description="CAEN code.")
    vat_registered: bool = Field(description="Registered for VAT (art. 316) on the day asked.")
    vat_periods: list[VatPeriod] = Field(default_factory=list)
    vat_on_collection: bool = False
    split_vat: bool = False
    inactive: bool = False
    struck_off: bool = False
    efactura_register: bool = Field(
        default=False,
        description="In the optional RO e-Factura register; false does not mean it cannot receive.",
    )
    registration_state: str = Field(default="", description="The authority's own words.")


class TaxpayerValidated(Event):
    """The look-up is done; the field valid says whether the number may be used."""

    key = "anaf.taxpayer.validated"
    subject_field = "number"

    number: str = Field(description="The number, normalised, without its country prefix.")
    country: CountryCode
    valid: bool = Field(description="True when the authority knows the number as active.")
    reason: (
        Literal["malformed", "check_digit", "not_found", "inactive", "struck_off", "not_registered"]
        | None
    ) = Field(default=None, description="Why it is not valid.")
    source: Literal["local", "anaf", "vies"] = Field(description="Who answered.")
    as_of: date = Field(description="Day the answer is about.")
    checked_at: UtcDateTime = Field(description="When the authority was asked, UTC.")
    taxpayer: Taxpayer | None = Field(default=None, description="Present when it was found.")


class TaxpayerFailed(Failed):
    """The look-up could not be done; nothing is known about the number."""

    key = "taxpayer.failed"
