"""An invoice in JSON becomes UBL that passes the schema and all rules."""

import copy
import json
from datetime import date
from pathlib import Path

import pytest

from anaf_efactura.building import build
from anaf_efactura.building.counties import county_code, sector_code
from anaf_efactura.flags import FiledFor, Flags
from anaf_efactura.invoice.schema import find
from anaf_efactura.judging import make_judge
from workers_contracts.efactura_invoice import InvoiceDocument
from workers_contracts.examples import examples

JUDGE = make_judge(None)
GOLDEN = Path(__file__).parents[1] / "data" / "built"
BODIES = {
    case.removeprefix("json-"): body["invoice"]
    for case, body in examples()["efactura.submit"].items()
    if "invoice" in body
}
PDF = {0: b"%PDF-1.7 test"}


def read(body) -> InvoiceDocument:
    return InvoiceDocument.model_validate_json(json.dumps(body), strict=True)


def judged(body, **filing):
    built = build(read(body), PDF)
    return JUDGE.judge(built.content, FiledFor(**{"cif": "12345674", **filing}), built)


def changed(**values):
    """The plain invoice with other values; a dotted name is below, `lines__0__price`."""
    body = copy.deepcopy(BODIES["invoice"])
    for path, value in values.items():
        *steps, last = [int(s) if s.isdigit() else s for s in path.split("__")]
        target = body
        for step in steps:
            target = target[step] if isinstance(step, int) else target.setdefault(step, {})
        if value is None:
            target.pop(last)
        else:
            target[last] = value
    return body


def test_the_schema_is_applied_here():
    assert find(None) is not None


@pytest.mark.parametrize("case", BODIES)
def test_every_kind_is_valid_and_has_the_same_bytes_as_ever(case):
    content = build(read(BODIES[case]), PDF).content
    assert judged(BODIES[case]).findings == ()
    # Other bytes under the same number would be another document to whoever is being filed now.
    assert content == (GOLDEN / f"{case}.xml").read_bytes()


