"""What a PDF is to be like: the page, what is waited for, what the file carries."""

import re
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from .types import ArtifactRef, Value

_RANGE = re.compile(r"\s*([0-9]{1,5})\s*(?:-\s*([0-9]{1,5})?)?\s*")
Millimetres = Annotated[float, Field(ge=0, le=200)]
Right = Literal["print", "copy", "change", "annotate", "fill", "assemble"]
Snippet = Annotated[str, Field(min_length=1, max_length=20_000)]


class Option(Value):
    """Base of a command's options; a misspelt one is refused."""

    model_config = ConfigDict(extra="forbid")


class Margins(Option):
    """White space around the content, in millimetres."""

    top: Millimetres = Field(default=10, description="Millimetres.")
    right: Millimetres = Field(default=10, description="Millimetres.")
    bottom: Millimetres = Field(default=10, description="Millimetres.")
    left: Millimetres = Field(default=10, description="Millimetres.")


class PageSetup(Option):
    """Paper and what is printed on it."""

    paper: Literal["A0", "A1", "A2", "A3", "A4", "A5", "A6", "Letter", "Legal", "Tabloid"] = Field(
        default="A4", description="Size of the paper."
    )
    width_mm: float | None = Field(
        default=None, ge=10, le=5000, description="Width instead of paper; with height_mm."
    )
    height_mm: float | None = Field(
        default=None, ge=10, le=5000, description="Height instead of paper; with width_mm."
    )
    landscape: bool = Field(default=False, description="The long side lies.")
    margins: Margins | None = Field(
        default=None, description="10 mm each if absent; a template has its own."
    )
    css_page_size: bool = Field(
        default=False, description="The size in the document's own @page rule wins over paper."
    )
    single_page: bool = Field(
        default=False, description="One page as long as its content, for example a receipt."
    )
    scale: float = Field(default=1.0, ge=0.1, le=2.0, description="1 is the natural size.")
    background: bool = Field(default=True, description="Print background colours and images.")
    ranges: str = Field(
        default="",
        max_length=200,
        description="Pages to keep, for example 1-3, 5, 8-; all when empty.",
    )
    header_html: Snippet | None = Field(
        default=None,
        description="Printed in the top margin of each page. Elements with the classes "
        "pageNumber, totalPages, title and date are filled. Styles must be inline.",
    )
    footer_html: Snippet | None = Field(
        default=None, description="Printed in the bottom margin of each page; as header_html."
    )
    page_numbers: bool = Field(
        default=False, description="Print the page's number and their count in the footer."
    )

    @field_validator("ranges")
    @classmethod
    def _in_order(cls, value: str) -> str:
        for part in value.split(",") if value.strip() else []:
            found = _RANGE.fullmatch(part)
            first, last = (int(one or 0) for one in found.groups()) if found else (0, 0)
            if first < 1 or 0 < last < first:
                raise ValueError("write pages as 1-3, 5, 8-: they count from 1, the lower first")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "PageSetup":
        if (self.width_mm is None) != (self.height_mm is None):
            raise ValueError("give width_mm and height_mm together")
        if self.page_numbers and self.footer_html:
            raise ValueError("page_numbers makes a footer of its own: leave footer_html out")
        return self


class Wait(Option):
    """What has to be there before the page is printed, beside its load."""

    delay_seconds: float = Field(default=0, ge=0, le=30, description="Wait this long, in seconds.")
    idle: bool = Field(default=False, description="Until nothing was asked for during half a s.")
    selector: str | None = Field(
        default=None, min_length=1, max_length=500, description="Until an element matches this."
    )
    expression: str | None = Field(
        default=None,
        min_length=1,
        max_length=2000,
        description="Until this JavaScript expression is true; needs scripts.",
    )


class Asset(Option):
    """A file that the document shows: an image, a font, a style sheet."""

    name: str = Field(
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$",
        description="Relative address by which the document names it, for example logo.png.",
    )
    artifact: ArtifactRef


class Metadata(Option):
    """What a viewer shows about the file."""

    title: str | None = Field(default=None, max_length=500, description="Title.")
    author: str | None = Field(default=None, max_length=500, description="Author.")
    subject: str | None = Field(default=None, max_length=500, description="Subject.")
    keywords: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default_factory=list, max_length=50, description="Key words."
    )


class AttachedFile(Option):
    """A file carried inside the PDF, for example the invoice's XML."""

    name: str = Field(
        min_length=1, max_length=120, pattern=r"^[^/\\\x00-\x1f]+$", description="File name."
    )
    artifact: ArtifactRef
    description: str = Field(default="", max_length=500, description="What it is.")
    relationship: Literal["Source", "Data", "Alternative", "Supplement", "Unspecified"] = Field(
        default="Alternative", description="What it is to the document (PDF 2.0)."
    )


class Protection(Option):
    """Password and permissions, AES-256."""

    password: str | None = Field(
        default=None,
        repr=False,
        min_length=1,
        max_length=127,
        description="Needed to open the file.",
    )
    owner_password: str | None = Field(
        default=None,
        repr=False,
        min_length=1,
        max_length=127,
        description="Needed to change what is allowed.",
    )
    allow: list[Right] = Field(
        default=["print", "copy"],
        description="What a reader without the owner's password may do.",
    )

    @model_validator(mode="after")
    def _one_given(self) -> "Protection":
        if self.password is None and self.owner_password is None:
            raise ValueError("give password, owner_password or both")
        return self
