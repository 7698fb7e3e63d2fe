"""No document reaches a network or a local file, with scripts on and with interception away.

A listener on loopback takes connections and datagrams: it must hear nothing. Both layers are
tried: the worker's own (requests answered from the bundle) and Chromium's flags alone.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pdf_render.chromium import Asset, Job
from pdf_render.chromium.job import ORIGIN
from pdf_render.chromium.requests import Requests
from pdf_render.errors import DocumentInvalidError

SECRET = "Taina-din-fișier-41"

# Each shape reaches out in its own way; {h} is http, {w} ws, {f} a local file.
MARKUP = {
    "image": "<img src='{h}'>",
    "image set": "<img srcset='{h} 1x, {h} 2x'>",
    "picture": "<picture><source srcset='{h}'><img></picture>",
    "lazy image": "<img loading=lazy src='{h}'>",
    "style sheet": "<link rel=stylesheet href='{h}'>",
    "import": "<style>@import '{h}';</style>",
    "background": "<p style=\"background: url('{h}')\">x</p>",
    "list image": "<ul style=\"list-style-image: url('{h}')\"><li>x</ul>",
    "content": "<style>p::before {{ content: url('{h}') }}</style><p>x</p>",
    "cursor": "<p style=\"cursor: url('{h}'), auto\">x</p>",
    "mask": "<p style=\"mask-image: url('{h}'); -webkit-mask-image: url('{h}')\">x</p>",
    "border": "<p style=\"border-image: url('{h}') 1\">x</p>",
    "shape": "<p style=\"float: left; shape-outside: url('{h}')\">x</p>",
    "filter": "<p style=\"filter: url('{h}#a')\">x</p>",
    "font": "<style>@font-face {{ font-family: a; src: url('{h}') }} p {{ font-family: a }}"
    "</style><p>x</p>",
    "frame": "<iframe src='{h}'></iframe>",
    "frame document": "<iframe srcdoc=\"<img src='{h}'>\"></iframe>",
    "object": "<object data='{h}'></object>",
    "embed": "<embed src='{h}'>",
    "video": "<video src='{h}' poster='{h}' autoplay></video>",
    "audio": "<audio src='{h}' autoplay></audio>",
    "track": "<video><track default src='{h}'></video>",
    "svg image": "<svg><image href='{h}' width=9 height=9 /></svg>",
    "svg use": "<svg><use href='{h}#a' /></svg>",
    "svg foreign": "<svg><foreignObject width=9 height=9><img src='{h}'></foreignObject></svg>",
    "icon": "<link rel=icon href='{h}'>",
    "preload": "<link rel=preload as=image href='{h}'>",
    "prefetch": "<link rel=prefetch href='{h}'>",
    "preconnect": "<link rel=preconnect href='{h}'>",
    "name": "<link rel=dns-prefetch href='{h}'>",
    "module": "<link rel=modulepreload href='{h}'>",
    "manifest": "<link rel=manifest href='{h}'>",
    "base": "<base href='{h}/'><img src='a.png'>",
    "form": "<form action='{h}'><input autofocus></form>",
    "ping": "<a href='#a' ping='{h}'>x</a>",
    "report": "<meta http-equiv='Content-Security-Policy' content=\"img-src 'none'; "
    "report-uri {h}\"><img src='a.png'>",
    "table background": "<table background='{h}'><tr><td>x</table>",
    "local image": "<img src='{f}'>",
    "local frame": "<iframe src='{f}'></iframe>",
    "local object": "<object data='{f}'></object>",
}
SCRIPTS = {
    "script": "<script src='{h}'></script>",
    "fetch": "<script>fetch('{h}', {{mode: 'no-cors'}})</script>",
    "xhr": "<script>x = new XMLHttpRequest(); x.open('GET', '{h}'); x.send()</script>",
    "beacon": "<script>navigator.sendBeacon('{h}', 'a')</script>",
    "socket": "<script>new WebSocket('{w}')</script>",
    "events": "<script>new EventSource('{h}')</script>",
    "worker": "<script>new Worker(URL.createObjectURL(new Blob([\"fetch('{h}')\"])))</script>",
    "shared worker": "<script>new SharedWorker('data:text/javascript,fetch(\"{h}\")')</script>",
    "service worker": "<script>navigator.serviceWorker?.register('/sw.js')</script>",
    "import()": "<script>import('{h}')</script>",
    "rtc": "<script>p = new RTCPeerConnection({{iceServers: [{{urls: 'stun:{a}'}}]}});"
    "p.createDataChannel('a'); p.createOffer().then(o => p.setLocalDescription(o))</script>",
    "transport": "<script>new WebTransport('https://{a}/')</script>",
    "window": "<script>open('{h}')</script>",
    "form sent": "<form id=f method=post action='{h}'></form><script>f.submit()</script>",
    "image object": "<script>new Image().src = '{h}'</script>",
    "file read": "<script>fetch('{f}').then(r => r.text()).then(t => document.body.append(t))"
    "</script>",
}


@dataclass
class Listener:
    """Everything that arrives at a port of this machine."""

    port: int
    heard: list[str] = field(default_factory=list)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    tcp, udp = same_port()
    found = Listener(udp.getsockname()[1])

    class Datagrams(asyncio.DatagramProtocol):
        def datagram_received(self, data, addr):
            found.heard.append(f"datagram of {addr}")

    async def connected(_reader, writer):
        found.heard.append("connection")
        writer.close()

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Datagrams, sock=udp)
    server = await asyncio.start_server(connected, sock=tcp)
    yield found
    transport.close()
    server.close()
    await server.wait_closed()


def same_port() -> tuple[socket.socket, socket.socket]:
    """A TCP and a UDP socket on one port: free for one, it may be taken for the other."""
    for _ in range(100):
        tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
        else:
            return tcp, udp
    pytest.fail("no port is free for TCP and UDP")


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A file that everybody may read."""
    file = tmp_path / "secret.txt"
    file.write_text(SECRET)
    for one in (*tmp_path.parents[:3], tmp_path):
        one.chmod(0o755)
    return file


