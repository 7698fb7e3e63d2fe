"""OCR: read the text of an image or PDF, with its places, and the fields of an invoice."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from .base import Command, Event, Failed
from .types import ArtifactRef, Sha256, UtcDateTime, Value

MAX_INLINE = 240_000
"""Characters of base64 that a message can hold beside everything else."""

Language = Literal["ro", "en", "de", "es", "fr", "hu", "it", "pl", "pt", "tr"]
Point = tuple[float, float]
Polygon = Annotated[
    list[Point],
    Field(
        min_length=4,
        max_length=4,
        description="Four corners from the text's top left, clockwise, in the page's unit; "
        "the origin is the page's top left.",
    ),
]
Score = Annotated[float, Field(ge=0, le=1)]


class ReadingOptions(Command):
    """How a document is read; the fields that a command and its follow-ups share."""

    reference: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Yours; told back with the result, for example a number or a file's name.",
    )
    mode: Literal["auto", "ocr", "text"] = Field(
        default="auto",
        description="For PDF pages. auto: a usable text layer is taken, other pages are "
        "recognised; ocr: all are recognised; text: only the text layer is read.",
    )
    languages: list[Language] = Field(
        default=["ro", "en"],
        min_length=1,
        max_length=10,
        description="What the text is written in. With ro and en alone, foreign accents are read "
        "as the plain letter and Romanian ones are read best.",
    )
    pages: str | None = Field(
        default=None,
        max_length=200,
        pattern=r"^[1-9]\d{0,5}(-[1-9]\d{0,5})?(,[1-9]\d{0,5}(-[1-9]\d{0,5})?)*$",
        description="Only these pages, counted from 1: 1-3,7. All when absent.",
    )
    document: Literal["invoice", "receipt"] | None = Field(
        default=None,
        description="Also find the fields of a Romanian invoice or receipt: fiscal codes, number, "
        "dates, totals, VAT.",
    )
    min_confidence: Score = Field(
        default=0.75, description="Recognised lines below it are dropped, and counted."
    )
    words: bool = Field(default=False, description="Also the place of each word of a line.")


class ExtractText(ReadingOptions):
    """Read a document: PNG, JPEG, TIFF, WebP, BMP or PDF. Give `artifact` or `content`."""

    key = "ocr.extract"
    tag: ClassVar[str] = "ocr"

    artifact: ArtifactRef | None = Field(default=None, description="Where the document lies.")
    content: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_INLINE,
        description="The document itself in base64, when it is small.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> "ExtractText":
        if (self.artifact is None) == (self.content is None):
            raise ValueError("give either artifact or content, and only one of them")
        return self


class ContinueExtraction(ReadingOptions):
    """The worker's own follow-up: read the next pages of a long document."""

    key = "ocr.continue"
    tag: ClassVar[str] = "ocr"
    verb: ClassVar[str | None] = "continue"

    artifact: ArtifactRef = Field(description="Where the document lies.")
    spent_seconds: float = Field(ge=0, description="What earlier parts took, in seconds.")


class ReadWord(Value):
    """A word and where it stands."""

    text: str
    polygon: Polygon


class ReadLine(Value):
    """A line, or a cell of a table: what stands together."""

    text: str = Field(description="Its text, in NFC, with comma below (ș, ț) for Romanian.")
    raw_text: str | None = Field(description="What was read, when it was corrected; else null.")
    confidence: Score = Field(description="1 for a text layer. A high one is no proof.")
    polygon: Polygon
    row: int = Field(ge=0, description="Lines of one row stand beside each other.")
    words: list[ReadWord] | None = Field(description="Null unless the command asked for them.")


class PageError(Value):
    """Why a page could not be read."""

    code: str = Field(description="Stable error code; see the error reference.")
    message: str = Field(description="What happened, for a person.")


