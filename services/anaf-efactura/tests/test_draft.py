"""From a command to a document, or to the reasons against it."""

import hashlib
import re
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anaf_efactura import events
from anaf_efactura.deadline import deadline
from anaf_efactura.draft import MAX_ERRORS, anaf_errors, examine, limited
from anaf_efactura.judging import make_judge
from anaf_efactura.source import Source, content_of
from workers_contracts.efactura import Rejection, SubmitInvoice
from workers_runtime.identity import Task

CEDILLA = re.compile("[şţŞŢ]")
JUDGE = make_judge(None)
NOW_MS = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1000)


def task(message_id: str = "m1", tenant: str = "") -> Task:
    return Task(message_id, "c1", tenant, 1, False, NOW_MS)


def command(**fields) -> SubmitInvoice:
    return SubmitInvoice(**{"cif": "12345674", "xml": "<x/>", **fields})


def draft(content: bytes, message_id: str = "m1", tenant: str = "", **fields):
    return examine(Source(content), command(**fields), task(message_id, tenant), JUDGE)


def test_good_invoice_becomes_a_document(invoice):
    content = invoice("PMX-9", issued="2026-10-05").encode()
    made = draft(content)
    assert made.errors == ()
    document = made.document
    assert (document.number, document.cif, document.state) == ("PMX-9", "12345674", "new")
    assert document.content_sha256 == hashlib.sha256(content).hexdigest()
    assert document.data["parameters"] == {"standard": "UBL", "b2c": False, "flags": {}}
    assert made.filer.asked_at == datetime(2026, 11, 20, tzinfo=UTC)


def test_flags_are_sent_as_da_or_not_at_all(invoice):
    made = draft(invoice().encode(), enforcement=True)
    assert made.document.data["parameters"] == {
        "standard": "UBL",
        "b2c": False,
        "flags": {"executare": "DA"},
    }


def test_same_invoice_has_the_same_id_and_another_tenant_another(invoice):
    content = invoice().encode()
    assert draft(content, "m1").document.id == draft(content, "m2").document.id
    assert draft(content, tenant="a").document.id != draft(content, tenant="b").document.id
    assert draft(content).document.id != draft(invoice("PMX-2").encode()).document.id


def test_other_content_under_the_same_number_is_the_same_document(invoice):
    one, two = draft(invoice().encode()), draft(invoice(note=" bis").encode())
    assert one.document.business_key == two.document.business_key
    assert one.document.content_sha256 != two.document.content_sha256


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("RO12345674", "RO12345678"), "WRK-CUI"),
        (('TaxAmount currencyID="RON">45.08', 'TaxAmount currencyID="RON">45.09'), "BR-CO"),
        (("CIUS-RO:1.0.1", "CIUS-RO:9.9.9"), "BR-RO-001"),
    ],
)  # fmt: skip
def test_mistake_is_told_in_romanian(invoice, change, rule):
    made = draft(invoice().replace(*change).encode())
    assert made.errors
    assert any(error.rule.startswith(rule) for error in made.errors)
    for error in made.errors:
        assert not CEDILLA.search(error.message)
        assert error.message.endswith(".")


@pytest.mark.parametrize(
    "content",
    [b"nu e xml", b"<x/>", b"<Invoice", b'<!DOCTYPE a []><a/>', b"\xff\xfe", b"<a>\x00</a>"],
)  # fmt: skip
def test_what_is_no_invoice_is_refused_in_romanian(content):
    made = draft(content)
    assert made.errors
    assert made.document.number is None
    assert not any(CEDILLA.search(error.message) for error in made.errors)


@given(st.binary(max_size=400))
def test_no_bytes_escape_as_an_exception(content):
    assert draft(content).errors


ELEMENTS = ("ID", "IssueDate", "DueDate", "CompanyID", "LineExtensionAmount")
PRINTED = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))


@settings(deadline=None)  # the first one compiles the schema
@given(st.sampled_from(ELEMENTS), st.text(PRINTED, max_size=300))
def test_no_value_of_an_invoice_escapes_as_an_exception(element, value):
    text = (Path(__file__).parent / "data" / "invoice.xml").read_text(encoding="utf-8")
    pattern = rf"(<cbc:{element}[^>]*>)[^<]*"
    changed = re.sub(pattern, lambda m: m[1] + escape(value), text, count=1)
    made = draft(changed.encode())
    event = events.rejected_locally(made.document, made.errors or anaf_errors(()))
    assert event.document_id == made.document.id


@pytest.mark.parametrize("issued", ["2150-01-01", "9999-12-31", "0001-01-01", "1899-12-31"])
def test_impossible_year_has_no_term_and_is_no_crash(invoice, issued):
    made = draft(invoice(issued=issued).encode())
    assert made.document.deadline is None or made.document.deadline.year < 2100


@pytest.mark.parametrize("issued", ["2026-10-05", "2026-03-26", "2026-10-23", "2025-12-30"])
def test_event_names_the_last_legal_day(invoice, issued):
    document = draft(invoice(issued=issued).encode()).document
    document = document.__class__(
        **{
            **vars(document),
            "data": {"upload_index": "1", "submitted_at": "2026-10-05T10:00:00+00:00"},
        }
    )
    assert document.issue_date is not None
    assert events.submitted(document).deadline == deadline(document.issue_date)


def test_many_errors_are_cut_with_a_note():
    errors = [Rejection(rule="R", message=str(n)) for n in range(MAX_ERRORS + 7)]
    cut = limited(errors)
    assert len(cut) == MAX_ERRORS + 1
    assert "7 erori" in cut[-1].message
    assert limited(errors[:MAX_ERRORS]) == errors[:MAX_ERRORS]


def test_anafs_text_keeps_its_rule_and_its_words():
    first, second = anaf_errors(("[BR-RO-065]-Identificatorul lipsește.", "E: altceva"))
    assert (first.rule, second.rule) == ("BR-RO-065", "ANAF")
    assert second.message == "E: altceva"


def test_refusal_without_words_still_says_something():
    assert anaf_errors(())[0].message.startswith("ANAF a respins")


@pytest.mark.parametrize(
    "declaration",
    [
        '<?xml version="1.0" encoding="utf-16"?>',
        "<?xml version='1.0' encoding='ISO-8859-2' standalone='yes'?>",
        '\ufeff<?xml version="1.0" encoding="UTF-8"?>',
    ],
)
async def test_text_in_a_command_is_sent_as_utf8_whatever_it_declares(invoice, declaration):
    text = re.sub(r"^<\?xml[^>]*\?>", declaration, invoice(note=" ăâîșț"))
    content = await content_of(command(xml=text), None)
    assert b"UTF-8" in content[:80]
    assert "ăâîșț" in content.decode()
    assert draft(content).errors == ()


async def test_text_without_declaration_is_left_alone():
    assert await content_of(command(xml="<a encoding='x'/>"), None) == b"<a encoding='x'/>"
