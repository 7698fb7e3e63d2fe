"""Who sends JSON is told of JSON: the remedy, and the field that it goes into."""

import copy
import json
import re
from datetime import date

import pytest
from pydantic import ValidationError

from anaf_efactura.building import build
from anaf_efactura.building.places import by_term
from anaf_efactura.flags import FiledFor
from anaf_efactura.invoice.texts import rules
from anaf_efactura.judging import make_judge
from workers_contracts.efactura import SubmitInvoice, ValidateInvoice
from workers_contracts.efactura_invoice import InvoiceDocument
from workers_contracts.examples import examples
from workers_runtime.explaining import explain

JUDGE = make_judge(None)
BODY = examples()["efactura.submit"]["json-invoice"]["invoice"]
XML = re.compile(r"\bc[ab]c:|currencyID|schemeID|listID|\batribut|\belement|UBL|XPath|mimeCode")


def judged(**values):
    body = copy.deepcopy(BODY) | values
    for name in [name for name, value in body.items() if value is None]:
        del body[name]
    built = build(InvoiceDocument.model_validate_json(json.dumps(body), strict=True))
    return JUDGE.judge(built.content, FiledFor(None, today=date(2026, 11, 25)), built).findings


@pytest.mark.parametrize("rule", rules())
def test_no_remedy_for_json_names_xml(rule: str):
    mend = rules()[rule].mended(in_json=True)
    for text in (mend.ro, mend.en):
        assert not XML.search(text), text
        assert text.endswith(".")
        assert not re.search(r"[{}]|\s{2}|None", text)
    assert not re.search("[şţŞŢ]", mend.ro)
    assert not re.search("[ăâîșțĂÂÎȘȚ]", mend.en)


@pytest.mark.parametrize("rule", rules())
def test_every_field_that_a_remedy_names_is_there(rule: str):
    known = json.dumps(InvoiceDocument.model_json_schema())
    known += '"media_type" "currency" "taxpayer" "validate"'
    for name in re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", rules()[rule].mended(in_json=True).en):
        assert f'"{name}"' in known or name == "self_billed", name


@pytest.mark.parametrize(
    ("values", "rule", "field", "named"),
    [
        ({"currency": "EUR"}, "BR-53", "invoice.totals.vat_accounting", "exchange_rate"),
        ({"number": ""}, "BR-02", "invoice.number", "câmpul"),
        ({"number": "FCT"}, "BR-RO-010", "invoice.number", "number"),
        ({"notes": ["x"] * 25}, "BR-RO-A020", "invoice.notes", "cel mult 20"),
        ({"due_date": None, "payment_terms": None}, "BR-CO-25", "invoice.due_date", "due_date"),
        ({"payment": {"means": "30"}}, "BR-61", "invoice.payment.accounts", "identifier"),
    ],
)  # fmt: skip
def test_the_remedy_is_one_that_json_has(values, rule: str, field: str, named: str):
    found = judged(**values)
    mine = next(each for each in found if each.rule == rule)
    assert mine.json_path.startswith(field)
    assert named in mine.mend.ro
    assert not XML.search(mine.mend.ro)


def test_what_only_follows_from_an_empty_field_is_not_told():
    assert [each.rule for each in judged(number="")] == ["BR-02"]
    assert {each.rule for each in judged(seller=BODY["seller"] | {"name": ""})} == {"BR-06"}


def test_a_schema_s_own_finding_is_still_told():
    xml = build(InvoiceDocument.model_validate_json(json.dumps(BODY), strict=True)).content
    twice = re.sub(rb"(<cbc:IssueDate>.*?</cbc:IssueDate>)", rb"\1<cbc:Surprise/>", xml)
    assert "UBL-XSD" in {each.rule for each in JUDGE.judge(twice, FiledFor(None)).findings}


def test_the_same_holds_for_a_document_that_came_as_xml():
    xml = build(InvoiceDocument.model_validate_json(json.dumps(BODY), strict=True)).content
    without = re.sub(rb"<cbc:ID>[^<]*</cbc:ID>", b"", xml, count=1)
    found = JUDGE.judge(without, FiledFor(None)).findings
    assert [each.rule for each in found] == ["BR-02"]
    assert "cbc:ID" in found[0].text.ro


@pytest.mark.parametrize("rule", [rule for rule in rules() if rule.startswith("BR-RO-A")])
def test_a_limit_of_entries_names_its_list(rule: str):
    term = rules()[rule].term
    place = "invoice.lines[0]" if term == "BG-32" else "invoice"
    assert by_term(place, term) != place


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"invoice": BODY | {"lines": []}}, "invoice.lines", "1 or more entries, it has 0"),
        ({"invoice": BODY | {"lines": {}}}, "invoice.lines", "a list, in square brackets"),
        ({"invoice": BODY | {"currency": "eur"}}, "invoice.currency", "three capital letters"),
        ({}, "xml", "there is none"),
        ({"xml": "<a/>", "invoice": BODY}, "invoice", "there are xml and invoice"),
    ],
)
@pytest.mark.parametrize("command", [SubmitInvoice, ValidateInvoice])
def test_what_the_contract_refuses_is_said_plainly_with_its_field(command, body, field, words):
    with pytest.raises(ValidationError) as refused:
        command.model_validate_json(json.dumps({"cif": "12345674", **body}), strict=True)
    told = explain(command, refused.value)
    assert told.field == field
    assert words in str(told)
    assert not re.search(r"Tuple|array|\^\[", str(told))
