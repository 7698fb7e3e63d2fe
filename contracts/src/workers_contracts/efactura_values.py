"""Values of an invoice in JSON: exact numbers, texts that XML can hold, parties and addresses."""

import re
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from .types import ArtifactRef, Value

MAX_FLOAT_DIGITS = 15
"""A number in JSON becomes binary in most programs, which keeps this many digits for certain."""
MAX_DIGITS = 24
_PLAIN = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?")
MAX_PLACES = 10


def _exact(value: object) -> object:
    """Make a Decimal of a JSON number or text, or say what is wrong with it."""
    if isinstance(value, str):
        if not _PLAIN.fullmatch(value.strip()):
            raise ValueError("not a number: digits with a decimal point, no blanks or separators")
        return Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("not a number: it is too large")
    exact = Decimal(repr(value))
    if isinstance(value, float) and len(exact.as_tuple().digits) > MAX_FLOAT_DIGITS:
        raise ValueError(
            f"a number of more than {MAX_FLOAT_DIGITS} digits may have lost some; "
            'write it as text, for example "1234.50"'
        )
    return exact


def _bounded(value: Decimal) -> Decimal:
    _, digits, exponent = value.as_tuple()
    places = -exponent if isinstance(exponent, int) else 0
    if len(digits) + max(0, -places) > MAX_DIGITS or places > MAX_DIGITS:
        raise ValueError(f"a number has at most {MAX_DIGITS} digits")
    if places > MAX_PLACES:
        raise ValueError(f"a number has at most {MAX_PLACES} decimals")
    return value


def _two_places(value: Decimal) -> Decimal:
    _, _, exponent = value.as_tuple()
    if isinstance(exponent, int) and exponent < -2 and value != round(value, 2):
        raise ValueError("an amount has at most two decimals")
    return value


def _printable(value: str) -> str:
    for char in value:
        if (char < " " and char not in "\t\n\r") or char in "\ufffe\uffff":
            raise ValueError(f"holds the control character U+{ord(char):04X}; take it out")
    return value


Number = Annotated[Decimal, BeforeValidator(_exact), AfterValidator(_bounded)]
"""A quantity, price or rate: a decimal as text or as a JSON number."""
Amount = Annotated[Number, AfterValidator(_two_places)]
"""An amount of money in the invoice currency, two decimals."""
Line = Annotated[str, AfterValidator(_printable)]
"""A text; blank counts as absent."""


class Part(Value):
    """Base of the parts of an invoice; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)


def optional(description: str, **more: Any) -> Any:
    """A field that may be left out; the description begins with its business term."""
    return Field(default=None, description=description, **more)


class Address(Part):
    """A postal address (BG-5, BG-8, BG-12, BG-15)."""

    street: Line | None = optional("BT-35, BT-50, BT-64, BT-75: street and number.")
    street_2: Line | None = optional("BT-36, BT-51, BT-65, BT-76: second line.")
    street_3: Line | None = optional("BT-162, BT-163, BT-164, BT-165: third line.")
    city: Line | None = optional(
        "BT-37, BT-52, BT-66, BT-77: city; in Bucharest SECTOR1 to SECTOR6, also 'Sector 3'."
    )
    post_code: Line | None = optional("BT-38, BT-53, BT-67, BT-78: post code.")
    county: Line | None = optional(
        "BT-39, BT-54, BT-68, BT-79: in Romania RO-CJ, CJ or Cluj; elsewhere the region."
    )
    country: str = Field(
        default="RO",
        pattern=r"^[A-Z0-9]{2}$",
        description="BT-40, BT-55, BT-69, BT-80: ISO 3166-1 code.",
    )


class Contact(Part):
    """A person or office to ask (BG-6, BG-9)."""

    name: Line | None = optional("BT-41, BT-56: name.")
    telephone: Line | None = optional("BT-42, BT-57: telephone number.")
    email: Line | None = optional("BT-43, BT-58: e-mail address.")


class Identifier(Part):
    """An identifier with the scheme that gave it."""

    value: Line = Field(description="The identifier.")
    scheme: Line | None = optional("Code of the scheme, for example 0160 (GTIN) or EM (e-mail).")


class Seller(Part):
    """The seller (BG-4)."""

    name: Line = Field(description="BT-27: registered name.")
    trading_name: Line | None = optional("BT-28: name by which it is known.")
    identifier: Identifier | None = optional("BT-29: another identifier.")
    legal_registration: Line | None = optional("BT-30: trade register number, J40/1234/2020.")
    vat_identifier: Line | None = optional(
        "BT-31: VAT identifier, RO12345674; leave out when not registered for VAT."
    )
    tax_registration: Line | None = optional(
        "BT-32: fiscal code of a seller that is not registered for VAT."
    )
    legal_information: Line | None = optional("BT-33: for example the share capital.")
    electronic_address: Identifier | None = optional("BT-34: address for electronic delivery.")
    address: Address = Field(description="BG-5: registered office.")
    contact: Contact | None = optional("BG-6: contact.")


class Buyer(Part):
    """The buyer (BG-7); a consumer has the CNP or thirteen zeros in legal_registration."""

    name: Line = Field(description="BT-44: registered name, or the person's name.")
    trading_name: Line | None = optional("BT-45: name by which it is known.")
    identifier: Identifier | None = optional("BT-46: another identifier.")
    legal_registration: Line | None = optional(
        "BT-47: trade register number; of a person the CNP or 0000000000000."
    )
    vat_identifier: Line | None = optional("BT-48: VAT identifier, with its country prefix.")
    tax_registration: Line | None = optional(
        "Fiscal code of a buyer that is not registered for VAT (no business term of its own)."
    )
    electronic_address: Identifier | None = optional("BT-49: address for electronic delivery.")
    address: Address = Field(description="BG-8: postal address.")
    contact: Contact | None = optional("BG-9: contact.")


class Payee(Part):
    """Who is paid, when it is not the seller (BG-10)."""

    name: Line = Field(description="BT-59: name.")
    identifier: Identifier | None = optional("BT-60: identifier.")
    legal_registration: Line | None = optional("BT-61: legal registration.")


class TaxRepresentative(Part):
    """The seller's tax representative (BG-11)."""

    name: Line = Field(description="BT-62: name.")
    vat_identifier: Line = Field(description="BT-63: VAT identifier.")
    address: Address = Field(description="BG-12: postal address.")


