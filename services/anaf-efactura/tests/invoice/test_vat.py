"""The VAT families: the ten questions for each category."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from anaf_efactura.invoice import Severity, check
from anaf_efactura.invoice.vat_families import FAMILIES, Identified, Rate

SELLER = "cac:AccountingSupplierParty/cac:Party"
BUYER = "cac:AccountingCustomerParty/cac:Party"
LINE = "cac:InvoiceLine/cac:Item/cac:ClassifiedTaxCategory"
GROUP = "cac:TaxTotal/cac:TaxSubtotal"
CATEGORY = f"{GROUP}/cac:TaxCategory"
TOTALS = "cac:LegalMonetaryTotal"
EXEMPT = sorted(set(FAMILIES) - {"S", "L", "M", "O"})
DELIVERED = (
    "<cac:Delivery><cbc:ActualDeliveryDate>2026-10-02</cbc:ActualDeliveryDate>"
    "<cac:DeliveryLocation><cac:Address><cbc:StreetName>s</cbc:StreetName>"
    "<cbc:CityName>Wien</cbc:CityName><cbc:CountrySubentity>W</cbc:CountrySubentity>"
    "<cac:Country><cbc:IdentificationCode>AT</cbc:IdentificationCode></cac:Country>"
    "</cac:Address></cac:DeliveryLocation></cac:Delivery>"
)
ADJUSTMENT = (
    "<cac:AllowanceCharge><cbc:ChargeIndicator>{}</cbc:ChargeIndicator>"
    "<cbc:AllowanceChargeReason>r</cbc:AllowanceChargeReason>"
    '<cbc:Amount currencyID="RON">0.00</cbc:Amount><cac:TaxCategory><cbc:ID>{}</cbc:ID>'
    "<cbc:Percent>{}</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
    "</cac:TaxCategory></cac:AllowanceCharge>"
)


@pytest.fixture
def of(invoice: Any, edit: Any):
    """The invoice with all of it in one category, valid."""

    def make(code: str) -> Any:
        family = FAMILIES[code]
        edit.drop(invoice, f"{GROUP}[2]")
        edit.set(invoice, f"{LINE}/cbc:ID | {CATEGORY}/cbc:ID", code)
        edit.set(invoice, f"{GROUP}/cbc:TaxableAmount", "228.00")
        taxed = family.by_rate
        tax, gross = ("47.88", "275.88") if taxed else ("0.00", "228.00")
        edit.set(invoice, "cac:TaxTotal//cbc:TaxAmount", tax)
        edit.set(invoice, f"{TOTALS}/cbc:TaxInclusiveAmount", gross)
        edit.set(invoice, f"{TOTALS}/cbc:PayableAmount", gross)
        edit.set(invoice, "//cbc:Percent", "21.00" if taxed else "0")
        if family.rate is Rate.NONE:
            edit.drop(invoice, "//cbc:Percent")
            for party, bare in ((SELLER, "12345674"), (BUYER, "87654329")):
                edit.set(invoice, f"{party}/cac:PartyTaxScheme/cbc:CompanyID", bare)
                edit.set(invoice, f"{party}/cac:PartyTaxScheme/cac:TaxScheme/cbc:ID", "FC")
        if family.reason:
            reason = "<cbc:TaxExemptionReason>motiv</cbc:TaxExemptionReason>"
            edit.before(invoice, f"{CATEGORY}/cac:TaxScheme", reason)
        if code == "K":
            edit.before(invoice, "cac:TaxTotal", DELIVERED)
        return invoice

    return make


@pytest.mark.parametrize("code", FAMILIES)
def test_each_category_has_a_valid_form(of: Any, code: str):
    assert check(of(code)) == []


@pytest.mark.parametrize("code", FAMILIES)
def test_01_a_used_category_is_in_the_breakdown(of: Any, edit: Any, errors: Any, code: str):
    root = of(code)
    other = "S" if code != "S" else "Z"
    edit.set(root, f"{CATEGORY}/cbc:ID", other)
    assert f"{FAMILIES[code].prefix}-01" in errors(root)


@pytest.mark.parametrize("code", FAMILIES)
def test_01_a_category_in_the_breakdown_is_used_or_single(of, edit, errors, code: str):
    root = of(code)
    if FAMILIES[code].by_rate:
        edit.set(root, f"{LINE}/cbc:ID", "Z" if code != "Z" else "S")
    else:
        group = edit.one(root, GROUP)
        group.addnext(copy.deepcopy(group))
    assert f"{FAMILIES[code].prefix}-01" in errors(root)


@pytest.mark.parametrize("code", FAMILIES)
def test_02_to_04_the_parties_are_identified_as_the_category_asks(of, edit, errors, code: str):
    family = FAMILIES[code]
    root = of(code)
    for indicator in ("false", "true"):
        edit.before(root, "cac:TaxTotal", ADJUSTMENT.format(indicator, code, "21"))
    rules = {f"{family.prefix}-{number}" for number in ("02", "03", "04")}
    assert not rules & errors(root)
    if family.identified is Identified.NOBODY:
        edit.set(root, f"{SELLER}/cac:PartyTaxScheme/cac:TaxScheme/cbc:ID", "VAT")
        edit.set(root, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID", "RO12345674")
    else:
        edit.drop(root, f"{SELLER}/cac:PartyTaxScheme")
    assert rules <= errors(root)


@pytest.mark.parametrize(
    ("code", "path", "missing"),
    [
        ("AE", f"{BUYER}/cac:PartyTaxScheme", False),
        ("AE", f"{BUYER}/cac:PartyTaxScheme | {BUYER}//cac:PartyLegalEntity/cbc:CompanyID", True),
        ("K", f"{BUYER}/cac:PartyTaxScheme", True),
        ("G", f"{BUYER}/cac:PartyTaxScheme", False),
        ("S", f"{BUYER}/cac:PartyTaxScheme", False),
    ],
)
def test_02_the_buyer_is_identified_where_asked(of, edit, errors, code, path, missing):
    root = of(code)
    edit.drop(root, path)
    assert (f"{FAMILIES[code].prefix}-02" in errors(root)) is missing


@pytest.mark.parametrize(
    ("code", "enough"), [("S", True), ("AE", True), ("G", False), ("K", False)]
)
def test_02_a_tax_number_without_vat_scheme_is_enough_for_some(of, edit, errors, code, enough):
    root = of(code)
    edit.set(root, f"{SELLER}/cac:PartyTaxScheme/cac:TaxScheme/cbc:ID", "FC")
    edit.set(root, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID", "12345674")
    assert (f"{FAMILIES[code].prefix}-02" not in errors(root)) is enough


@pytest.mark.parametrize("code", FAMILIES)
def test_02_a_tax_representative_stands_for_the_seller(of, edit, errors, code: str):
    root = of(code)
    edit.drop(root, f"{SELLER}/cac:PartyTaxScheme")
    edit.after(
        root,
        "cac:AccountingCustomerParty",
        "<cac:TaxRepresentativeParty><cac:PartyTaxScheme><cbc:CompanyID>RO123456789"
        "</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
        "</cac:PartyTaxScheme></cac:TaxRepresentativeParty>",
    )
    forbidden = FAMILIES[code].identified is Identified.NOBODY
    assert (f"{FAMILIES[code].prefix}-02" in errors(root)) is forbidden


BAD_RATES = {
    Rate.POSITIVE: ["0", "-1", "", "x", None],
    Rate.ZERO: ["21", "-1", "", "0.5", None],
    Rate.ANY: ["-1", "", None],
    Rate.NONE: ["0", "21", ""],
}


@pytest.mark.parametrize(
    ("code", "rate"), [(code, bad) for code in FAMILIES for bad in BAD_RATES[FAMILIES[code].rate]]
)
@pytest.mark.parametrize("place", ["05", "06", "07"])
def test_05_to_07_the_rate_is_the_categorys(of, edit, errors, code, rate, place):
    root = of(code)
    if place == "05":
        category = f"{LINE}[1]"
    else:
        indicator = "false" if place == "06" else "true"
        edit.before(root, "cac:TaxTotal", ADJUSTMENT.format(indicator, code, "21"))
        category = "cac:AllowanceCharge/cac:TaxCategory"
    if not root.xpath(f"{category}/cbc:Percent", namespaces=edit.names):
        edit.after(root, f"{category}/cbc:ID", "<cbc:Percent>0</cbc:Percent>")
    if rate is None:
        edit.drop(root, f"{category}/cbc:Percent")
    else:
        edit.set(root, f"{category}/cbc:Percent", rate)
    assert f"{FAMILIES[code].prefix}-{place}" in errors(root)


@pytest.mark.parametrize("code", FAMILIES)
@pytest.mark.parametrize(
    ("base", "off"), [("227.99", "0.01"), ("228.99", "0.99"), ("229.00", "1.00")]
)
def test_08_the_base_is_the_sum_of_its_lines(of, edit, errors, code: str, base: str, off: str):
    root = of(code)
    edit.set(root, f"{GROUP}/cbc:TaxableAmount", base)
    allowed = FAMILIES[code].by_rate and float(off) < 1
    assert (f"{FAMILIES[code].prefix}-08" not in errors(root)) is allowed


def test_08_charges_and_deductions_belong_to_the_base(full: Any, edit: Any, errors: Any):
    for position, amount in ((1, "11.00"), (2, "21.00")):
        path = f"cac:AllowanceCharge[{position}]/cbc:Amount"
        before = edit.one(full, path).text
        edit.set(full, path, amount)
        assert "BR-S-08" in errors(full)
        edit.set(full, path, before)


def test_08_each_rate_has_its_own_base(invoice: Any, edit: Any, errors: Any):
    edit.set(invoice, f"{LINE}[cbc:Percent='11.00']/cbc:Percent", "21")
    assert "BR-S-08" in errors(invoice)


@pytest.mark.parametrize("code", [*EXEMPT, "O"])
def test_09_no_tax_where_there_is_none(of: Any, edit: Any, errors: Any, code: str):
    root = of(code)
    edit.set(root, f"{GROUP}/cbc:TaxAmount", "0.01")
    assert f"{FAMILIES[code].prefix}-09" in errors(root)


@pytest.mark.parametrize("code", ["S", "L", "M"])
@pytest.mark.parametrize(
    ("tax", "allowed"), [("46.89", True), ("48.87", True), ("46.88", False), ("48.88", False)]
)
def test_09_tax_is_less_than_one_off(of, edit, errors, code: str, tax: str, allowed: bool):
    root = of(code)
    edit.set(root, f"{GROUP}/cbc:TaxAmount", tax)
    rules = {f"{FAMILIES[code].prefix}-09", "BR-CO-17"}
    assert (not rules & errors(root)) is allowed
    assert allowed or rules <= errors(root)


def test_09_a_tax_of_the_other_sign_is_a_warning(invoice: Any, edit: Any):
    edit.set(invoice, f"{GROUP}[1]/cbc:TaxAmount", "-42.00")
    found = {item.rule: item.severity for item in check(invoice)}
    assert found["WRK-VAT-SIGN"] is Severity.WARNING


@pytest.mark.parametrize("code", FAMILIES)
def test_10_the_exemption_reason(of: Any, edit: Any, errors: Any, code: str):
    root = of(code)
    family = FAMILIES[code]
    vatex = "<cbc:TaxExemptionReasonCode>VATEX-EU-AE</cbc:TaxExemptionReasonCode>"
    if family.reason:
        edit.drop(root, f"{CATEGORY}/cbc:TaxExemptionReason")
        assert f"{family.prefix}-10" in errors(root)
    edit.before(root, f"{CATEGORY}/cac:TaxScheme", vatex)
    assert (f"{family.prefix}-10" in errors(root)) is not family.reason


@pytest.mark.parametrize(
    ("path", "rule"), [(CATEGORY, "BR-O-11"), (f"{LINE}", "BR-O-12")], ids=["breakdown", "lines"]
)
def test_not_subject_stands_alone(of: Any, edit: Any, errors: Any, path: str, rule: str):
    root = of("O")
    if rule == "BR-O-11":
        group = edit.one(root, GROUP)
        group.addnext(copy.deepcopy(group))
        edit.set(root, f"{GROUP}[2]/cac:TaxCategory/cbc:ID", "Z")
    else:
        edit.set(root, "cac:InvoiceLine[2]/cac:Item/cac:ClassifiedTaxCategory/cbc:ID", "Z")
    assert rule in errors(root)


@pytest.mark.parametrize(("indicator", "rule"), [("false", "BR-O-13"), ("true", "BR-O-14")])
def test_not_subject_has_no_other_adjustments(of, edit, errors, indicator: str, rule: str):
    root = of("O")
    edit.before(root, "cac:TaxTotal", ADJUSTMENT.format(indicator, "Z", "0"))
    assert rule in errors(root)


def test_intra_community_supplies_say_when_and_where(of: Any, edit: Any, errors: Any):
    root = of("K")
    edit.drop(root, "cac:Delivery/cbc:ActualDeliveryDate")
    assert "BR-IC-11" in errors(root)
    period = "<cac:InvoicePeriod><cbc:StartDate>2026-10-01</cbc:StartDate></cac:InvoicePeriod>"
    edit.after(root, "cbc:DocumentCurrencyCode", period)
    assert "BR-IC-11" not in errors(root)
    edit.drop(root, "cac:Delivery")
    assert "BR-IC-12" in errors(root)


def test_italys_category_is_refused_in_romania(invoice: Any, edit: Any, errors: Any):
    edit.set(invoice, "cac:InvoiceLine[2]//cac:ClassifiedTaxCategory/cbc:ID", "B")
    assert {"BR-B-01", "BR-B-02"} <= errors(invoice)


def test_a_breakdown_without_rate_is_found(invoice: Any, edit: Any, errors: Any):
    edit.drop(invoice, f"{GROUP}[1]/cac:TaxCategory/cbc:Percent")
    assert {"BR-48", "BR-CO-17"} <= errors(invoice)


@pytest.mark.parametrize("rate", ["21", "11", "19", "9", "5"])
def test_any_positive_rate_is_a_standard_rate(of: Any, edit: Any, errors: Any, rate: str):
    """Which rates are in force depends on the day of delivery: it is not judged here."""
    root = of("S")
    edit.set(root, "//cbc:Percent", rate)
    tax = f"{228 * int(rate) / 100:.2f}"
    gross = f"{228 * (100 + int(rate)) / 100:.2f}"
    edit.set(root, "cac:TaxTotal//cbc:TaxAmount", tax)
    edit.set(root, f"{TOTALS}/cbc:TaxInclusiveAmount", gross)
    edit.set(root, f"{TOTALS}/cbc:PayableAmount", gross)
    assert errors(root) == set()
