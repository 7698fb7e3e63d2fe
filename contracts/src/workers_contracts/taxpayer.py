"""Taxpayer look-up: is this fiscal code real, and what does the authority say of it?"""

from datetime import date
from typing import Annotated, ClassVar, Literal

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
        default=None,
        description="Day the answer is about; today in Romania when absent. VIES answers for today "
        "only, and nobody for a day to come.",
    )
    max_age: int | None = Field(
        default=None,
        ge=0,
        description="Oldest answer that will do, in seconds since the authority was asked; 0 asks "
        "it now. Given, no older answer is used during an outage either: the command waits.",
    )
    with_efactura_register: bool = Field(
        default=False,
        description="Ask ANAF's register of RO e-Factura too (Romanian codes only).",
    )


class ValidateTaxpayers(Command):
    """Look up many taxpayers at once; one event answers for all of them."""

    key = "taxpayer.validate_batch"
    tag: ClassVar[str] = "anaf.taxpayer"
    verb = "batch"
    follow_up = False

    numbers: list[Annotated[str, Field(min_length=2, max_length=20)]] = Field(
        min_length=1,
        max_length=500,
        description="Fiscal codes or VAT numbers, with or without their country prefix.",
    )
    as_of: date | None = Field(
        default=None, description="Day the answers are about; today in Romania when absent."
    )
    max_age: int | None = Field(
        default=None, ge=0, description="Oldest answer that will do, as in taxpayer.validate."
    )
    with_efactura_register: bool = Field(
        default=False, description="Ask ANAF's register of RO e-Factura too."
    )


class VatPeriod(Value):
    """A span in which the taxpayer was registered for VAT."""

    start: date | None = None
    end: date | None = None
    cancelled_on: date | None = Field(
        default=None, description="Day on which ANAF cancelled the registration."
    )
    note: str = Field(default="", description="ANAF's words on the period.")


class Period(Value):
    """A span in which something held; without an end it still does."""

    start: date | None = Field(default=None, description="First day.")
    end: date | None = Field(default=None, description="Day on which it ended.")


class EfacturaRegistration(Value):
    """What ANAF's register of RO e-Factura holds; false does not mean it cannot receive."""

    registered: bool = Field(description="In the register on the day asked.")
    since: date | None = Field(default=None, description="Day of the entry.")
    until: date | None = Field(default=None, description="Day it gave up or was struck off.")
    b2g_since: date | None = Field(
        default=None, description="Day from which it opted for invoices to authorities."
    )
    register_name: str = Field(default="", description="Which register, in ANAF's words.")
    category: str = Field(default="", description="Category, in ANAF's words.")
    state: str = Field(default="", description="State, in ANAF's words.")


class Consultation(Value):
    """The EU's proof that a number was looked up on a day, for somebody."""

    identifier: str = Field(min_length=1, description="VIES's number of the consultation.")
    requester: str = Field(description="VAT number on whose behalf it was asked.")
    requested_on: date | None = Field(default=None, description="Day, as VIES says it.")


class Staleness(Value):
    """Why an older answer is given: the authority could not be asked now."""

    code: str = Field(description="Error code, as in the error reference.")
    message: str = Field(description="What went wrong when it was asked.")


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
    vat_on_collection: bool = Field(default=False, description="On the day asked.")
    vat_on_collection_periods: list[Period] = Field(default_factory=list)
    split_vat: bool = Field(default=False, description="On the day asked.")
    split_vat_periods: list[Period] = Field(default_factory=list)
    inactive: bool = Field(default=False, description="Declared inactive on the day asked.")
    inactive_periods: list[Period] = Field(default_factory=list)
    struck_off: bool = Field(default=False, description="Struck off on the day asked.")
    struck_off_on: date | None = Field(default=None, description="Day it was struck off.")
    registered_on: date | None = Field(default=None, description="Day of its registration.")
    efactura_register: bool = Field(
        default=False,
        description="In the optional RO e-Factura register; false does not mean it cannot receive.",
    )
    efactura_registered_on: date | None = Field(
        default=None, description="Day it entered that register."
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
    efactura_registration: EfacturaRegistration | None = Field(
        default=None, description="Present when it was asked for."
    )
    consultation: Consultation | None = Field(
        default=None, description="VIES's proof; only with a requester in the worker's settings."
    )
    stale: bool = Field(
        default=False,
        description="The authority could not be asked; this is what it said at checked_at.",
    )
    stale_because: Staleness | None = Field(default=None, description="Present when stale.")


class TaxpayerResult(Value):
    """What is known of one number of many; `taxpayer.validate` tells more."""

    asked: str = Field(description="The number as it was given.")
    number: str = Field(description="The number, normalised, without its country prefix.")
    country: CountryCode
    valid: bool | None = Field(
        description="Whether the number may be used; null when nobody could be asked."
    )
    reason: (
        Literal["malformed", "check_digit", "not_found", "inactive", "struck_off", "not_registered"]
        | None
    ) = Field(default=None, description="Why it is not valid.")
    error: str | None = Field(
        default=None,
        description="Error code of the authority that could not be asked: ask again later. With "
        "stale, an older answer stands in.",
    )
    stale: bool = Field(default=False, description="The authority's answer of checked_at.")
    as_of: date = Field(description="Day the answer is about.")
    checked_at: UtcDateTime | None = Field(
        default=None, description="When the authority was asked, UTC."
    )
    name: str = Field(default="", description="At most 160 bytes of it.")
    vat_registered: bool | None = None
    vat_on_collection: bool | None = None
    split_vat: bool | None = None
    efactura_registered: bool | None = Field(
        default=None, description="In the register of RO e-Factura, when that was asked."
    )


class TaxpayersValidated(Event):
    """The look-up of many numbers is done; each number that was given has its result."""

    key = "anaf.taxpayer.batch_validated"

    results: list[TaxpayerResult] = Field(description="In the order of the command's numbers.")
    valid_count: int = Field(ge=0)
    invalid_count: int = Field(ge=0)
    unanswered_count: int = Field(ge=0, description="Numbers about which nobody could be asked.")


class TaxpayerFailed(Failed):
    """The look-up could not be done; nothing is known about the number."""

    key = "taxpayer.failed"