class Period(Part):
    """A span of days (BG-14, BG-26)."""

    start: date | None = optional("BT-73, BT-134: first day.")
    end: date | None = optional("BT-74, BT-135: last day.")


class Delivery(Part):
    """Where and when it was delivered (BG-13)."""

    name: Line | None = optional("BT-70: who received it.")
    location: Identifier | None = optional("BT-71: identifier of the place.")
    date_: date | None = Field(default=None, alias="date", description="BT-72: day of delivery.")
    address: Address | None = optional("BG-15: address.")


class Account(Part):
    """An account that is paid to (BG-17)."""

    identifier: Line = Field(description="BT-84: IBAN, or another account number.")
    name: Line | None = optional("BT-85: the account's name.")
    bic: Line | None = optional("BT-86: BIC of the bank.")


class Card(Part):
    """A payment card (BG-18)."""

    number: Line = Field(description="BT-87: at most the first six and last four digits.")
    holder: Line | None = optional("BT-88: the holder's name.")


class DirectDebit(Part):
    """A direct debit (BG-19)."""

    mandate: Line | None = optional("BT-89: reference of the mandate.")
    debited_account: Line | None = optional("BT-91: account that is debited.")


class Payment(Part):
    """How it is to be paid (BG-16)."""

    means: Line = Field(
        description="BT-81: code of UNCL 4461: 30 or 42 transfer, 10 cash, 48 card, 57 standing."
    )
    means_text: Line | None = optional("BT-82: the means in words.")
    remittance: Line | None = optional("BT-83: what the payer writes into the transfer.")
    accounts: tuple[Account, ...] = Field(
        default=(), max_length=20, description="BG-17: accounts to pay to."
    )
    card: Card | None = optional("BG-18: card.")
    direct_debit: DirectDebit | None = optional("BG-19: direct debit.")


class PrecedingInvoice(Part):
    """An earlier invoice that this one corrects, reverses or settles (BG-3)."""

    number: Line = Field(description="BT-25: number.")
    issue_date: date | None = optional("BT-26: issue date.")


class SupportingDocument(Part):
    """A document that goes with the invoice (BG-24)."""

    reference: Line = Field(description="BT-122: its number or name.")
    description: Line | None = optional("BT-123: what it is.")
    location: Line | None = optional("BT-124: address where it lies.")
    attachment: ArtifactRef | None = optional(
        "BT-125: the file, from the artifact store; pdf, png, jpeg, csv, xlsx or ods."
    )
    filename: Line | None = optional("BT-125-2: the file's name, needed with an attachment.")
