"""What `pdf.render` takes and refuses before anything is rendered."""

import pytest
from pydantic import ValidationError

from workers_contracts.pdf import RenderPdf
from workers_contracts.pdf_options import PageSetup, Protection
from workers_contracts.pdf_templates import TEMPLATES, EfacturaData, InvoiceData

REFERENCE = {"uri": "file:///a", "sha256": "0" * 64, "size": 1, "media_type": "image/png"}


@pytest.mark.parametrize("ranges", ["", "1", "1-3", "1-3, 5, 8-", " 2 - 4 ", "10-10", "1,1"])
def test_ranges_as_people_write_them(ranges):
    assert PageSetup(ranges=ranges).ranges == ranges


@pytest.mark.parametrize(
    "ranges", ["0", "3-1", "-3", "a", "1-2-3", "1,", ",1", "1;2", "1 2", "٣", "1--2", "99999999"]
)
def test_ranges_that_mean_nothing_are_refused(ranges):
    with pytest.raises(ValidationError, match="write pages as"):
        PageSetup(ranges=ranges)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "exactly one of html"),
        ({"html": "x", "template": "invoice"}, "exactly one of html"),
        ({"html": "x", "artifact": REFERENCE}, "exactly one of html"),
        ({"html": "x", "data": {"a": 1}}, "data is for a template"),
        ({"html": "x", "page": {"width_mm": 100}}, "width_mm and height_mm together"),
        ({"html": "x", "page": {"page_numbers": True, "footer_html": "x"}}, "footer of its own"),
        ({"html": "x", "wait": {"expression": "a"}}, "set scripts too"),
        ({"html": "x", "protection": {}}, "give password"),
        ({"html": "x", "protection": {"password": "a"}, "deterministic": True}, "encrypts"),
        ({"html": "x", "assets": [{"name": "a", "artifact": REFERENCE}] * 2}, "the same name"),
        ({"html": "x", "attachments": [{"name": "a", "artifact": REFERENCE}] * 2}, "the same name"),
        ({"html": "x", "assets": [{"name": "/a", "artifact": REFERENCE}]}, "pattern"),
        ({"html": "x", "assets": [{"name": "a/../b", "artifact": REFERENCE}]}, "pattern"),
    ],
)
def test_what_does_not_fit_together_is_refused(fields, words):
    with pytest.raises(ValidationError, match=words):
        RenderPdf(**fields)


def test_template_may_come_with_an_artifact():
    assert RenderPdf(template="efactura", artifact=REFERENCE).artifact


def test_password_is_not_shown():
    assert "parola" not in repr(Protection(password="parola", owner_password="parola"))


def test_every_template_explains_its_fields():
    for name, data in TEMPLATES.items():
        assert f"Template {name}" in data.__doc__
        for field in data.model_json_schema()["properties"].values():
            assert "description" in field or "$ref" in field or "items" in field, name


def test_invoice_of_an_efactura_is_given_once():
    with pytest.raises(ValidationError, match="one of accepted, xml and invoice"):
        EfacturaData(xml="<a/>", invoice=INVOICE)


def test_amount_that_is_no_number_is_refused():
    wrong = {**INVOICE, "lines": [{"name": "x", "price": "NaN"}]}
    with pytest.raises(ValidationError, match="finite"):
        InvoiceData(**wrong)


INVOICE = {
    "number": "1",
    "issue_date": "2026-03-02",
    "seller": {"name": "A"},
    "buyer": {"name": "B"},
    "lines": [{"name": "x", "price": "1"}],
}
