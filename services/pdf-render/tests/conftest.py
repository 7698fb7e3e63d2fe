"""A real Chromium, shared by the session, and the worker's parts around it."""

import asyncio
import io
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pikepdf
import psutil
import pytest

from pdf_render.app import chromium_of, rendering_of
from pdf_render.chromium import Asset, Chromium, Job, Limits
from pdf_render.chromium.job import ORIGIN
from pdf_render.chromium.process import Launch
from pdf_render.chromium.requests import policy
from pdf_render.client import WebClient
from pdf_render.config import Settings
from workers_contracts.pdf import PdfRendered, RenderPdf
from workers_contracts.types import ArtifactRef
from workers_runtime.artifacts import Artifacts

PARTY = {"name": "Furnizor Test SRL", "cui": "RO12345674", "address": ["Strada Exemplului nr. 1"]}


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a worker; further ones by keyword."""

    def make(**values) -> Settings:
        fixed = {"rmq_url": "amqp://127.0.0.1:1/", "artifacts_url": f"file://{tmp_path}/artifacts"}
        return Settings(**{**fixed, **values})

    return make


class Renderer:
    """The worker without its bus."""

    def __init__(self, settings: Settings, chromium: Chromium, web: WebClient) -> None:
        self.chromium = chromium
        self.artifacts = Artifacts(settings.artifacts_url)
        self._rendering = rendering_of(settings, chromium, web)

    async def render(self, **fields) -> PdfRendered:
        """Render a command."""
        return await self._rendering.render(RenderPdf(**fields))

    async def pdf(self, **fields) -> bytes:
        """Render a command; the PDF's bytes."""
        return await self.read((await self.render(**fields)).artifact)

    async def read(self, artifact: ArtifactRef) -> bytes:
        """The bytes of an artifact."""
        return await self.artifacts.get(artifact, limit=2**30)

    async def put(self, content: bytes, media_type: str) -> ArtifactRef:
        """Store an artifact."""
        return await self.artifacts.put(content, media_type=media_type)


@pytest.fixture
async def make_renderer(chromium: Path, settings) -> AsyncIterator[Callable[..., Renderer]]:
    """Make renderers with settings of their own; each ends with its browser."""
    closing = []

    async def make(**values) -> Renderer:
        own = settings(chromium_path=chromium, seconds=20, **values)
        web = await WebClient(own.allowed_origins).__aenter__()
        browser = chromium_of(own)
        closing.extend([browser.close, lambda: web.__aexit__(None, None, None)])
        return Renderer(own, browser, web)

    yield make
    for close in closing:
        await close()


@pytest.fixture
async def renderer(make_renderer) -> Renderer:
    """A renderer as it is by default."""
    return await make_renderer()


@pytest.fixture
async def browser(chromium: Path) -> AsyncIterator[Chromium]:
    """A browser of this test's own."""
    made = Chromium(Launch(chromium), Limits())
    yield made
    await made.close()


@pytest.fixture
def job() -> Callable[..., Job]:
    """Make a job of an HTML text and assets."""

    def make(html: str, assets: dict[str, Asset] | None = None, **values) -> Job:
        headers = {"Content-Security-Policy": policy(scripts=values.get("scripts", False))}
        files = {ORIGIN: Asset("text/html; charset=utf-8", html.encode(), headers=headers)}
        files |= {ORIGIN + name: asset for name, asset in (assets or {}).items()}
        return Job(files, **values)

    return make


@pytest.fixture(scope="session")
def text_of() -> Callable[[bytes], str]:
    """Read a PDF's text with pdftotext of poppler; skips where that is missing."""
    program = shutil.which("pdftotext")

    def read(pdf: bytes) -> str:
        if program is None:
            reason = "needs pdftotext: install the package poppler-utils, or run `./justw servers`"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        command = [program, "-layout", "-", "-"]
        return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()

    return read


@pytest.fixture
def blank_pdf() -> bytes:
    """A PDF of one empty A5 page."""
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(420, 595))
        pdf.save(target)
    return target.getvalue()


@pytest.fixture
def invoice() -> dict:
    """Data of the invoice template."""
    return {
        "number": "PMX-2026-0001",
        "issue_date": "2026-03-02",
        "due_date": "2026-04-01",
        "seller": PARTY,
        "buyer": {"name": "Client Test SA", "cui": "RO87654329"},
        "lines": [
            {
                "name": "Țeavă înfășurată",
                "quantity": "3",
                "unit": "m",
                "price": "1000",
                "vat_rate": "21",
            },
            {"name": "Carte", "quantity": "1", "unit": "buc", "price": "89.9", "vat_rate": "11"},
        ],
        "notes": ["Ștefan Țuțuianu"],
    }


@pytest.fixture
def family() -> Callable[[int], list[psutil.Process]]:
    """Every process below a browser, and itself."""

    def find(pid: int) -> list[psutil.Process]:
        return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]

    return find


@pytest.fixture
def all_gone() -> Callable[..., object]:
    """Wait until processes are gone; nobody may be left as a zombie of ours."""

    async def wait(processes: list[psutil.Process], seconds: float = 5) -> None:
        for _ in range(int(seconds / 0.05)):
            left = [one for one in processes if one.is_running()]
            if not left:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"still there: {left}")

    return wait
