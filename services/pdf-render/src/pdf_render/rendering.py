"""The way through: prepare, print, finish, store, tell."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from workers_contracts.pdf import PdfRendered, RenderPdf
from workers_runtime.artifacts import Artifacts

from .apart import finish_apart
from .chromium import Chromium, Printed
from .errors import AssetMissingError, DocumentTooHeavyError
from .finishing import Finished, Parts, finish
from .sources import Budget, Source

_NAMED = 5
_PYTHON_BYTES = 512 * 2**20
"""Addresses that a Python with its libraries takes before it does anything."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The operator's limits."""

    seconds: float = 30.0
    input_bytes: int = 32 * 2**20
    output_bytes: int = 64 * 2**20
    pages: int = 2000
    document_bytes: int = 1024 * 2**20


class Rendering:
    """Turns commands into stored PDFs."""

    def __init__(
        self, chromium: Chromium, source: Source, artifacts: Artifacts, bounds: Bounds
    ) -> None:
        self._chromium = chromium
        self._source = source
        self._artifacts = artifacts
        self._bounds = bounds

    async def render(self, command: RenderPdf) -> PdfRendered:
        """Make the PDF. Raises what `errors` names."""
        budget = Budget(self._artifacts, self._bounds.input_bytes)
        job = await self._source.job(command, budget)
        printed = await self._chromium.print(job, self._seconds(command))
        if printed.missing and command.strict_assets:
            named = ", ".join(printed.missing[:_NAMED])
            raise AssetMissingError(
                f"not given: {named}; put them into assets, or leave strict_assets out"
            )
        parts = await _parts(command, printed, budget)
        finished = await self._finished(command, parts)
        self._check(finished)
        artifact = await self._artifacts.put(
            finished.pdf, media_type="application/pdf", suffix=".pdf"
        )
        return PdfRendered(
            reference=command.reference,
            artifact=artifact,
            pages=finished.pages,
            source=_kind(command),
            template=command.template,
            pdfa=command.pdfa,
            tagged=finished.tagged,
            encrypted=command.protection is not None,
            missing=list(printed.missing),
            rendered_at=datetime.now(UTC),
        )

    async def _finished(self, command: RenderPdf, parts: Parts) -> Finished:
        if not (parts.before or parts.after):
            return await asyncio.to_thread(finish, command, parts)
        memory = self._bounds.document_bytes + _PYTHON_BYTES
        return await finish_apart(command, parts, seconds=self._seconds(command), memory=memory)

    def _seconds(self, command: RenderPdf) -> float:
        asked = command.timeout_seconds
        if asked is not None and asked > self._bounds.seconds:
            raise DocumentTooHeavyError(
                f"{asked:g} s is over the operator's limit of {self._bounds.seconds:g} s "
                "(PDF_RENDER_SECONDS)",
                field="timeout_seconds",
            )
        return asked or self._bounds.seconds

    def _check(self, finished: Finished) -> None:
        if finished.pages > self._bounds.pages:
            raise DocumentTooHeavyError(
                f"the PDF has {finished.pages} pages, the limit is {self._bounds.pages}"
            )
        if len(finished.pdf) > self._bounds.output_bytes:
            raise DocumentTooHeavyError(f"the PDF is over {self._bounds.output_bytes // 2**20} MiB")


async def _parts(command: RenderPdf, printed: Printed, budget: Budget) -> Parts:
    before = [
        await budget.get(one, f"merge_before.{number}")
        for number, one in enumerate(command.merge_before)
    ]
    after = [
        await budget.get(one, f"merge_after.{number}")
        for number, one in enumerate(command.merge_after)
    ]
    attached = [
        await budget.get(one.artifact, f"attachments.{number}.artifact")
        for number, one in enumerate(command.attachments)
    ]
    return Parts(printed.pdf, before, after, attached)


def _kind(command: RenderPdf) -> Literal["html", "artifact", "url", "template"]:
    if command.template:
        return "template"
    if command.url:
        return "url"
    return "html" if command.html is not None else "artifact"
