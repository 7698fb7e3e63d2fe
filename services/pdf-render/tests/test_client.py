"""Pages of allowed sites: fetched by the worker, with the same check for every part of them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from pdf_render.client import WebClient
from pdf_render.errors import (
    AddressForbiddenError,
    DocumentTooHeavyError,
    PageRefusedError,
    PageUnavailableError,
)


class Site:
    """A small web server."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.pages: dict[str, tuple[int, str, str]] = {}
        self.port = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        self.asked.append(path)
        status, headers, body = self.pages.get(path, (404, "", "nimic"))
        content = body.encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(content)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    html = "Content-Type: text/html; charset=utf-8\r\n"
    made.pages["/raport"] = (
        200, html, "<link rel=stylesheet href=s.css><p>bună</p><img src='http://127.0.0.1:1/x'>",
    )  # fmt: skip
    made.pages["/s.css"] = (200, "Content-Type: text/css\r\n", "p::after { content: ' ziua' }")
    made.pages["/mutat"] = (302, "Location: /raport\r\n", "")
    made.pages["/afara"] = (302, "Location: http://example.invalid/\r\n", "")
    made.pages["/stricat"] = (503, html, "nu acum")
    made.pages["/la-stricat"] = (302, "Location: /stricat\r\n", "")
    made.pages["/la-nimic"] = (302, "Location: /nimic\r\n", "")
    yield made
    server.close()
    await server.wait_closed()


async def test_page_of_an_allowed_site_is_printed_with_its_style(make_renderer, site, text_of):
    renderer = await make_renderer(allowed_origins=site.origin)
    event = await renderer.render(url=f"{site.origin}/raport#a")
    assert event.source == "url"
    assert "bună ziua" in text_of(await renderer.read(event.artifact))
    assert event.missing == ["http://127.0.0.1:1/x"]
    assert set(site.asked) == {"/raport", "/s.css"}


async def test_redirection_is_followed_inside_the_site_only(make_renderer, site, text_of):
    renderer = await make_renderer(allowed_origins=site.origin)
    assert "bună" in text_of(await renderer.pdf(url=f"{site.origin}/mutat"))
    with pytest.raises(AddressForbiddenError, match="may not be rendered"):
        await renderer.render(url=f"{site.origin}/afara")


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/lipsă", PageRefusedError),
        ("/stricat", PageUnavailableError),
        ("/la-nimic", PageRefusedError),
        ("/la-stricat", PageUnavailableError),
        # Chromium writes these in another way than they were given.
        ("", PageRefusedError),
        ("/lipsă?a='b'", PageRefusedError),
        ("/a|b", PageRefusedError),
    ],
)
async def test_refusal_of_the_site_is_told_and_never_printed(make_renderer, site, path, error):
    renderer = await make_renderer(allowed_origins=site.origin)
    with pytest.raises(error, match="the site answered with"):
        await renderer.render(url=site.origin + path)


async def test_silent_site_is_tried_again_later(make_renderer):
    renderer = await make_renderer(allowed_origins="http://127.0.0.1:9")
    with pytest.raises(PageUnavailableError, match=r"127\.0\.0\.1 does not answer"):
        await renderer.render(url="http://127.0.0.1:9/x")


@pytest.mark.parametrize(
    "url",
    [
        "https://reports.example.com.evil.example/",
        "https://reports.example.com@evil.example/",
        "https://evil.example/https://reports.example.com",
        "https://reports.example.com:8443/",
        "http://reports.example.com/",
        "https://reports.example.com./",
        "https://user@reports.example.com/",
        "file://reports.example.com/etc/passwd",
        "javascript:https://reports.example.com",
        "data:text/html,x",
        "//reports.example.com/",
        "reports.example.com",
        "https://reports.example.com\\@evil.example/",
        "https://reports.example.com%2eevil.example/",
        "https://169.254.169.254/",
        "https://[::1]/",
        "",
        "https://",
        "http\n://reports.example.com",
    ],
)
async def test_address_of_another_place_is_refused(url):
    async with WebClient(("https://reports.example.com",)) as web:
        with pytest.raises(AddressForbiddenError):
            web.allowed(url)
        assert await web.fetch(url) is None


async def test_address_of_an_allowed_place_is_kept_without_its_fragment():
    async with WebClient(("https://reports.example.com", "http://local:8080")) as web:
        assert (
            web.allowed("https://Reports.Example.com/a?b=c#d")
            == "https://reports.example.com/a?b=c"
        )
        assert web.allowed("https://reports.example.com:443/") == "https://reports.example.com/"
        assert web.allowed("http://local:8080/x")


async def test_large_answer_is_given_up(site):
    site.pages["/mare"] = (200, "Content-Type: text/html\r\n", "x" * 5000)
    async with WebClient((site.origin,), largest=1000) as web:
        with pytest.raises(DocumentTooHeavyError, match="answer is over"):
            await web.fetch(f"{site.origin}/mare")
