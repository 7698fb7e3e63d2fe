"""A document from command to event; a long one in parts, so that short ones need not wait."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from workers_contracts.ocr import (
    ContinueExtraction,
    ExtractionProgressed,
    ExtractText,
    ReadingOptions,
)
from workers_contracts.types import ArtifactRef
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.logs import get_logger
from workers_runtime.router import After, Outcome

from . import result
from .engine.values import Options
from .pages import wanted
from .reading import Budget, Reader
from .source import content_of

_log = get_logger(__name__)
_ROMANIAN_HEAD = frozenset({"ro", "en"})
_OPTIONS = frozenset(ReadingOptions.model_fields)


@dataclass(frozen=True)
class Allowed:
    """What one document may take: bytes, pages, pages at a time, seconds."""

    content: int
    pages: int
    part: int
    seconds: float


class Extraction:
    """Reads documents.

    Args:
        versions: of the engine, for the event.
        hashes: SHA-256 of the models by name.
    """

    def __init__(
        self,
        reader: Reader,
        artifacts: Artifacts,
        allowed: Allowed,
        *,
        engine: result.EngineFacts,
    ) -> None:
        self._reader = reader
        self._artifacts = artifacts
        self._allowed = allowed
        self._engine = engine

    async def begin(self, command: ExtractText, task: Task) -> Outcome:
        """Read a document, or the first part of a long one."""
        return await self._part(command, task, spent=0.0)

    async def carry_on(self, command: ContinueExtraction, task: Task) -> Outcome:
        """Read the next part of a long document."""
        return await self._part(command, task, spent=command.spent_seconds)

    async def _part(
        self, command: ExtractText | ContinueExtraction, task: Task, *, spent: float
    ) -> Outcome:
        content = await content_of(command, self._artifacts, limit=self._allowed.content)
        sha256 = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        job = await self._reader.open(
            content,
            tenant=task.tenant,
            sha256=sha256,
            options=options_of(command),
            field="artifact" if command.artifact else "content",
        )
        try:
            numbers = wanted(command.pages, job.document.page_count, self._allowed.pages)
            found = await self._reader.kept(
                job, numbers, failed=isinstance(command, ContinueExtraction)
            )
            missing = [number for number in numbers if number not in found]
            part = missing[: self._allowed.part]
            more = len(missing) > len(part)
            budget = Budget(self._allowed.seconds, spent)
            found |= await self._reader.read(job, part, budget, needed=more)
        finally:
            self._reader.close(job)
        source = result.source(job, sha256, len(content))
        if not more:
            return await self._finished(command, source, numbers, found)
        left = command.artifact or await self._artifacts.put(
            content, media_type=job.document.media_type
        )
        done = len(numbers) - len(missing) + len(part)
        _log.info("part extracted", pages=done, wanted=len(numbers))
        return [
            ExtractionProgressed(
                reference=command.reference,
                sha256=sha256,
                pages_done=done,
                pages_wanted=len(numbers),
            ),
            _follow_up(command, left, budget.spent, f"{done} of {len(numbers)} pages are read"),
        ]

    async def _finished(
        self,
        command: ReadingOptions,
        source: result.Source,
        numbers: list[int],
        found: Mapping[int, str],
    ) -> Outcome:
        texts = [found[number] for number in numbers]
        # Long documents are a megabyte of JSON: not in the event loop.
        made = await asyncio.to_thread(
            result.Result.of, source, texts, await self._reader.fields(texts, command.document)
        )
        made.refuse_when_nothing_was_read()
        kept = await self._artifacts.put(
            made.as_json(self._engine), media_type="application/json", suffix=".json"
        )
        sources = {page.source or "failed" for page in made.pages}
        _log.info("text extracted", pages=len(numbers), sources=sorted(sources))
        return await asyncio.to_thread(made.event, kept, self._engine, command.reference)


def options_of(command: ReadingOptions) -> Options:
    """Return how the pages are read."""
    romanian = set(command.languages) <= _ROMANIAN_HEAD
    return Options(
        mode=command.mode,
        charset="rec_ro" if romanian else "rec_latin",
        min_confidence=command.min_confidence,
        words=command.words,
        romanian="ro" in command.languages,
    )


def _follow_up(command: ReadingOptions, artifact: ArtifactRef, spent: float, reason: str) -> After:
    options = {name: getattr(command, name) for name in _OPTIONS}
    follow_up = ContinueExtraction(artifact=artifact, spent_seconds=round(spent, 3), **options)
    return After(follow_up, 0.0, reason=reason)
