"""Documents made to break the worker: each ends in time with its reason, the next one is good."""

import contextlib
import time

import pytest

from pdf_render.chromium import Asset, Waits
from pdf_render.errors import DocumentInvalidError
from workers_runtime.errors import PermanentError

NESTED = "<div>" * 20_000 + "x"
BOMBS = {
    "deep nesting": NESTED,
    "endless table": "<table>" + "<tr><td>x</td></tr>" * 150_000,
    "huge box": "<div style='height: 100000000px; background: red'>x</div>",
    "many floats": "<p style='float: left'>x</p>" * 50_000,
    "styles": "<style>" + "".join(f"*:nth-child({n}) *+* {{ color: red }}" for n in range(2000))
    + "</style>" + "<p><b>x</b></p>" * 5000,
    "svg filters": "<svg width=9999 height=9999><filter id=a>"
    + "<feTurbulence numOctaves=9 />" * 99
    + "</filter><rect width=9999 height=9999 filter='url(#a)' /></svg>",
    "columns": "<div style='columns: 2000'>" + "<p>x</p>" * 20_000 + "</div>",
    "grid": "<div style='display: grid; grid-template-columns: repeat(1000, 1px)'>"
    + "<i style='grid-row: span 9999'>x</i>" * 500 + "</div>",
    "counters": "<style>p::before { counter-increment: a; content: counters(a, '.') }</style>"
    + "<p>" * 3000,
    "soft hyphens": "&shy;".join("x" * 200_000),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
async def test_bomb_ends_in_time_and_the_next_document_is_good(browser, job, name):
    await browser.problem()
    started = time.monotonic()
    with contextlib.suppress(PermanentError):
        await browser.print(job(BOMBS[name], largest=4 * 2**20), 2)
    assert time.monotonic() - started < 2 + 4
    assert (await browser.print(job("<p>next</p>"), 10)).pdf


@pytest.mark.parametrize(
    "html",
    [
        "<meta http-equiv=refresh content='0'>",
        "<meta http-equiv=refresh content='0; url=https://example.com/'>",
        "<meta http-equiv=refresh content='0; url=other.html'>",
    ],
)
async def test_document_that_leads_away_is_refused(browser, job, html):
    with pytest.raises(DocumentInvalidError, match="leads to another page"):
        await browser.print(job(html, waits=Waits(delay=2)), 10)


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(1000)),
        ("image/png", b""),
        (
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>while(1);</script></svg>",
        ),
        ("image/svg+xml", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>"),
        ("font/woff2", b"wOF2" + bytes(100)),
        ("text/css", b"@import 'http://127.0.0.1/a'; p { color: expression(1) }"),
        ("text/html", b"<script>parent.document.body.remove()</script>"),
    ],
)
async def test_asset_that_is_something_else_harms_nobody(
    browser, job, text_of, media_type, content
):
    html = (
        "<link rel=stylesheet href=a><style>@font-face { font-family: f; src: url(a) }</style>"
        "<p style='font-family: f'>bine</p><img src=a><iframe src=a></iframe>"
    )
    printed = await browser.print(job(html, {"a": Asset(media_type, content)}), 10)
    assert "bine" in text_of(printed.pdf)


@pytest.mark.parametrize(
    "html",
    [
        "",
        "\x00\x01\x02",
        "<",
        "<!--",
        "<html manifest=x><body onload=alert(1)>",
        "<plaintext>" + "x" * 10_000,
        "<title>" + "ț" * 100_000,
        "&#xD800;&#x110000;&#x202e;&#x202d;",
    ],
)
async def test_strange_text_is_printed_all_the_same(renderer, html):
    event = await renderer.render(html=html or " ")
    assert event.pages >= 1
