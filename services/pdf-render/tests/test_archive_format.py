"""PDF/A: what Chromium prints passes the check with attachments, and what cannot is refused."""

import io

import pikepdf
import pytest
from pikepdf import pdfa

from pdf_render.errors import ArchiveFormatError
from workers_contracts.pdf import RenderPdf

PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">'
    b'<circle cx="45" cy="45" r="40" fill="blue" fill-opacity=".4"/></svg>'
)
TABLE = "<table>" + "<tr><td>Țeavă<td>1.234,50" * 400 + "</table>"


def report(pdf: bytes, level: str) -> pdfa.Report:
    return pdfa.validate_written(io.BytesIO(pdf), level)


@pytest.mark.parametrize("tagged", [False, True])
async def test_document_with_a_file_inside_is_pdfa_3b(renderer, tagged):
    xml = await renderer.put(b"<Invoice/>", "application/xml")
    picture = await renderer.put(PICTURE, "image/svg+xml")
    html = f"<html lang=ro><title>Act</title><h1>Act</h1><img src=p.svg>{TABLE}"
    event = await renderer.render(
        html=html,
        tagged=tagged,
        outline=True,
        pdfa="PDF/A-3b",
        metadata={"title": "Act", "author": "Ț"},
        assets=[{"name": "p.svg", "artifact": picture.model_dump()}],
        attachments=[
            {"name": "factură.xml", "artifact": xml.model_dump(), "relationship": "Source"}
        ],
        page={"page_numbers": True},
    )
    pdf = await renderer.read(event.artifact)
    found = report(pdf, "3b")
    assert (found.verdict, found.findings) == ("pass", [])
    assert (event.pdfa, event.tagged) == ("PDF/A-3b", tagged)
    with pikepdf.open(io.BytesIO(pdf)) as read:
        spec = read.attachments["factură.xml"]
        assert spec.get_file().read_bytes() == b"<Invoice/>"
        assert spec.relationship == "/Source"
        assert len(read.Root.AF) == 1


@pytest.mark.parametrize("template", ["invoice"])
async def test_template_is_pdfa_2b(renderer, invoice, template):
    pdf = await renderer.pdf(template=template, data=invoice, pdfa="PDF/A-2b")
    assert report(pdf, "2b").verdict == "pass"


async def test_what_is_no_archive_file_is_told_and_not_stored(renderer):
    """A merged file with a font that is not embedded cannot become one."""
    target = io.BytesIO()
    with pikepdf.new() as made:
        page = made.add_blank_page()
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.Contents = made.make_stream(b"BT /F1 12 Tf 20 20 Td (x) Tj ET")
        made.save(target)
    other = await renderer.put(target.getvalue(), "application/pdf")
    with pytest.raises(ArchiveFormatError, match="the PDF is not PDF/A-2b") as wrong:
        await renderer.render(html="x", merge_after=[other.model_dump()], pdfa="PDF/A-2b")
    assert wrong.value.field == "pdfa"


async def test_what_the_check_does_not_know_is_refused_too(renderer):
    html = "<p style='background: linear-gradient(red, blue)'>x</p>"
    with pytest.raises(ArchiveFormatError, match="pattern"):
        await renderer.render(html=html, pdfa="PDF/A-2b")


def test_attachment_needs_the_format_that_carries_it():
    reference = {"uri": "file:///a", "sha256": "0" * 64, "size": 1, "media_type": "text/xml"}
    with pytest.raises(ValueError, match="use PDF/A-3b"):
        RenderPdf(html="x", pdfa="PDF/A-2b", attachments=[{"name": "a", "artifact": reference}])
