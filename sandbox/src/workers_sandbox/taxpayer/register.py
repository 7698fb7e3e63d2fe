"""The register of invented companies. Every other fiscal code is not found."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from workers_sandbox.cui import is_valid


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company as the register knows it; dates are `yyyy-MM-dd`, empty when there is none.

    Text uses the cedilla letters Ş ş Ţ ţ, as ANAF's answers do.
    """

    cui: int
    name: str
    trade_register: str = ""
    registered: str = "2020-02-01"
    county: str = "MUNICIPIUL BUCUREŞTI"
    county_code: str = "40"
    plate: str = "B"
    city: str = "Sector 3 Mun. Bucureşti"
    city_code: str = "3"
    street: str = "Str. Exemplului"
    street_number: str = "1"
    # Leading zeros are lost at ANAF: 031000 is sent as 31000.
    post_code: str = "31000"
    activity: str = "6201"
    vat_from: str = ""
    vat_to: str = ""
    vat_before: tuple[tuple[str, str], ...] = ()
    """Earlier periods of VAT registration: first day and end of each."""
    inactive_from: str = ""
    reactivated: str = ""
    struck_off: str = ""
    vat_on_collection_from: str = ""
    vat_on_collection_to: str = ""
    split_vat_from: str = ""
    split_vat_to: str = ""
    e_factura_from: str = ""
    e_factura_to: str = ""
    enforcement: bool = False

    def is_vat_payer(self, day: str) -> bool:
        """Registered for VAT (art. 316) on that day."""
        return any(holds(start, end, day) for start, end in self.vat_periods())

    def vat_periods(self) -> list[tuple[str, str]]:
        """Every period of VAT registration, the earliest first."""
        now = ((self.vat_from, self.vat_to),) if self.vat_from else ()
        return [*((start, end) for start, end in self.vat_before), *now]

    def is_inactive(self, day: str) -> bool:
        """Declared inactive and not reactivated on that day."""
        return holds(self.inactive_from, self.reactivated, day)


def holds(start: str, end: str, day: str) -> bool:
    """Whether a day is within a span; an empty end is none."""
    return bool(start) and start <= day and (not end or day < end)


SEED = (
    Company(
        cui=12345674,
        name="FURNIZOR TEST SRL",
        trade_register="J40/1234/2020",
        vat_from="2020-03-01",
    ),
    Company(
        cui=87654329,
        name="CLIENT TEST SA",
        trade_register="J12/4321/2019",
        registered="2019-05-20",
        county="CLUJ",
        county_code="12",
        plate="CJ",
        city="Mun. Cluj-Napoca",
        city_code="2",
        street="Bd. Verificării",
        street_number="2",
        post_code="400001",
        activity="4690",
        vat_from="2019-06-01",
        vat_on_collection_from="2024-01-01",
        e_factura_from="2024-07-01",
    ),
    Company(
        cui=123456789,
        name="NEPLATITOR TEST SRL",
        trade_register="J2021000123456",
        county="TIMIŞ",
        county_code="35",
        plate="TM",
        city="Mun. Timişoara",
        city_code="1",
        street="Cal. Încercării",
        post_code="300001",
    ),
    Company(
        cui=91111118,
        name="INACTIV TEST SRL",
        trade_register="J40/1111/2018",
        registered="2018-01-15",
        vat_from="2018-02-01",
        vat_to="2024-09-01",
        inactive_from="2024-09-01",
    ),
    Company(
        cui=92222220,
        name="RADIAT TEST SRL",
        trade_register="J40/2222/2015",
        registered="2015-03-10",
        vat_from="2015-04-01",
        vat_to="2023-06-30",
        struck_off="2023-06-30",
    ),
    Company(
        cui=93333331,
        name="PERIOADA INCHISA TEST SRL",
        trade_register="J40/3333/2016",
        registered="2016-07-01",
        vat_from="2016-08-01",
        vat_to="2025-01-01",
        enforcement=True,
    ),
)
"""A fresh sandbox: two VAT payers, a non-payer, inactive, struck off, closed VAT period."""


class Register:
    """Companies by fiscal code."""

    def __init__(self) -> None:
        self._companies = {company.cui: company for company in SEED}

    def __iter__(self) -> Any:
        return iter(self._companies.values())

    def find(self, cui: int) -> Company | None:
        """The company of a code, if the register has it."""
        return self._companies.get(cui)

    def enforces(self, cif: str) -> bool:
        """Whether a code is in the register of enforcement bodies."""
        company = self.find(int(cif))
        return company is not None and company.enforcement

    def add(self, row: Mapping[str, Any]) -> Company:
        """Add or replace a company; ValueError names the wrong field."""
        known = {item.name: item.type for item in fields(Company)}
        if unknown := set(row) - set(known):
            able = ", ".join(known)
            raise ValueError(f"unknown field {', '.join(sorted(unknown))}; known: {able}")
        cui = row.get("cui")
        if not isinstance(cui, int) or not is_valid(str(cui)):
            raise ValueError("'cui' must be a number with a right control digit")
        if not isinstance(row.get("name"), str):
            raise ValueError("'name' must be text")  # noqa: TRY004 - one error for bad rows
        _check_dates(row)
        _check_spans(row.get("vat_before", []))
        self._companies[cui] = Company(**row)
        return self._companies[cui]


def _check_dates(row: Mapping[str, Any]) -> None:
    for name in (
        "registered",
        "struck_off",
        "reactivated",
        *(n for n in row if n.endswith(("_from", "_to"))),
    ):
        value = row.get(name)
        if value:
            try:
                date.fromisoformat(value)
            except (TypeError, ValueError) as error:
                raise ValueError(f"'{name}' must be yyyy-MM-dd") from error


def _check_spans(value: Any) -> None:
    try:
        for start, end in value:
            date.fromisoformat(start)
            date.fromisoformat(end)
    except (TypeError, ValueError) as error:
        raise ValueError("'vat_before' must be a list of pairs of yyyy-MM-dd") from error
