"""Codes, countries, identifiers and fiscal codes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_efactura.invoice import Severity, check, is_cui
from anaf_efactura.invoice.codes import COUNTIES, COUNTRIES, KNOWN_WRONG_UNITS, VATEX

SELLER = "cac:AccountingSupplierParty/cac:Party"
BUYER = "cac:AccountingCustomerParty/cac:Party"


@pytest.mark.parametrize(
    "code",
    [
        "12345674", "87654329", "123456789", "19", "230", "8000000000", "14399840", "1590082",
        "4264242", "27193515", "RO12345674", "ro 12345674", " 12345674 ", "0012345674",
    ],
)  # fmt: skip
def test_right_fiscal_codes(code: str):
    assert is_cui(code)


@pytest.mark.parametrize(
    "code",
    ["12345678", "87654321", "1234", "18", "24", "1000000000", "", "RO", "1", "0", "00",
     "12345674000", "1234567a", "J40/1234/2020", "١٢٣٤٥٦٧٤", "RORO12345674"],
)  # fmt: skip
def test_wrong_fiscal_codes(code: str):
    assert not is_cui(code)


@given(st.integers(1, 999_999_999))
def test_one_control_digit_of_ten_is_right(body: int):
    assert sum(is_cui(f"{body}{digit}") for digit in range(10)) == 1


@given(st.text(max_size=30))
def test_any_text_is_judged(text: str):
    assert is_cui(text) in {True, False}


@pytest.mark.parametrize(("party", "term"), [(SELLER, "BT-31"), (BUYER, "BT-48")])
def test_a_wrong_control_digit_is_found(invoice, edit, only, party: str, term: str):
    edit.set(invoice, f"{party}/cac:PartyTaxScheme/cbc:CompanyID", "RO12345678")
    finding = only(invoice)
    assert (finding.rule, finding.term, finding.severity) == ("WRK-CUI", term, Severity.ERROR)
    assert "12345678" not in finding.message


def test_a_seller_outside_vat_is_checked_too(invoice: Any, edit: Any, errors: Any):
    edit.set(invoice, f"{SELLER}/cac:PartyTaxScheme/cac:TaxScheme/cbc:ID", "FC")
    edit.set(invoice, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID", "12345674")
    assert errors(invoice) == set()
    edit.set(invoice, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID", "12345675")
    assert errors(invoice) == {"WRK-CUI"}


def test_foreign_codes_are_not_judged(invoice: Any, edit: Any, errors: Any):
    edit.set(invoice, f"{BUYER}/cac:PartyTaxScheme/cbc:CompanyID", "DE123")
    assert errors(invoice) == set()
    edit.set(invoice, f"{BUYER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode", "DE")
    edit.set(invoice, f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID", "12345678")
    assert check(invoice) == []


@pytest.mark.parametrize(
    ("code", "warned"),
    [
        ("0" * 13, False),
        ("1800101221144", False),
        ("1800101221145", True),
        ("12345674", False),
        ("12345678", True),
        ("J12/4321/2019", False),
        ("J1993016655403", False),
    ],
)
def test_the_legal_id_of_a_buyer_is_judged_by_its_form(invoice, edit, code: str, warned: bool):
    edit.set(invoice, f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID", code)
    found = check(invoice)
    assert [item.severity for item in found] == ([Severity.WARNING] if warned else [])
    assert all(code not in item.message for item in found)


@pytest.mark.parametrize("county", sorted(COUNTIES - {"RO-B"}))
def test_every_county_is_accepted(invoice: Any, edit: Any, errors: Any, county: str):
    edit.set(invoice, f"{BUYER}//cbc:CountrySubentity", county)
    assert errors(invoice) == set()


@pytest.mark.parametrize("sector", [f"SECTOR{number}" for number in range(1, 7)])
def test_every_sector_is_accepted(invoice: Any, edit: Any, errors: Any, sector: str):
    edit.set(invoice, f"{SELLER}//cbc:CityName", sector)
    assert errors(invoice) == set()


@pytest.mark.parametrize(
    "city", ["SECTOR7", "SECTOR0", "Sector1", "SECTOR 1", "București", "SECTOR"]
)
def test_other_names_of_sectors_are_refused(invoice: Any, edit: Any, errors: Any, city: str):
    edit.set(invoice, f"{SELLER}//cbc:CityName", city)
    assert errors(invoice) == {"BR-RO-100"}


@pytest.mark.parametrize(
    ("address", "county", "sector"),
    [
        ("cac:TaxRepresentativeParty/cac:PostalAddress", "BR-RO-170", "BR-RO-160"),
        ("cac:Delivery/cac:DeliveryLocation/cac:Address", "BR-RO-212", "BR-RO-202"),
    ],
)
def test_other_addresses_follow_the_same_rule(full, edit, errors, address, county, sector):
    edit.set(full, f"{address}/cbc:CountrySubentity", "Bihor")
    assert errors(full) == {county}
    edit.set(full, f"{address}/cbc:CountrySubentity", "RO-B")
    edit.set(full, f"{address}/cbc:CityName", "București")
    assert errors(full) == {sector}


def test_counties_are_asked_of_romanian_addresses_only(invoice: Any, edit: Any, errors: Any):
    edit.set(invoice, f"{BUYER}//cbc:CountrySubentity", "BY")
    edit.set(invoice, f"{BUYER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode", "DE")
    assert errors(invoice) == set()


@pytest.mark.parametrize("code", ["R0", "ro", "ROU", "UK", "XX"])
def test_countries_are_of_iso_3166(full: Any, edit: Any, errors: Any, code: str):
    edit.set(full, f"{BUYER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode", code)
    assert "BR-CL-14" in errors(full)
    edit.set(full, "//cac:OriginCountry/cbc:IdentificationCode", code)
    assert "BR-CL-15" in errors(full)


def test_the_lists_have_the_sizes_of_the_package():
    assert (len(COUNTIES), len(COUNTRIES), len(VATEX)) == (42, 251, 57)
    assert {"1A", "XI", "RO"} <= COUNTRIES
    assert {"VATEX-EU-143-1FA", "VATEX-EU-151-1AA", "VATEX-EU-132-1Q"} <= VATEX


@pytest.mark.parametrize("prefix", ["RO", "DE", "EL", "XI"])
def test_vat_prefixes(invoice: Any, edit: Any, errors: Any, prefix: str):
    edit.set(invoice, f"{BUYER}/cac:PartyTaxScheme/cbc:CompanyID", f"{prefix}87654329")
    assert errors(invoice) == set()


@pytest.mark.parametrize("value", ["87654329", "ro87654329", "R087654329", ""])
def test_vat_ids_without_a_prefix(invoice: Any, edit: Any, errors: Any, value: str):
    edit.set(invoice, f"{BUYER}/cac:PartyTaxScheme/cbc:CompanyID", value)
    assert "BR-CO-09" in errors(invoice)


def test_a_seller_without_any_identifier(invoice: Any, edit: Any, errors: Any):
    edit.drop(invoice, f"{SELLER}/cac:PartyTaxScheme")
    edit.drop(invoice, f"{SELLER}/cac:PartyLegalEntity/cbc:CompanyID")
    assert errors(invoice) == {"BR-CO-26", "BR-S-02", "BR-RO-065"}


@pytest.mark.parametrize("unit", ["buc", "PCE", "BUC", "KG", "ora", "kgm", "", "ABCD", "X", "H 7"])
def test_wrong_units(invoice: Any, edit: Any, unit: str):
    edit.set(invoice, "cac:InvoiceLine[1]/cbc:InvoicedQuantity @unitCode", unit)
    found = {item.rule: item for item in check(invoice)}
    assert "BR-CL-23" in found
    better = KNOWN_WRONG_UNITS.get(unit.upper())
    assert better is None or better in found["BR-CL-23"].message


@pytest.mark.parametrize(
    "unit", ["H87", "C62", "XPP", "KGM", "LTR", "MTR", "HUR", "DAY", "E48", "28"]
)
def test_right_units(invoice: Any, edit: Any, errors: Any, unit: str):
    edit.set(invoice, "cac:InvoiceLine[1]/cbc:InvoicedQuantity @unitCode", unit)
    assert errors(invoice) == set()


@pytest.mark.parametrize(
    ("path", "bad", "rule"),
    [
        ("cac:PaymentMeans/cbc:PaymentMeansCode", "71", "BR-CL-16"),
        ("cac:PaymentMeans/cbc:PaymentMeansCode", "OP", "BR-CL-16"),
        ("cac:TaxTotal/cac:TaxSubtotal[1]/cac:TaxCategory/cbc:ID", "X", "BR-CL-17"),
        ("cac:AllowanceCharge[1]/cac:TaxCategory/cbc:ID", "s", "BR-CL-17"),
        ("cac:InvoiceLine[1]//cac:ClassifiedTaxCategory/cbc:ID", "TVA", "BR-CL-18"),
        ("cac:AllowanceCharge[1]/cbc:AllowanceChargeReasonCode", "99", "BR-CL-19"),
        ("//cbc:TaxExemptionReasonCode", "VATEX-EU-999", "BR-CL-22"),
        ("//cbc:TaxExemptionReasonCode", "", "BR-CL-22"),
        ("//cbc:EmbeddedDocumentBinaryObject @mimeCode", "application/zip", "BR-CL-24"),
        ("//cbc:EmbeddedDocumentBinaryObject @mimeCode", "", "UBL-DT-06"),
        ("//cbc:EmbeddedDocumentBinaryObject @filename", " ", "UBL-DT-07"),
    ],
)
def test_codes_outside_their_list(full, edit, errors, path: str, bad: str, rule: str):
    edit.set(full, path, bad)
    assert rule in errors(full)


@pytest.mark.parametrize("code", ["vatex-eu-132", "VATEX-EU-AE"])
def test_exemption_codes_in_any_letter_case(full: Any, edit: Any, errors: Any, code: str):
    edit.set(full, "//cbc:TaxExemptionReasonCode", code)
    assert errors(full) == set()


@pytest.mark.parametrize(
    ("path", "rule"),
    [("cac:InvoicePeriod", "BR-29"), ("cac:InvoiceLine/cac:InvoicePeriod", "BR-30")],
)
def test_periods_run_forward(full: Any, edit: Any, errors: Any, path: str, rule: str):
    edit.set(full, f"{path}/cbc:EndDate", "2026-08-31")
    assert errors(full) == {rule}


@pytest.mark.parametrize(
    ("path", "rule"),
    [("cac:InvoicePeriod", "BR-CO-19"), ("cac:InvoiceLine/cac:InvoicePeriod", "BR-CO-20")],
)
def test_periods_are_not_empty(full: Any, edit: Any, errors: Any, path: str, rule: str):
    edit.drop(full, f"{path}/*")
    assert errors(full) == {rule}


def test_vat_date_and_its_code_exclude_each_other(full: Any, edit: Any, errors: Any):
    edit.after(full, "cbc:Note", "<cbc:TaxPointDate>2026-10-05</cbc:TaxPointDate>")
    assert errors(full) == {"BR-CO-03"}


@pytest.mark.parametrize("code", ["3", "35", "432"])
def test_codes_of_the_vat_date(full: Any, edit: Any, errors: Any, code: str):
    edit.set(full, "cac:InvoicePeriod/cbc:DescriptionCode", code)
    assert errors(full) == set()