@pytest.mark.parametrize(
    ("values", "rule", "place"),
    [
        ({"totals__payable": "273.09"}, "WRK-TOTAL", "invoice.totals.payable"),
        ({"totals__lines": "1"}, "WRK-TOTAL", "invoice.totals.lines"),
        ({"totals__vat": "46.08"}, "WRK-TOTAL", "invoice.totals.vat"),
        ({"lines__1__net_amount": "29"}, "WRK-LINE", "invoice.lines[1].net_amount"),
        ({"lines__0__gross_price": "9", "lines__0__price_discount": "1"}, "WRK-TOTAL",
         "invoice.lines[0].price"),
        ({"lines__0__unit": "buc"}, "BR-CL-23", "invoice.lines[0].unit"),
        ({"lines__1__name": "x" * 101}, "BR-RO-L1024", "invoice.lines[1].name"),
        ({"lines__0__price": "-1"}, "BR-27", "invoice.lines[0].price"),
        ({"lines__0__vat_rate": None}, "BR-S-05", "invoice.lines[0].vat_rate"),
        ({"lines__0__name": " "}, "BR-25", "invoice.lines[0].name"),
        ({"seller__address__city": "Timișoara"}, "BR-RO-100", "invoice.seller.address.city"),
        ({"buyer__address__county": "Atlantida"}, "BR-RO-111", "invoice.buyer.address.county"),
        ({"buyer__address__street": None}, "BR-RO-082", "invoice.buyer.address.street"),
        ({"buyer__address__city": ""}, "BR-RO-092", "invoice.buyer.address.city"),
        ({"seller__vat_identifier": "RO12345678"}, "WRK-CUI", "invoice.seller.vat_identifier"),
        ({"number": "FARA"}, "BR-RO-010", "invoice.number"),
        ({"notes": ["bun", "x" * 301]}, "BR-RO-L302", "invoice.notes[1]"),
        ({"due_date": None}, "BR-CO-25", "invoice.due_date"),
        ({"payment__accounts": []}, "BR-61", "invoice.payment.accounts"),
        ({"currency": "EUR"}, "BR-53", "invoice.totals.vat_accounting"),
        ({"delivery": {"address": {"street": "S", "city": "Wien", "country": "AT"}}},
         "BR-RO-211", "invoice.delivery.address.county"),
        ({"vat_breakdown": [{"vat_category": "Z"}]}, "WRK-GROUP", "invoice.vat_breakdown[0]"),
        ({"vat_breakdown": [{"vat_category": "S", "vat_rate": "21", "tax_amount": "43"}]},
         "WRK-TOTAL", "invoice.vat_breakdown[0].tax_amount"),
        ({"vat_breakdown": [{"vat_category": "S", "vat_rate": "21", "exemption_reason": "x"}]},
         "BR-S-10", "invoice.vat_breakdown[0].exemption_reason"),
        ({"allowances": [{"amount": "1", "vat_category": "S", "vat_rate": "21"}]},
         "BR-33", "invoice.allowances[0].reason"),
        ({"vat_date": "2026-10-05", "vat_date_code": "3"}, "BR-CO-03", "invoice.vat_date"),
        ({"issue_date": "1026-10-05"}, "WRK-DATE", "invoice.issue_date"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(values, rule, place):
    body = changed(**values)
    if "totals" not in "".join(values):
        body.pop("totals", None)
    found = judged(body, today=date(2026, 11, 25)).errors
    assert (rule, place) in {(each.rule, each.json_path) for each in found}
    assert all(each.json_path.startswith(("invoice", "cif")) for each in found)


def test_a_wrong_total_says_what_was_computed():
    (found,) = judged(changed(totals__payable="273.09")).errors
    assert "273.09" in found.text.ro
    assert "273.08" in found.text.en


def test_vat_that_differs_by_less_than_one_is_taken_as_it_is():
    group = {"vat_category": "S", "vat_rate": "21.00", "tax_amount": "42.50"}
    body = changed(totals=None, vat_breakdown=[group])
    assert judged(body).valid
    assert b">45.58<" in build(read(body)).content


@pytest.mark.parametrize(
    ("body", "filing", "field"),
    [
        ("consumer", {"b2c": False}, "b2c"),
        ("invoice", {"b2c": True}, "b2c"),
        ("export", {"foreign_buyer": False}, "foreign_buyer"),
        ("invoice", {"foreign_buyer": True}, "foreign_buyer"),
        ("self-billed", {"self_billed": False}, "self_billed"),
        ("invoice", {"cif": "87654329"}, "cif"),
        ("self-billed", {"cif": "87654329"}, "cif"),
    ],
)
def test_a_flag_that_contradicts_the_document_is_named(body, filing, field):
    assert field in {each.json_path for each in judged(BODIES[body], **filing).errors}


@pytest.mark.parametrize(
    ("body", "flags"),
    [
        ("invoice", Flags()),
        ("self-billed", Flags(self_billed=True)),
        ("consumer", Flags(b2c=True)),
        ("export", Flags(foreign_buyer=True)),
        ("intra-community", Flags(foreign_buyer=True)),
    ],
)
def test_the_document_chooses_the_flags(body, flags):
    assert judged(BODIES[body]).flags == flags


@pytest.mark.parametrize(
    ("written", "code"),
    [("CJ", "RO-CJ"), ("ro-cj", "RO-CJ"), ("Cluj", "RO-CJ"), ("Județul Iași", "RO-IS"),
     ("BISTRIȚA-NĂSĂUD", "RO-BN"), ("București", "RO-B"), ("Atlantida", "Atlantida")],
)  # fmt: skip
def test_counties(written, code):
    assert county_code(written) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [("Sector 3", "SECTOR3"), ("sectorul 6", "SECTOR6"), ("București, Sector 1", "SECTOR1"),
     ("SECTOR2", "SECTOR2"), ("Sector 7", "Sector 7"), ("Sector 3 Mun. București", "SECTOR3")],
)  # fmt: skip
def test_sectors(written, code):
    assert sector_code(written) == code


def test_numbers_and_texts_mean_the_same():
    number = changed(lines__0__price=100.0, lines__0__quantity=2, totals=None)
    text = changed(lines__0__price="100.0", lines__0__quantity="2", totals=None)
    assert build(read(number)).content == build(read(text)).content


def test_too_many_attached_bytes_are_refused():
    body = copy.deepcopy(BODIES["attachment"])
    body["supporting_documents"][0]["attachment"]["size"] = 4 * 1024 * 1024
    built = build(read(body), {})
    found = JUDGE.judge(built.content, FiledFor(), built).errors
    assert ("WRK-ATTACHED", "invoice.supporting_documents") in {
        (each.rule, each.json_path) for each in found
    }
