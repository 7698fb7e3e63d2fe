"""PDF: render a document, a page of an allowed site, or a template with data."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from .base import Command, Event, Failed
from .pdf_options import Asset, AttachedFile, Metadata, PageSetup, Protection, Wait
from .types import ArtifactRef, UtcDateTime


class RenderPdf(Command):
    """Make a PDF of exactly one of: html, artifact (HTML), url, template with its data.

    Nothing is fetched from a network and no script runs, unless the operator allows the site and
    the command asks for scripts.
    """

    key = "pdf.render"
    tag: ClassVar[str] = "pdf.render"

    reference: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="What it is about, for example an invoice number; the event repeats it.",
    )
    html: str | None = Field(
        default=None, min_length=1, max_length=200_000, description="The document as text."
    )
    artifact: ArtifactRef | None = Field(
        default=None,
        description="Where the HTML lies. With the template efactura: the invoice's UBL, or the "
        "archive that efactura.accepted names.",
    )
    url: str | None = Field(
        default=None,
        min_length=1,
        max_length=2000,
        description="Address of a page on a site that the operator allowed.",
    )
    template: str | None = Field(
        default=None,
        min_length=1,
        max_length=40,
        description="invoice, efactura, uit, report, or one of the operator's.",
    )
    data: dict[str, Any] = Field(
        default_factory=dict, description="What the template shows; each has its own fields."
    )
    language: Literal["ro", "en"] = Field(
        default="ro", description="Language of the template's words, dates and numbers."
    )
    assets: list[Asset] = Field(
        default_factory=list, max_length=100, description="Files that the document shows."
    )
    strict_assets: bool = Field(
        default=False, description="Fail when the document asks for what it cannot have."
    )
    page: PageSetup = Field(default_factory=PageSetup)
    wait: Wait = Field(default_factory=Wait)
    media: Literal["print", "screen"] = Field(
        default="print", description="Which CSS media rules count."
    )
    scripts: bool = Field(
        default=False, description="Run the document's JavaScript; the operator must allow it."
    )
    tagged: bool = Field(default=False, description="Structure for screen readers; a larger file.")
    outline: bool = Field(default=False, description="Bookmarks from the headings.")
    metadata: Metadata = Field(default_factory=Metadata)
    attachments: list[AttachedFile] = Field(
        default_factory=list, max_length=20, description="Files to carry inside the PDF."
    )
    merge_before: list[ArtifactRef] = Field(
        default_factory=list, max_length=50, description="PDFs to put in front, in this order."
    )
    merge_after: list[ArtifactRef] = Field(
        default_factory=list, max_length=50, description="PDFs to put behind, in this order."
    )
    pdfa: Literal["PDF/A-2b", "PDF/A-3b"] | None = Field(
        default=None, description="Archive format; checked before it is stored."
    )
    protection: Protection | None = Field(default=None, description="Not together with pdfa.")
    deterministic: bool = Field(
        default=False,
        description="The same command gives the same bytes (with the same Chromium and fonts).",
    )
    created_at: UtcDateTime | None = Field(
        default=None,
        description="Date written into the file; now if absent, 2000-01-01 if deterministic.",
    )
    timeout_seconds: float | None = Field(
        default=None, gt=0, le=600, description="Longest time, below the operator's limit."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "RenderPdf":
        given = [self.html, self.url, self.template, None if self.template else self.artifact]
        if sum(one is not None for one in given) != 1:
            raise ValueError("give exactly one of html, artifact, url and template")
        if self.data and self.template is None:
            raise ValueError("data is for a template: name one, or leave data out")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> "RenderPdf":
        if self.protection and (self.pdfa or self.deterministic):
            raise ValueError("protection encrypts: it goes with neither pdfa nor deterministic")
        if self.attachments and self.pdfa == "PDF/A-2b":
            raise ValueError("PDF/A-2b carries no attachments: use PDF/A-3b")
        if self.wait.expression and not self.scripts:
            raise ValueError("wait.expression is JavaScript: set scripts too")
        if len({one.name for one in self.assets}) != len(self.assets):
            raise ValueError("two assets have the same name")
        if len({one.name for one in self.attachments}) != len(self.attachments):
            raise ValueError("two attachments have the same name")
        return self


class PdfRendered(Event):
    """The PDF is made and stored."""

    key = "pdf.rendered"
    subject_field = "reference"

    reference: str | None = Field(description="What it is about, as the command gave it.")
    artifact: ArtifactRef = Field(description="The PDF.")
    pages: int = Field(ge=1, description="How many pages it has.")
    source: Literal["html", "artifact", "url", "template"] = Field(description="Made of what.")
    template: str | None = Field(default=None, description="Name of the template.")
    pdfa: Literal["PDF/A-2b", "PDF/A-3b"] | None = Field(
        default=None, description="Archive format that the file was found to have."
    )
    tagged: bool = Field(default=False, description="It has a structure for screen readers.")
    encrypted: bool = Field(default=False, description="A password protects it.")
    missing: list[Annotated[str, Field(max_length=200)]] = Field(
        default_factory=list,
        description="Addresses that the document asked for and did not get, the first 50.",
    )
    rendered_at: UtcDateTime = Field(description="When it was made, UTC.")


class PdfFailed(Failed):
    """There is no PDF; the command is in the dead-letter queue."""

    key = "pdf.failed"
