"""The shipped templates and the operator's, down to the words on the paper."""

import io
import re
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from pdf_render.errors import (
    DocumentInvalidError,
    TemplateDataError,
    TemplateUnknownError,
)
from pdf_render.invoice import completed
from pdf_render.templating import Templates
from pdf_render.ubl import read_invoice
from pdf_render.wording import filters
from pdf_render.words import WORDS
from workers_contracts.pdf import RenderPdf
from workers_contracts.pdf_templates import TEMPLATES, InvoiceData
from workers_stack.demo.invoice import render as ubl

UIT = {
    "uit": "8A1B2C3D4E5F6G7H",
    "valid_until": "2026-03-06",
    "declarant": {"name": "Furnizor Test SRL", "cui": "RO12345674"},
    "vehicle": "B123ABC",
    "loading": "București",
    "unloading": "Cluj-Napoca",
    "goods": [{"name": "Țeavă", "quantity": "1200", "unit": "m", "gross_kg": "851.5"}],
}
REPORT = {
    "title": "Situația facturilor",
    "facts": [{"label": "Facturi", "value": 1284}],
    "sections": [
        {
            "title": "Pe clienți",
            "columns": [
                {"key": "name", "label": "Client"},
                {"key": "day", "label": "Data", "kind": "date"},
                {"key": "sum", "label": "Valoare", "kind": "money", "total": True},
            ],
            "rows": [
                {"name": "Ștefănescu", "day": "2026-02-01", "sum": "1000.5"},
                {"name": "Întreprindere", "day": "2026-02-02", "sum": 234},
            ],
        }
    ],
}
SHORT = {
    "number": "1",
    "issue_date": "2026-03-02",
    "seller": {"name": "Furnizor Test SRL"},
    "buyer": {"name": "Client Test SA"},
}
ACCEPTED = {
    "document_id": "d",
    "cif": "12345674",
    "upload_index": "5001",
    "download_id": "3001",
    "seal": {"status": "verified"},
    "accepted_at": "2026-03-02T09:15:04Z",
}


def html(template: str, data: dict, content: bytes | None = None, **fields) -> str:
    command = RenderPdf(template=template, data=data, **fields)
    return Templates().render(command, content).html.decode()


@pytest.fixture
def xml() -> bytes:
    """A UBL invoice."""
    return ubl("DEMO-1", date(2026, 3, 2)).encode()


