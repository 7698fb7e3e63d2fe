"""An invoice is printed by ANAF, or here, and it is said which and why."""

from pathlib import Path

import pytest

from anaf_efactura.archiving.plain import without_schema_location
from anaf_efactura.archiving.printing import MAX_TRANSFORM_BYTES
from anaf_efactura.errors import NotPrintableError, PdfFailedError
from anaf_efactura.invoice import read
from workers_contracts.efactura_archive import RenderInvoice
from workers_contracts.pdf_templates import EfacturaData

DATA = Path(__file__).parents[1] / "data"
LOCATION = (
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2 '
    '../../UBL-Invoice-2.1.xsd" '
)


def located(xml: str) -> str:
    return xml.replace("<Invoice ", f"<Invoice {LOCATION}", 1)


def asked(sandbox) -> list[str]:
    requests = sandbox.control.requests("transformare")
    return [one["path"].partition("transformare/")[2] for one in requests]


async def test_anaf_prints_an_archived_invoice(office, invoice, sandbox):
    filed = await office.file(invoice("R-1"), "m1")
    event = await office.ask(RenderInvoice(upload_index=filed.upload_index))
    assert (event.source, event.why_code, event.why) == ("anaf", None, None)
    assert (event.number, event.download_id) == ("R-1", filed.download_id)
    assert (await office.read(event.pdf)).startswith(b"%PDF")
    assert event.pdf.media_type == "application/pdf"
    assert office.sent == []
    assert asked(sandbox) == ["FACT1/DA"]


async def test_anaf_prints_a_document_that_is_given(office, invoice):
    for source in ({"xml": invoice("R-2")}, {"artifact": await stored(office, invoice("R-2"))}):
        event = await office.ask(RenderInvoice(**source))
        assert (event.source, event.number, event.download_id) == ("anaf", "R-2", None)


async def stored(office, xml: str):
    put = office.desk.parts["artifacts"].put
    return await put(xml.encode(), media_type="application/xml", suffix=".xml")


async def test_a_credit_note_is_printed_as_one(office, sandbox):
    note = (DATA / "credit_note.xml").read_text(encoding="utf-8")
    assert (await office.ask(RenderInvoice(xml=note))).source == "anaf"
    assert asked(sandbox) == ["FCN/DA"]


async def test_what_the_firewall_takes_for_an_attack_is_printed_all_the_same(
    office, invoice, sandbox
):
    relative = located(invoice("R-3"))
    assert (await office.ask(RenderInvoice(xml=relative))).source == "anaf"
    assert asked(sandbox) == ["FACT1/DA"]
    address = invoice("R-4", note=";CP 012345")
    assert (await office.ask(RenderInvoice(xml=address))).source == "anaf"
    assert asked(sandbox)[1:] == ["FACT1/DA", "FACT1"]


def test_only_a_relative_schema_location_is_taken_out(invoice):
    plain = invoice("R-5").encode()
    assert without_schema_location(plain) is plain
    absolute = located(invoice("R-5")).replace("../../", "http://x/").encode()
    assert without_schema_location(absolute) is absolute
    relative = located(invoice("R-5")).encode()
    shorter = without_schema_location(relative)
    assert b"schemaLocation" not in shorter
    assert read(shorter) == read(relative)


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("unavailable-503-retry-after", "anaf_unavailable"),
        ("error-500-html", "anaf_unavailable"),
        ("firewall-html-200", "anaf_unavailable"),
        ("reset-mid-body", "anaf_unavailable"),
    ],
)
async def test_when_anaf_is_down_it_is_printed_here_and_said_why(
    office, invoice, sandbox, scenario, code
):
    filed = await office.file(invoice("R-6"), "m1")
    sandbox.control.scenario(scenario, operation="transformare", times=9)
    event = await office.ask(RenderInvoice(upload_index=filed.upload_index))
    assert (event.source, event.why_code) == ("local", code)
    assert event.why
    (send,) = office.sent
    assert (send.command.template, send.command.artifact) == ("efactura", filed.archive)
    data = EfacturaData.model_validate(send.command.data)
    assert (data.upload_index, data.seal.status) == (filed.upload_index, "verified")


async def test_anaf_s_refusal_is_told_in_its_words(office, invoice):
    # The firewall leads to the path on which ANAF checks what it prints.
    wrong = invoice("R-12", note=";CP 1").replace("CIUS-RO:1.0.1", "CIUS-RO:9.9.9")
    event = await office.ask(RenderInvoice(xml=wrong))
    assert (event.source, event.why_code) == ("local", "anaf_refused")
    assert "[BR-RO-001]" in event.why


async def test_a_document_over_anaf_s_limit_is_printed_here(office, invoice, sandbox):
    large = invoice("R-7").replace("</Invoice>", f"<!--{'x' * MAX_TRANSFORM_BYTES}--></Invoice>")
    event = await office.ask(RenderInvoice(artifact=await stored(office, large)))
    assert (event.source, event.why_code) == ("local", "too_large")
    assert asked(sandbox) == []


async def test_printing_here_may_be_wanted(office, invoice, sandbox):
    event = await office.ask(RenderInvoice(xml=invoice("R-8"), printer="local"))
    assert (event.source, event.why_code) == ("local", "wanted")
    assert asked(sandbox) == []


async def test_printing_that_fails_here_too_fails_the_command(office, invoice):
    office.fails = "document_invalid"
    with pytest.raises(PdfFailedError, match="document_invalid"):
        await office.ask(RenderInvoice(xml=invoice("R-9"), printer="local"))


@pytest.mark.parametrize("text", ["<a/>", "no xml", "<Invoice>"])
async def test_what_is_no_invoice_is_not_printed(office, text):
    with pytest.raises(NotPrintableError):
        await office.ask(RenderInvoice(xml=text))


async def test_neither_an_error_file_nor_cii_is_printed(office, invoice, sandbox):
    sandbox.control.scenario("nok-one-error")
    refused = await office.file(invoice("R-10"), "m1")
    with pytest.raises(NotPrintableError, match="errors"):
        await office.ask(RenderInvoice(upload_index=refused.upload_index))
    with pytest.raises(NotPrintableError, match="CII"):
        await office.ask(RenderInvoice(xml=(DATA / "cii.xml").read_text(encoding="utf-8")))
    assert office.sent == []
