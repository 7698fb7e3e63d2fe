"""The worker's parts with real processes and a real Redis; pages are made of one line of print."""

import asyncio
import base64
import io
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from ocr.app import _extraction
from ocr.client import Processes
from ocr.config import Settings
from ocr.engine.selftest import TEXT
from ocr.extraction import Extraction
from ocr.handlers import continue_extraction, extract_text
from ocr.scratch import Scratch
from workers_contracts.ocr import ContinueExtraction, ExtractText, TextExtracted
from workers_contracts.types import ArtifactRef
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.redis_pool import connect

LINE = TEXT


@pytest.fixture(scope="session")
def line() -> Image.Image:
    """A line of Romanian print, grey."""
    return Image.open(io.BytesIO((files("ocr") / "selftest.png").read_bytes())).convert("L")


@pytest.fixture(scope="session")
def paper(line: Image.Image) -> Image.Image:
    """A page with the line in three rows and two columns."""
    page = Image.new("L", (2 * line.width + 80, 3 * line.height + 120), 255)
    for row in range(3):
        for column in range(2):
            page.paste(line, (20 + column * (line.width + 40), 30 + row * (line.height + 20)))
    return page


Saved = Callable[..., bytes]


@pytest.fixture
def saved() -> Saved:
    """Return an image as a file's bytes."""

    def save(image: Image.Image, kind: str = "PNG", **options) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return save


@pytest.fixture
def pdf() -> Callable[..., bytes]:
    """Return a PDF with these many empty pages, or one picture a page."""

    def make(pages: int = 1, picture: Image.Image | None = None) -> bytes:
        buffer = io.BytesIO()
        if picture is not None:
            copies = [picture] * (pages - 1)
            picture.save(buffer, "PDF", save_all=True, append_images=copies, resolution=200)
            return buffer.getvalue()
        document = pypdfium2.PdfDocument.new()
        for _ in range(pages):
            document.new_page(595, 842)
        document.save(buffer)
        return buffer.getvalue()

    return make


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Two recognising processes for all tests: loading the libraries takes seconds."""
    made = Processes(recognisers=2, recycle=500, megabytes=2048)
    yield made
    asyncio.run(made.close())


@dataclass
class Desk:
    """A worker without its bus: handlers are called as the kernel would."""

    extraction: Extraction
    artifacts: Artifacts
    settings: Settings
    task: Task

    async def send(self, document: bytes | None = None, /, **fields):
        """Hand in a document; returns what the handler returns."""
        if document is not None and len(document) <= 150_000:
            fields["content"] = base64.b64encode(document).decode()
        elif document is not None:
            fields["artifact"] = await self.keep(document)
        return await extract_text(ExtractText(**fields), self.task, self.extraction)

    async def keep(self, content: bytes) -> ArtifactRef:
        """Store a document."""
        return await self.artifacts.put(content, media_type="application/octet-stream")

    async def read(self, content: bytes, **fields) -> TextExtracted:
        """Hand in a short document and return its event."""
        event = await self.send(content, **fields)
        assert isinstance(event, TextExtracted)
        return event

    async def go_on(self, command: ContinueExtraction):
        """Do the follow-up of a long document."""
        return await continue_extraction(command, self.task, self.extraction)

    def of_tenant(self, tenant: str) -> "Desk":
        """Return the same for another tenant."""
        return replace(self, task=replace(self.task, tenant=tenant))


MakeDesk = Callable[..., Desk]


@pytest.fixture
async def make_desk(
    redis_url: str, tmp_path: Path, processes: Processes
) -> AsyncIterator[MakeDesk]:
    """Make workers; further settings by keyword."""
    closing = []

    def make(processes: Processes = processes, **changes) -> Desk:
        settings = Settings(
            rmq_url="amqp://127.0.0.1:1/",
            redis_url=redis_url,
            artifacts_url=f"file://{tmp_path}/artifacts",
            preload=False,
            **changes,
        )
        state, scratch = connect(redis_url), Scratch()
        closing.append((state, scratch))
        extraction = _extraction(settings, processes, state, scratch)
        now = int(time.time() * 1000)
        task = Task(str(uuid.uuid4()), "c", "t", attempt=1, in_doubt=False, first_seen_ms=now)
        return Desk(extraction, Artifacts(settings.artifacts_url), settings, task)

    yield make
    for state, scratch in closing:
        scratch.close()
        await state.aclose()


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """A worker with the usual settings."""
    return make_desk()
