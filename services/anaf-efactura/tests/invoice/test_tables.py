"""The mechanical rules, row by row: each at its limit and one beyond it."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from anaf_efactura.invoice import check
from anaf_efactura.invoice.dates import DATES
from anaf_efactura.invoice.decimals import DECIMALS
from anaf_efactura.invoice.lengths import COUNTS, LENGTHS
from anaf_efactura.invoice.repetition import ONCE
from anaf_efactura.invoice.required import CATEGORIES, REQUIRED
from anaf_efactura.invoice.texts import name_of, terms

# The words by which the tables name places, as XPath.
FALSE, TRUE = "[cbc:ChargeIndicator='false']", "[cbc:ChargeIndicator='true']"
PLACES = {
    "LINE-ALLOWANCE": f"cac:InvoiceLine/cac:AllowanceCharge{FALSE}",
    "LINE-CHARGE": f"cac:InvoiceLine/cac:AllowanceCharge{TRUE}",
    "ALLOWANCE": f"cac:AllowanceCharge{FALSE}",
    "CHARGE": f"cac:AllowanceCharge{TRUE}",
    "LINES": "cac:InvoiceLine",
    "LINE": "cac:InvoiceLine",
    "TYPE": "cbc:InvoiceTypeCode",
    "QUANTITY": "cbc:InvoicedQuantity",
}


def xpath(path: str) -> str:
    first, slash, rest = path.partition("/")
    return PLACES.get(first, first) + slash + rest


def rows(table: list[Any]) -> list[Any]:
    return [pytest.param(*row, id=f"{row[0]} {row[1]}") for row in table]


@pytest.mark.parametrize(("rule", "term", "path", "limit"), rows(LENGTHS))
def test_lengths(full: Any, edit: Any, errors: Any, rule: str, term: str, path: str, limit: int):
    place = xpath(path).replace("/@", " @")
    keep = "1" * limit if path == "cbc:ID" else "ș" * limit
    if path.endswith("CityName"):
        edit.set(full, "//cbc:CountrySubentity", "RO-CJ")
    edit.set(full, place, f"  {keep[:5]}\n{keep[6:]}  ")
    assert rule not in errors(full)
    edit.set(full, place, keep + "ș")
    findings = [item for item in check(full) if item.rule == rule]
    assert findings
    assert all(item.term == term for item in findings)
    assert f"Are {limit + 1} caractere" in findings[0].message
    assert f"cel mult {limit} " in findings[0].message


def test_all_lengths_of_the_package_are_in_the_table():
    """One row for each of the ids of CIUS-RO 1.0.9."""
    expected = {f"BR-RO-L020{number}" for number in range(1, 5)}
    expected |= {f"BR-RO-L030{number}" for number in range(2, 9)}
    expected |= {f"BR-RO-L050{number}" for number in range(1, 6)}
    expected |= {f"BR-RO-L10{number:02}" for number in range(1, 26)}
    expected |= {f"BR-RO-L{number}" for number in (140, 151, 152, 153, 154, 155, 156, 1000)}
    expected |= {f"BR-RO-L{number}" for number in range(201, 213)}
    expected |= {"BR-RO-L301", "BR-RO-L302", "BR-RO-L303"}
    assert {row[0] for row in LENGTHS} == expected
    assert len(LENGTHS) == len(expected)


@pytest.mark.parametrize(("rule", "group", "parent", "counted", "limit"), COUNTS)
def test_counts(full, edit, errors, rule, group, parent, counted, limit):
    place = xpath(f"{parent}/{counted}" if parent else counted)
    element = edit.one(full, place)
    for _ in range(limit - 1):
        element.addnext(copy.deepcopy(element))
    assert rule not in errors(full)
    element.addnext(copy.deepcopy(element))
    findings = [item for item in check(full) if item.rule == rule]
    assert [item.term for item in findings] == [group]
    assert f"Sunt {limit + 1}." in findings[0].message


@pytest.mark.parametrize(("rule", "term", "path"), rows(DECIMALS))
def test_decimals(full: Any, edit: Any, errors: Any, rule: str, term: str, path: str):
    place = xpath(path)
    value = edit.one(full, place).text
    edit.set(full, place, f"{float(value):.2f}")
    assert not errors(full) & {rule, "UBL-DT-01"}
    edit.set(full, place, f"{float(value):.2f}0")
    assert {rule, "UBL-DT-01"} <= errors(full)
    assert term in next(item for item in check(full) if item.rule == rule).message


@pytest.mark.parametrize(
    ("position", "rule"), [(1, "BR-DEC-13"), (2, "BR-DEC-15")], ids=["BT-110", "BT-111"]
)
def test_decimals_of_vat_totals(full: Any, edit: Any, errors: Any, position: int, rule: str):
    edit.set(full, f"cac:TaxTotal[{position}]/cbc:TaxAmount", "44.100")
    assert {rule, "UBL-DT-01"} <= errors(full)


@pytest.mark.parametrize(
    "path", ["//cbc:PriceAmount", "//cbc:InvoicedQuantity", "//cbc:BaseQuantity"]
)
def test_prices_and_quantities_may_have_many_decimals(full: Any, edit: Any, errors: Any, path: str):
    for element in edit.all(full, path):
        element.text = f"{float(element.text):.9f}"
    assert errors(full) == set()


@pytest.mark.parametrize(("rule", "name", "term"), DATES)
@pytest.mark.parametrize(
    "value",
    ["2026-10-05Z", "2026-10-05+03:00", "05.10.2026", "2026-13-01", "2026-02-30", "20261005", "",
     " 2026-10-05", "2026-10-05T00:00:00", "٢٠٢٦-١٠-٠٥", "2026-W41-1"],
)  # fmt: skip
def test_dates(full: Any, edit: Any, errors: Any, rule: str, name: str, term: str, value: str):
    if name == "TaxPointDate":
        edit.drop(full, "cac:InvoicePeriod")
        edit.after(full, "cbc:Note", "<cbc:TaxPointDate>2026-10-05</cbc:TaxPointDate>")
    if name == "DueDate":
        edit.after(full, "cbc:IssueDate", "<cbc:DueDate>2026-11-05</cbc:DueDate>")
    if name == "PaymentDueDate":
        date = "<cbc:PaymentDueDate>2026-11-05</cbc:PaymentDueDate>"
        edit.after(full, "cac:PaymentMeans/cbc:PaymentMeansCode", date)
    assert errors(full) == set()
    edit.set(full, f"//cbc:{name}", value)
    assert rule in errors(full)


@pytest.mark.parametrize("action", ["drop", "empty"])
@pytest.mark.parametrize(("rule", "term", "context", "child"), rows(REQUIRED))
def test_what_is_required_is_missed(full, edit, errors, rule, term, context, child, action):
    base = xpath(context) + "/" if context else ""
    for path in child.split("|"):
        if not full.xpath(base + xpath(path), namespaces=edit.names):
            continue
        place = re.sub("/?@", " @", base + xpath(path))
        if action == "drop":
            edit.drop(full, place)
        else:
            if " @" not in place:
                edit.drop(full, f"{place}/*") if edit.one(full, place).xpath("*") else None
            edit.set(full, place, " ")
    missed = [item for item in check(full) if item.rule == rule and item.term == term]
    assert missed
    assert re.search("Completați|Adăugați", missed[0].message)


@pytest.mark.parametrize(("rule", "term", "context", "path"), CATEGORIES)
@pytest.mark.parametrize("change", ["drop", "scheme", "empty"])
def test_a_vat_category_is_required(full, edit, errors, rule, term, context, path, change):
    place = f"{xpath(context)}/{path}"
    if change == "drop":
        edit.drop(full, place)
    elif change == "scheme":
        edit.set(full, f"{place}/cac:TaxScheme/cbc:ID", "LOC")
    else:
        edit.set(full, f"{place}/cbc:ID", "")
    assert rule in errors(full)


def test_the_representative_has_a_vat_id(full: Any, edit: Any, errors: Any):
    edit.set(full, "cac:TaxRepresentativeParty/cac:PartyTaxScheme/cac:TaxScheme/cbc:ID", "FC")
    assert "BR-56" in errors(full)


def test_every_term_of_the_tables_has_a_name():
    used = {row[1] for row in (*LENGTHS, *DECIMALS, *COUNTS, *REQUIRED, *CATEGORIES, *ONCE)}
    assert used - {""} <= terms().keys()
    assert name_of("BT-109") == "BT-109 (totalul fără TVA)"
    assert name_of("BT-109", "en") == "BT-109 (the total without VAT)"
    assert name_of("BG-999") == "BG-999"


def test_no_rule_id_is_two_things():
    """Several terms may share an id of EN 16931, but no two tables."""
    tables = [{row[0] for row in table} for table in (LENGTHS, COUNTS, DECIMALS, DATES)]
    for position, table in enumerate(tables):
        for other in tables[position + 1 :]:
            assert not table & other