@pytest.fixture
def zipped(xml) -> bytes:
    """The invoice as ANAF's archive has it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("5001.xml", xml)
        archive.writestr("semnatura_5001.xml", "<a/>")
    return target.getvalue()


def test_every_word_is_there_in_both_languages():
    assert WORDS["ro"].keys() == WORDS["en"].keys()
    assert all(text.strip() for words in WORDS.values() for text in words.values())
    assert not any(wrong in text for text in WORDS["ro"].values() for wrong in "şţŞŢ")


def test_numbers_and_dates_follow_the_language():
    ro, en = filters("ro"), filters("en")
    assert ro["money"]("1234567.5") == "1.234.567,50"
    assert en["money"]("1234567.5") == "1,234,567.50"
    assert ro["number"](Decimal("120.500")) == "120,5"
    assert ro["price"]("11.3456") == "11,3456"
    assert ro["percent"]("21.00") == "21%"
    assert ro["day"]("2026-03-02") == "2 mar. 2026"
    assert en["day"](date(2026, 3, 2)) == "2 Mar 2026"
    assert ro["money"](None) == ""
    assert ro["money"]("n/a") == "n/a"


def test_what_is_left_out_of_an_invoice_is_computed(invoice):
    done = completed(InvoiceData(**invoice))
    assert [one.net for one in done.lines] == [Decimal("3000.00"), Decimal("89.90")]
    assert [(one.rate, one.vat) for one in done.vat] == [
        (21, Decimal("630.00")),
        (11, Decimal("9.89")),
    ]
    assert done.totals.gross == Decimal("3729.79")
    assert done.totals.payable == done.totals.gross


async def test_invoice_is_printed_in_both_languages(renderer, text_of, invoice):
    event = await renderer.render(template="invoice", data=invoice)
    assert (event.source, event.template, event.pages) == ("template", "invoice", 1)
    text = text_of(await renderer.read(event.artifact))
    for word in ("Factură", "PMX-2026-0001", "Țeavă înfășurată", "3.000,00", "1 apr. 2026"):
        assert word in text
    assert "3.729,79 RON" in text
    assert "Pagina 1 din 1" in text
    english = text_of(await renderer.pdf(template="invoice", data=invoice, language="en"))
    assert "Invoice" in english
    assert "3,729.79 RON" in english


async def test_long_invoice_repeats_its_heading_on_each_page(renderer, text_of, invoice):
    invoice["lines"] = invoice["lines"] * 60
    event = await renderer.render(template="invoice", data=invoice)
    text = text_of(await renderer.read(event.artifact))
    assert event.pages >= 3
    assert text.count("Preț unitar") >= event.pages - 1


async def test_card_and_report_are_printed(renderer, text_of):
    card = text_of(await renderer.pdf(template="uit", data=UIT))
    for word in ("8A1B2C3D4E5F6G7H", "B123ABC", "851,5", "6 mar. 2026"):
        assert word in card
    report = text_of(await renderer.pdf(template="report", data=REPORT))
    for word in ("Ștefănescu", "1.000,50", "1.234,50", "2 feb. 2026", "1.284"):
        assert word in report


def test_provisional_code_says_so():
    assert "PROVIZORIU" in html("uit", {**UIT, "provisional": True})
    assert "PROVISIONAL" in html("uit", {**UIT, "provisional": True}, language="en")
    assert "PROVIZORIU" not in html("uit", UIT)


async def test_accepted_efactura_is_printed_from_its_event_alone(renderer, text_of, zipped):
    archive = (await renderer.put(zipped, "application/zip")).model_dump()
    data = {"accepted": {**ACCEPTED, "archive": archive}}
    event = await renderer.render(template="efactura", data=data, pdfa="PDF/A-3b")
    text = text_of(await renderer.read(event.artifact))
    for word in ("DEMO-1", "Acceptată de ANAF", "5001", "3001", "verificat", "242,00 RON", "11:15"):
        assert word in text


@pytest.mark.parametrize("way", ["ubl", "archive", "text"])
def test_invoice_of_an_efactura_comes_in_several_ways(xml, zipped, way):
    match way:
        case "ubl":
            page = html("efactura", {}, xml)
        case "archive":
            page = html("efactura", {"upload_index": "5001"}, zipped)
        case _:
            page = html("efactura", {"xml": xml.decode()})
    assert "Servicii de consultanță" in page
    assert "RO12345674" in page


def test_credit_note_is_read_with_its_own_names(xml):
    note = xml.replace(b"InvoiceLine", b"CreditNoteLine").replace(
        b"InvoicedQuantity", b"CreditedQuantity"
    )
    note = note.replace(b"<Invoice", b"<CreditNote").replace(b"</Invoice>", b"</CreditNote>")
    note = note.replace(b"ubl:schema:xsd:Invoice-2", b"ubl:schema:xsd:CreditNote-2")
    read = read_invoice(note)
    assert (read.kind, read.lines[0].unit) == ("credit_note", "ore")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<Order/>", "not a UBL Invoice"),
        (b"<Invoice", "not XML"),
        (b"<!DOCTYPE a><Invoice/>", "document type"),
        (b"<Invoice/>", "has no AccountingSupplierParty"),
        (b"PK\x03\x04 cut", "archive is damaged"),
    ],
)
def test_invoice_that_cannot_be_read_is_refused(content, words):
    with pytest.raises(DocumentInvalidError, match=words):
        html("efactura", {}, content)


def test_price_without_a_usable_size_is_refused(xml):
    amount = re.compile(rb'<cbc:PriceAmount currencyID="RON">[^<]+</cbc:PriceAmount>')
    huge = b"<cbc:PriceAmount>1E+999999</cbc:PriceAmount><cbc:BaseQuantity>1E-9</cbc:BaseQuantity>"
    assert amount.search(xml)
    with pytest.raises(DocumentInvalidError, match="no usable size"):
        html("efactura", {}, amount.sub(huge, xml))


def test_archive_without_one_invoice_is_refused():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("../1.xml", "<Invoice/>")
    with pytest.raises(DocumentInvalidError, match="does not hold one invoice"):
        html("efactura", {}, target.getvalue())


@pytest.mark.parametrize(
    ("template", "data", "field"),
    [
        ("invoice", {"lines": [{"name": "x", "price": "mult"}]}, None),
        (
            "invoice",
            {**SHORT, "lines": [{"name": "x", "price": "1e15", "quantity": "1e15"}]},
            "data.lines",
        ),
        ("uit", {**UIT, "vehicul": "B1"}, "data.vehicul"),
        ("uit", {**UIT, "goods": []}, "data.goods"),
        ("report", {"title": "x", "sections": [{"columns": [{"key": "a"}]}]}, None),
        ("efactura", {"xml": "<a/>", "accepted": {}}, None),
    ],
)
def test_wrong_data_is_named(template, data, field):
    with pytest.raises(TemplateDataError) as wrong:
        html(template, data)
    assert wrong.value.field.startswith("data.")
    assert field in (None, wrong.value.field)


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_text_is_never_markup(template, invoice):
    evil = "<script>alert(1)</script><img src=x>"
    data = {
        "invoice": {**invoice, "notes": [evil], "number": evil},
        "efactura": {"invoice": {**invoice, "notes": [evil]}},
        "uit": {**UIT, "loading": evil},
        "report": {**REPORT, "title": evil},
    }[template]
    look = Templates().render(RenderPdf(template=template, data=data), None)
    assert b"<script>" not in look.html
    assert b"<img" not in look.html
    assert "<script" not in (look.footer or "")


def test_operators_template_is_filled_and_boxed_in(tmp_path):
    (tmp_path / "salut.html").write_text("<p>{{ name }}: {{ sum | money }}</p>")
    (tmp_path / "evadare.html").write_text("{{ ''.__class__.__mro__[1].__subclasses__() }}")
    (tmp_path / "citire.html").write_text("{% include '/etc/passwd' %}")
    (tmp_path / "Rau.html").write_text("x")
    (tmp_path / "cerc.html").write_text("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")
    (tmp_path / "limba.html").write_text("{{ language }} {{ data.language }}")
    templates = Templates(tmp_path)
    clash = RenderPdf(template="limba", data={"language": "x", "data": 1, "t": 2, "self": 3})
    assert templates.render(clash, None).html == b"ro x"
    good = RenderPdf(template="salut", data={"name": "<b>", "sum": 5})
    assert templates.render(good, None).html == b"<p>&lt;b&gt;: 5,00</p>"
    assert "salut" in templates.names()
    with pytest.raises(TemplateDataError, match="'sum' is undefined"):
        templates.render(RenderPdf(template="salut", data={"name": "x"}), None)
    for name in ("evadare", "citire", "cerc"):
        with pytest.raises(TemplateDataError):
            templates.render(RenderPdf(template=name), None)
    for name in ("Rau", "../salut", "base", "_invoice", "nimic"):
        with pytest.raises(TemplateUnknownError):
            templates.render(RenderPdf(template=name), None)