class ReadPage(Value):
    """One page, or one frame of a TIFF."""

    number: int = Field(ge=1, description="From 1.")
    status: Literal["ok", "failed"]
    source: Literal["text_layer", "ocr"] | None = Field(description="How its text was had.")
    width: float = Field(ge=0, description="In `unit`, as a person sees the page.")
    height: float = Field(ge=0, description="In `unit`.")
    unit: Literal["px", "pt"] = Field(
        description="px of the image, or points (1/72 inch) of a PDF."
    )
    rotation: Literal[0, 90, 180, 270] = Field(
        description="Degrees clockwise that the page has to be turned to be read."
    )
    mean_confidence: Score | None = Field(description="Null when there are no lines.")
    line_count: int = Field(ge=0, description="Lines that were read.")
    dropped_lines: int = Field(ge=0, description="Lines below `min_confidence`.")
    warnings: list[str] = Field(default_factory=list, description="What a person should know.")
    error: PageError | None = Field(description="Why it failed, else null.")


class FullPage(ReadPage):
    """A page with all that was read; the content of the result artifact."""

    text: str = Field(description="Its text, a row a line.")
    lines: list[ReadLine] = Field(description="In reading order.")


class FoundField(Value):
    """A field of an invoice or receipt, and where it was found."""

    name: Literal[
        "supplier_cui",
        "customer_cui",
        "number",
        "issue_date",
        "due_date",
        "iban",
        "currency",
        "net_total",
        "vat_total",
        "total",
        "vat_rate",
    ] = Field(description="Which field.")
    value: str = Field(
        description="Its value: dates as 2026-03-01, amounts as 1234.56, codes without RO."
    )
    text: str = Field(description="The text that it was read from.")
    confidence: Score = Field(
        description="From the line's own, the label's closeness, and checks that held."
    )
    checked: bool = Field(
        description="A check held: the code's or account's check digits, or net + VAT = total."
    )
    page: int = Field(ge=1)
    polygon: Polygon


class ReadDocument(Value):
    """What was read."""

    sha256: Sha256
    size: int = Field(ge=0, description="Length in bytes.")
    media_type: str = Field(description="By its content, not by its name.")
    page_count: int = Field(ge=1, description="Pages that it has.")


class Engine(Value):
    """What read it."""

    name: Literal["paddleocr", "text_layer"]
    version: str = Field(description="Of the engine; with it a result can be told apart.")
    models: dict[str, str] = Field(description="SHA-256 by model; empty when none was used.")


class TextExtracted(Event):
    """The document was read. Its pages are here, or all of it in the artifact `result`."""

    key = "ocr.extracted"
    subject_field = "sha256"

    reference: str | None = Field(description="As the command gave it.")
    sha256: Sha256
    status: Literal["ok", "partial"] = Field(description="partial: some page failed.")
    source: ReadDocument
    engine: Engine
    pages: list[ReadPage] = Field(description="Each page's summary, in order.")
    lines: list[list[ReadLine]] | None = Field(
        description="The lines of each page, in the order of `pages`; null when they do not fit "
        "into a message."
    )
    text: str | None = Field(
        description="All text, pages apart by a form feed; null when it does not fit."
    )
    fields: list[FoundField] = Field(description="Empty unless the command asked for them.")
    warnings: list[str] = Field(description="What a person should know.")
    result: ArtifactRef = Field(
        description="Everything as JSON: pages with text, lines and words, and the fields."
    )
    extracted_at: UtcDateTime = Field(description="When the last page was read, UTC.")


class ExtractionProgressed(Event):
    """A long document: some of its pages are read, the others follow."""

    key = "ocr.progress"
    subject_field = "sha256"

    reference: str | None = Field(description="As the command gave it.")
    sha256: Sha256
    pages_done: int = Field(ge=0, description="Pages that are read.")
    pages_wanted: int = Field(ge=1, description="Pages that will be read.")


class OcrFailed(Failed):
    """The document could not be read; the command is in the dead-letter queue."""

    key = "ocr.failed"
