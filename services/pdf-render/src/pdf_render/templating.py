"""Templates: the shipped ones with checked data, and the operator's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from markupsafe import escape
from pydantic import BaseModel, ValidationError

from workers_contracts.pdf import RenderPdf
from workers_contracts.pdf_options import Margins
from workers_contracts.pdf_templates import TEMPLATES, EfacturaData, InvoiceData, UitData
from workers_contracts.types import ArtifactRef

from .archive import invoice_of, is_archive
from .errors import DocumentInvalidError, TemplateDataError, TemplateUnknownError
from .invoice import completed
from .ubl import read_invoice
from .wording import filters, words

if TYPE_CHECKING:
    from jinja2 import Environment

Checked = TypeVar("Checked", bound=BaseModel)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_FOLDER = Path(__file__).parent / "templates"
_MARGINS = Margins(top=14, right=14, bottom=16, left=14)


@dataclass(frozen=True, slots=True)
class Look:
    """A document made from a template, and what it wants of the page."""

    html: bytes
    margins: Margins | None = None
    footer: str | None = None
    """Left side of the footer, beside the page's number; none of both when None."""


class Templates:
    """The templates by name.

    Args:
        folder: where the operator's own are, ``<name>.html`` each.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @cached_property
    def _environment(self) -> Environment:
        from jinja2 import FileSystemLoader, StrictUndefined  # noqa: PLC0415 - at the first use
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

        folders = [_FOLDER, *([self._folder] if self._folder else [])]
        return ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, command: RenderPdf, content: bytes | None) -> Look:
        """Fill a template; `content` is the command's artifact, for those that read one.

        Raises:
            TemplateUnknownError, TemplateDataError, DocumentInvalidError.
        """
        name = command.template or ""
        if name in TEMPLATES:
            return self._shipped(command, name, content)
        if name not in self.names():
            raise TemplateUnknownError(
                f"there is no template {name}; there are {', '.join(self.names())}",
                field="template",
            )
        if content is not None:
            raise DocumentInvalidError("this template reads no artifact", field="artifact")
        return Look(self._filled(name, command.language, {**command.data, "data": command.data}))

    def archive(self, command: RenderPdf) -> ArtifactRef | None:
        """Return where the invoice of an accepted e-Factura lies, when the data tells it."""
        if command.template != "efactura" or command.artifact is not None:
            return None
        data = _checked(EfacturaData, command.data)
        return data.accepted.archive if data.accepted else None

    def names(self) -> list[str]:
        """Return the names of all templates."""
        own = self._folder.glob("*.html") if self._folder else ()
        return sorted({*TEMPLATES, *(one.stem for one in own if _NAME.fullmatch(one.stem))})

    def _shipped(self, command: RenderPdf, name: str, content: bytes | None) -> Look:
        data = _checked(TEMPLATES[name], command.data)
        values: dict[str, Any] = {"data": data}
        footer = ""
        if isinstance(data, EfacturaData):
            invoice = completed(_invoice(data, content, command.language))
            values |= {"invoice": invoice, "status": _status(data)}
            footer = invoice.number
        elif content is not None:
            raise DocumentInvalidError(f"the template {name} reads no artifact", field="artifact")
        elif isinstance(data, InvoiceData):
            values |= {"invoice": completed(data), "status": None}
            footer = data.number
        elif isinstance(data, UitData):
            values["code"] = _code(data.uit)
        html = self._filled(name, command.language, values)
        return Look(html, _MARGINS, str(escape(footer)))

    def _filled(self, name: str, language: str, values: Mapping[str, Any]) -> bytes:
        from jinja2 import TemplateError  # noqa: PLC0415

        environment = self._environment.overlay()
        environment.filters = {**self._environment.filters, **filters(language)}
        try:
            text = environment.get_template(f"{name}.html").render(
                {**values, "t": words(language), "language": language}
            )
        except TemplateError as error:
            raise TemplateDataError(
                f"the template {name} cannot show this data: {error.message or error}",
                field="data",
            ) from None
        except (
            TypeError,
            ValueError,
            ArithmeticError,
            AttributeError,
            RecursionError,
        ) as error:
            raise TemplateDataError(
                f"the template {name} cannot show this data ({type(error).__name__}: {error})",
                field="data",
            ) from None
        return text.encode()


def _checked(kind: type[Checked], data: Mapping[str, Any]) -> Checked:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(("data", *map(str, first["loc"])))
        text = first["msg"].removeprefix("Value error, ")
        raise TemplateDataError(f"{place}: {text}", field=place) from None


def _invoice(data: EfacturaData, content: bytes | None, language: str) -> InvoiceData:
    if content is not None and (data.invoice or data.xml):
        raise DocumentInvalidError(
            "give the invoice once: in artifact, data.xml or data.invoice", field="artifact"
        )
    if data.invoice is not None:
        return data.invoice
    if data.xml is not None:
        content = data.xml.encode()
    if content is None:
        raise TemplateDataError(
            "give the invoice: its UBL or ANAF's archive as artifact, or data.accepted, data.xml "
            "or data.invoice",
            field="data",
        )
    return read_invoice(invoice_of(content) if is_archive(content) else content, language)


def _status(data: EfacturaData) -> Mapping[str, Any]:
    """Return what ANAF said, wherever it was given."""
    known = data.accepted or data
    names = ("upload_index", "download_id", "accepted_at", "seal")
    found = {name: getattr(known, name) for name in names}
    return found if any(found.values()) else {}


def _code(text: str) -> str:
    """Return a QR code as SVG."""
    import segno  # noqa: PLC0415 - for this template only
    from markupsafe import Markup  # noqa: PLC0415

    svg = segno.make(text, error="m", micro=False).svg_inline(border=2, omitsize=True)
    return Markup(svg)  # noqa: S704 - made here, of letters and digits
