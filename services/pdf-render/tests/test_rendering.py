"""From a command to a stored PDF, with a real Chromium."""

import asyncio
import io
import time

import pikepdf
import pytest

from pdf_render.errors import (
    AddressForbiddenError,
    AssetMissingError,
    DocumentInvalidError,
    DocumentTooHeavyError,
    FileUnusableError,
    TemplateDataError,
    TemplateUnknownError,
)
from pdf_render.handlers import render_pdf
from workers_contracts.pdf import RenderPdf
from workers_runtime.errors import PermanentError

PIXEL = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">'
    b'<rect width="20" height="20" fill="red"/></svg>'
)


async def test_html_becomes_a_stored_pdf(renderer, text_of):
    command = RenderPdf(reference="2026-0001", html="<title>Act</title><h1>Înștiințare ăâîșț</h1>")
    event = await render_pdf(command, renderer._rendering)
    assert (event.reference, event.source, event.pages) == ("2026-0001", "html", 1)
    assert event.artifact.media_type == "application/pdf"
    pdf = await renderer.read(event.artifact)
    assert "Înștiințare ăâîșț" in text_of(pdf)
    with pikepdf.open(io.BytesIO(pdf)) as read:
        assert str(read.docinfo["/Title"]) == "Act"


async def test_html_of_an_artifact_shows_its_assets(renderer):
    html = await renderer.put(b"<img src='img/a.svg'><img src='b.svg'>", "text/html")
    picture = await renderer.put(PIXEL, "image/svg+xml")
    assets = [{"name": "img/a.svg", "artifact": picture.model_dump()}]
    event = await renderer.render(artifact=html.model_dump(), assets=assets)
    assert event.source == "artifact"
    assert event.missing == ["https://doc.invalid/b.svg"]
    with pytest.raises(AssetMissingError, match=r"doc\.invalid/b\.svg"):
        await renderer.render(artifact=html.model_dump(), assets=assets, strict_assets=True)


@pytest.mark.parametrize(
    ("page", "size"),
    [
        ({}, (595, 842)),
        ({"landscape": True}, (842, 595)),
        ({"paper": "A5"}, (420, 595)),
        ({"width_mm": 100, "height_mm": 50}, (283, 142)),
        ({"css_page_size": True}, (283, 283)),
    ],
)
async def test_page_has_the_size_asked_for(renderer, page, size):
    html = "<style>@page { size: 100mm 100mm }</style>x"
    pdf = await renderer.pdf(html=html, page=page)
    with pikepdf.open(io.BytesIO(pdf)) as read:
        box = [float(one) for one in read.pages[0].mediabox]
    assert [round(box[2]), round(box[3])] == pytest.approx(size, abs=1)


async def test_pages_are_chosen_numbered_and_framed(renderer, text_of):
    html = "".join(f"<p style='break-after: page'>foaia {n}</p>" for n in "abcde")
    page = {
        "ranges": "2, 4-",
        "page_numbers": True,
        "header_html": "<i style='font-size: 9px'>antet</i>",
    }
    event = await renderer.render(html=html, page=page)
    text = text_of(await renderer.read(event.artifact))
    assert event.pages == 3
    assert "foaia b" in text
    assert "foaia c" not in text
    assert "Pagina 2 din 5" in text
    assert text.count("antet") == 3
    with pytest.raises(DocumentInvalidError) as wrong:
        await renderer.render(html="x", page={"ranges": "7"})
    assert wrong.value.field == "page.ranges"


async def test_one_long_page_holds_everything(renderer):
    event = await renderer.render(html="<p>rând</p>" * 200, page={"single_page": True})
    assert event.pages == 1
    with pytest.raises(DocumentTooHeavyError) as wrong:
        await renderer.render(html="<p>rând</p>" * 2000, page={"single_page": True})
    assert wrong.value.field == "page.single_page"


async def test_screen_rules_and_scale_count_when_asked_for(renderer, text_of):
    html = "<style>@media print { b { display: none } }</style><b>doar ecran</b>"
    assert "doar ecran" not in text_of(await renderer.pdf(html=html))
    assert "doar ecran" in text_of(await renderer.pdf(html=html, media="screen"))
    long = "<p>rând</p>" * 60
    small = await renderer.render(html=long, page={"scale": 0.3})
    assert small.pages < (await renderer.render(html=long)).pages


async def test_files_are_merged_around_it(renderer, blank_pdf):
    other = (await renderer.put(blank_pdf, "application/pdf")).model_dump()
    event = await renderer.render(
        html="<h1>x</h1>", tagged=True, merge_before=[other, other], merge_after=[other]
    )
    assert (event.pages, event.tagged) == (4, False)
    with pikepdf.open(io.BytesIO(await renderer.read(event.artifact))) as read:
        widths = [round(float(page.mediabox[2])) for page in read.pages]
    assert widths == [420, 420, 596, 420]


@pytest.mark.parametrize("kind", ["damaged", "encrypted"])
async def test_file_that_cannot_be_merged_is_named(renderer, blank_pdf, kind):
    content = b"%PDF-1.4 nothing"
    if kind == "encrypted":
        target = io.BytesIO()
        with pikepdf.open(io.BytesIO(blank_pdf)) as pdf:
            pdf.save(target, encryption=pikepdf.Encryption(user="x", owner="y"))
        content = target.getvalue()
    good = (await renderer.put(blank_pdf, "application/pdf")).model_dump()
    bad = (await renderer.put(content, "application/pdf")).model_dump()
    with pytest.raises(FileUnusableError) as wrong:
        await renderer.render(html="x", merge_after=[good, bad])
    assert wrong.value.field == "merge_after.1"


