"""From a command to what Chromium opens: the document, its files, and where it lies."""

import asyncio
from dataclasses import dataclass
from typing import Any

from workers_contracts.pdf import RenderPdf
from workers_contracts.types import ArtifactRef
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import PermanentError

from .chromium import Asset, Job, Waits
from .chromium.job import ORIGIN
from .chromium.requests import policy
from .client import WebClient
from .errors import AddressForbiddenError, DocumentInvalidError, DocumentTooHeavyError
from .printing import print_options
from .templating import Look, Templates

_SHOWN = ("image/", "font/", "text/css", "application/font", "application/vnd.ms-fontobject")
_SCRIPTS = ("text/javascript", "application/javascript", "application/json")


class Budget:
    """What a command may still bring along, in bytes."""

    def __init__(self, artifacts: Artifacts, limit: int) -> None:
        self._artifacts = artifacts
        self._limit = limit
        self._left = limit

    async def get(self, reference: ArtifactRef, where: str) -> bytes:
        """Read an artifact.

        Raises:
            DocumentTooHeavyError: all together are too large.
            PermanentError: it is missing, changed or not ours to read; with its field.
        """
        if reference.size > self._left:
            raise DocumentTooHeavyError(
                f"document, assets and PDFs to merge are over {self._limit // 2**20} MiB together",
                field=where,
            )
        self._left -= reference.size
        try:
            return await self._artifacts.get(reference, limit=reference.size)
        except PermanentError as error:
            error.field = error.field or where
            raise


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents come from."""

    web: WebClient
    templates: Templates
    scripts: bool
    largest: int
    """Bytes of the PDF."""

    async def job(self, command: RenderPdf, budget: Budget) -> Job:
        """Prepare a command. Raises PermanentError with the field that is wrong."""
        if command.scripts and not self.scripts:
            raise AddressForbiddenError(
                "scripts may not run here: leave scripts out, or the operator sets "
                "PDF_RENDER_SCRIPTS",
                field="scripts",
            )
        common: dict[str, Any] = {
            "scripts": command.scripts,
            "media": command.media,
            "waits": _waits(command),
            "single_page": command.page.single_page,
            "largest": self.largest,
        }
        files = await _assets(command, budget)
        if command.url is not None:
            url = self.web.allowed(command.url)
            return Job(files, print_options(command), url, self._fetch, **common)
        look = await self._document(command, budget)
        headers = {"Content-Security-Policy": policy(scripts=command.scripts)}
        files[ORIGIN] = Asset("text/html; charset=utf-8", look.html, headers=headers)
        return Job(files, print_options(command, look.margins, look.footer), **common)

    async def _fetch(self, url: str, main: bool) -> Asset | None:
        """Get the page strictly, and what it shows leniently."""
        return await (self.web.page(url) if main else self.web.fetch(url))

    async def _document(self, command: RenderPdf, budget: Budget) -> Look:
        if command.html is not None:
            return Look(command.html.encode())
        accepted = self.templates.archive(command)
        if accepted is not None:
            return await self._filled(command, await budget.get(accepted, "data.accepted"))
        content = await budget.get(command.artifact, "artifact") if command.artifact else None
        if command.template is not None:
            return await self._filled(command, content)
        if content is None or command.artifact is None:
            raise DocumentInvalidError("there is no document", field="artifact")
        if command.artifact.media_type.split(";")[0] not in ("text/html", "application/xhtml+xml"):
            raise DocumentInvalidError(
                f"only text/html is rendered, not {command.artifact.media_type}", field="artifact"
            )
        return Look(content)

    async def _filled(self, command: RenderPdf, content: bytes | None) -> Look:
        # Thousands of lines take a second: the worker's heart must go on beating.
        return await asyncio.to_thread(self.templates.render, command, content)


async def _assets(command: RenderPdf, budget: Budget) -> dict[str, Asset]:
    allowed = (*_SHOWN, *_SCRIPTS) if command.scripts else _SHOWN
    files = {}
    for number, asset in enumerate(command.assets):
        where = f"assets.{number}.artifact"
        media_type = asset.artifact.media_type
        if not media_type.isprintable():
            # Chromium would take no answer with such a header, and wait for another.
            raise DocumentInvalidError("its media_type has control characters", field=where)
        if not media_type.startswith(allowed):
            raise DocumentInvalidError(
                f"an asset is an image, a font or a style sheet, not {media_type}", field=where
            )
        content = await budget.get(asset.artifact, where)
        files[ORIGIN + asset.name] = Asset(media_type, content)
    return files


def _waits(command: RenderPdf) -> Waits:
    wait = command.wait
    return Waits(wait.delay_seconds, wait.idle, wait.selector, wait.expression)
