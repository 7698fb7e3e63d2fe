"""What was read, as the event and the artifact tell it. No I/O."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from workers_contracts.ocr import (
    Engine,
    FoundField,
    FullPage,
    ReadDocument,
    ReadPage,
    TextExtracted,
)
from workers_contracts.topology import MAX_MESSAGE_BYTES
from workers_contracts.types import ArtifactRef

from .errors import BY_PROBLEM, CorruptFileError
from .fields.told import Found
from .reading import Job

ROOM = MAX_MESSAGE_BYTES - 16_384
"""Bytes for the event's content: its envelope, headers and the journal's copy need some too."""


@dataclass(frozen=True)
class Source:
    """The document that was read."""

    sha256: str
    size: int
    media_type: str
    page_count: int


@dataclass(frozen=True)
class EngineFacts:
    """What read it: the library's version and the models' SHA-256."""

    version: str
    models: Mapping[str, str]


def source(job: Job, sha256: str, size: int) -> Source:
    """Return the facts of a document."""
    return Source(sha256, size, job.document.media_type, job.document.page_count)


@dataclass(frozen=True)
class Result:
    """All pages of a document, and the fields found in them."""

    source: Source
    pages: Sequence[FullPage]
    fields: Sequence[FoundField]

    warnings: Sequence[str] = ()
    """Of the whole document."""

    @classmethod
    def of(cls, document: Source, pages: Sequence[str], found: Found) -> "Result":
        """Put pages and the fields found in them together."""
        read = [FullPage.model_validate_json(page) for page in pages]
        fields = [FoundField.model_validate(one) for one in json.loads(found.fields)]
        return cls(document, read, fields, found.warnings)

    def refuse_when_nothing_was_read(self) -> None:
        """Raise the first page's error when every page failed."""
        errors = [page.error for page in self.pages]
        first = errors[0] if errors else None
        if first is None or not all(errors):
            return
        error = BY_PROBLEM.get(first.code.removeprefix("ocr_"), CorruptFileError)
        raise error(f"no page could be read; the first one: {first.message}")

    def as_json(self, engine: EngineFacts) -> bytes:
        """Return everything, for the artifact."""
        content = {
            "source": self._source().model_dump(mode="json"),
            "engine": self._engine(engine).model_dump(mode="json"),
            "pages": [page.model_dump(mode="json") for page in self.pages],
            "fields": [field.model_dump(mode="json") for field in self.fields],
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    def event(self, kept: ArtifactRef, engine: EngineFacts, reference: str | None) -> TextExtracted:
        """Return the event with as much of the result as a message holds."""
        text = "\f".join(page.text for page in self.pages)
        made = TextExtracted(
            reference=reference,
            sha256=self.source.sha256,
            status="partial" if any(page.error for page in self.pages) else "ok",
            source=self._source(),
            engine=self._engine(engine),
            pages=[ReadPage(**_summary(page)) for page in self.pages],
            lines=[page.lines for page in self.pages],
            text=text,
            fields=list(self.fields),
            warnings=[
                *self.warnings,
                *(f"page {page.number}: {one}" for page in self.pages for one in page.warnings),
            ],
            result=kept,
            extracted_at=datetime.now(UTC),
        )
        for left_out in ({"lines": None}, {"lines": None, "text": None}):
            if len(made.model_dump_json().encode()) <= ROOM:
                break
            made = made.model_copy(update=left_out)
        return made

    def _source(self) -> ReadDocument:
        return ReadDocument(
            sha256=self.source.sha256,
            size=self.source.size,
            media_type=self.source.media_type,
            page_count=self.source.page_count,
        )

    def _engine(self, engine: EngineFacts) -> Engine:
        if any(page.source == "ocr" for page in self.pages):
            return Engine(name="paddleocr", version=engine.version, models=dict(engine.models))
        return Engine(name="text_layer", version=engine.version, models={})


def _summary(page: FullPage) -> dict[str, object]:
    return {name: getattr(page, name) for name in ReadPage.model_fields}