async def test_password_is_needed_and_rights_are_set(renderer):
    pdf = await renderer.pdf(html="x", protection={"password": "parolă", "allow": ["print"]})
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(pdf))
    with pikepdf.open(io.BytesIO(pdf), password="parolă") as read:
        assert read.encryption.R == 6
        assert read.allow.print_highres
        assert not read.allow.extract


async def test_metadata_is_written(renderer):
    words = {"title": "Act", "author": "Ț", "subject": "S", "keywords": ["unu", "doi"]}
    pdf = await renderer.pdf(html="x", metadata=words, created_at="2026-03-02T09:00:00Z")
    with pikepdf.open(io.BytesIO(pdf)) as read:
        assert str(read.docinfo["/Author"]) == "Ț"
        assert str(read.docinfo["/Keywords"]) == "unu, doi"
        assert str(read.docinfo["/CreationDate"]).startswith("D:20260302090000+00")
        with read.open_metadata() as xmp:
            assert xmp["dc:title"] == "Act"


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"template": "nimic"}, TemplateUnknownError, "template"),
        ({"template": "invoice", "data": {}}, TemplateDataError, "data.number"),
        ({"template": "efactura"}, TemplateDataError, "data"),
        ({"url": "https://example.com/"}, AddressForbiddenError, "url"),
        ({"url": "file:///etc/passwd"}, AddressForbiddenError, "url"),
        ({"html": "x", "scripts": True}, AddressForbiddenError, "scripts"),
        ({"html": "x", "timeout_seconds": 600}, DocumentTooHeavyError, "timeout_seconds"),
        (
            {"html": "x", "page": {"header_html": "<style>@import 'x'</style>"}},
            DocumentInvalidError,
            "page.header_html",
        ),
        (
            {"html": "x", "page": {"width_mm": 10, "height_mm": 10}},
            DocumentInvalidError,
            "page.margins",
        ),
        ({"html": "x", "wait": {"selector": "<<"}}, DocumentInvalidError, "wait.selector"),
        ({"html": "x", "protection": {"password": "a\0b"}}, DocumentInvalidError, "protection"),
    ],
)
async def test_what_cannot_be_is_told_with_its_field(renderer, fields, error, field):
    with pytest.raises(error) as wrong:
        await renderer.render(**fields)
    assert wrong.value.field == field


async def test_asset_whose_type_would_break_the_answer_is_refused_at_once(renderer):
    picture = (await renderer.put(PIXEL, "image/svg+xml")).model_dump()
    assets = [{"name": "a", "artifact": {**picture, "media_type": "image/png\r\nX: y"}}]
    with pytest.raises(DocumentInvalidError, match="control characters") as wrong:
        await renderer.render(html="<img src=a>", assets=assets)
    assert wrong.value.field == "assets.0.artifact"


@pytest.mark.parametrize("place", ["artifact", "assets.1.artifact", "merge_after.0"])
async def test_file_that_is_not_there_is_told_with_its_place(renderer, blank_pdf, place):
    kept = (await renderer.put(PIXEL, "text/html")).model_dump()
    gone = {**kept, "uri": f"{kept['uri'][:-70]}/aa/{'a' * 64}", "sha256": "a" * 64}
    fields = {
        "artifact": {"artifact": gone},
        "assets.1.artifact": {
            "html": "x",
            "assets": [
                {"name": "a", "artifact": {**kept, "media_type": "image/svg+xml"}},
                {"name": "b", "artifact": {**gone, "media_type": "image/svg+xml"}},
            ],
        },
        "merge_after.0": {"html": "x", "merge_after": [gone]},
    }[place]
    with pytest.raises(PermanentError) as wrong:
        await renderer.render(**fields)
    assert wrong.value.code.startswith("artifact_")
    assert wrong.value.field == place


async def test_long_invoice_does_not_stop_the_loop(renderer, invoice):
    invoice["lines"] *= 2500
    longest, before = 0.0, time.monotonic()

    async def beat():
        nonlocal longest, before
        while True:
            await asyncio.sleep(0)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()

    beating = asyncio.create_task(beat())
    started = time.monotonic()
    await renderer._rendering._source._filled(RenderPdf(template="invoice", data=invoice), None)
    took = time.monotonic() - started
    beating.cancel()
    assert longest < took / 2


async def test_limits_of_the_operator_hold(make_renderer, blank_pdf):
    renderer = await make_renderer(pages=2, input_mb=1)
    with pytest.raises(DocumentTooHeavyError, match="3 pages, the limit is 2"):
        await renderer.render(html="<p style='break-after: page'>x</p>" * 2 + "x")
    large = (await renderer.put(bytes(2**20 + 1), "image/png")).model_dump()
    with pytest.raises(DocumentTooHeavyError) as wrong:
        await renderer.render(html="x", assets=[{"name": "a.png", "artifact": large}])
    assert wrong.value.field == "assets.0.artifact"


async def test_same_command_gives_the_same_bytes(make_renderer, invoice):
    command = {
        "template": "invoice",
        "data": invoice,
        "deterministic": True,
        "tagged": True,
        "outline": True,
        "pdfa": "PDF/A-2b",
    }
    one, other = await make_renderer(), await make_renderer()
    await other.render(html="<h1>ceva</h1><p>înainte</p>")
    first = await one.render(**command)
    assert (await one.render(**command)).artifact == first.artifact
    assert (await other.render(**command)).artifact == first.artifact