def filled(shape: str, port: int, file: Path) -> str:
    place = f"127.0.0.1:{port}"
    return shape.format(h=f"http://{place}/x", w=f"ws://{place}/x", a=place, f=file.as_uri())


async def test_listener_would_hear(listener):
    _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"x", ("127.0.0.1", listener.port))
    for _ in range(100):
        if len(listener.heard) == 2:
            break
        await asyncio.sleep(0.01)
    assert len(listener.heard) == 2


@pytest.mark.parametrize("layer", ["bundle", "flags"])
async def test_nothing_gets_out(browser, listener, secret_file, job, text_of, monkeypatch, layer):
    """All shapes in parallel; with `flags` every request goes on to Chromium's own network."""
    if layer == "flags":
        monkeypatch.setattr(Requests, "_paused", _let_through)
    shapes = [(shape, False) for shape in MARKUP.values()]
    shapes += [(shape, True) for shape in SCRIPTS.values()]

    async def printed(shape: str, scripts: bool) -> str:
        html = f"<p>început</p>{filled(shape, listener.port, secret_file)}"
        made = job(html, scripts=scripts) if layer == "bundle" else _open(html, scripts)
        try:
            return text_of((await browser.print(made, 30)).pdf)
        except DocumentInvalidError as error:  # a form that is sent
            return str(error)

    texts = await asyncio.gather(*(printed(*one) for one in shapes))
    assert listener.heard == []
    assert all(SECRET not in text for text in texts)
    assert sum("început" in text for text in texts) >= len(texts) - 2  # a sent form leads away


def _open(html: str, scripts: bool) -> Job:
    """A document without a policy: nothing but the flags is between it and the network."""
    return Job({ORIGIN: Asset("text/html; charset=utf-8", html.encode())}, scripts=scripts)


def _let_through(self: Requests, event: dict) -> None:
    held = self._job.files.get(event["request"]["url"])
    if held is not None:
        self._tell(event["requestId"], event["request"]["url"], held)
    else:
        self._session.send("Fetch.continueRequest", {"requestId": event["requestId"]})


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:{port}/x", "http://localhost:{port}/x", "http://[::ffff:127.0.0.1]:{port}/"],
)
async def test_what_was_refused_is_named(browser, listener, job, address):
    url = address.format(port=listener.port)
    printed = await browser.print(job(f"<img src='{url}'>"), 10)
    assert len(printed.missing) == 1
    assert listener.heard == []


async def test_scripts_are_off(browser, job, text_of):
    html = "<p id=a>fără</p><script>a.textContent = 'script'</script><img src=x onerror='a=1'>"
    assert "fără" in text_of((await browser.print(job(html), 10)).pdf)
    assert "script" in text_of((await browser.print(job(html, scripts=True), 10)).pdf)


async def test_documents_know_nothing_of_each_other(browser, job, text_of):
    write = "<script>localStorage.a = 'urmă'; document.cookie = 'b=urmă'</script><p>x</p>"
    read = "<p id=a></p><script>a.textContent = `[${localStorage.a}] [${document.cookie}]`</script>"
    await browser.print(job(write, scripts=True), 10)
    text = text_of((await browser.print(job(read, scripts=True), 10)).pdf)
    assert "urmă" not in text
    assert "[undefined]" in text
