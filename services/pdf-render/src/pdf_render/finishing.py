"""What Chromium does not do: merge, metadata, attachments, PDF/A, passwords, stable bytes."""

from __future__ import annotations

import io
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workers_contracts.pdf import RenderPdf
from workers_contracts.pdf_options import Protection

from .archive_format import save_as_archive
from .errors import DocumentInvalidError, FileUnusableError

# At the first document, not at the start: ten megabytes.
if TYPE_CHECKING:
    from pikepdf import Pdf

PRODUCER = "workers-core pdf-render"
STABLE_DATE = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """The contents that a PDF is put together from."""

    printed: bytes = field(repr=False)
    before: list[bytes] = field(default_factory=list, repr=False)
    after: list[bytes] = field(default_factory=list, repr=False)
    attached: list[bytes] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """The PDF as it is stored."""

    pdf: bytes = field(repr=False)
    pages: int
    tagged: bool


def finish(command: RenderPdf, parts: Parts) -> Finished:
    """Put the file together; blocking, for a thread.

    Raises:
        FileUnusableError: a PDF to merge is no good.
        DocumentInvalidError: a password that cannot be one.
        ArchiveFormatError: the result is not the PDF/A that was asked for.
    """
    import pikepdf  # noqa: PLC0415 - as above

    with ExitStack() as opened:
        pdf = opened.enter_context(pikepdf.open(io.BytesIO(parts.printed)))
        if _is_done(command, parts):
            return Finished(parts.printed, len(pdf.pages), tagged=False)
        _merge(pdf, parts, opened)
        date = command.created_at or (
            STABLE_DATE if command.deterministic else datetime.now(UTC).replace(microsecond=0)
        )
        _attach(pdf, command, parts, date)
        _describe(pdf, command, date)
        if command.deterministic:
            _steady(pdf)
        pages = len(pdf.pages)
        tagged = "/StructTreeRoot" in pdf.Root
        return Finished(_saved(pdf, command, date), pages, tagged)


def _is_done(command: RenderPdf, parts: Parts) -> bool:
    """Say whether it may stay as Chromium made it; a structure packs to a seventh."""
    asked = (
        command.tagged, command.outline, parts.before, parts.after,
        command.attachments, command.pdfa, command.protection, command.deterministic,
        command.created_at, command.metadata != type(command.metadata)(),
    )  # fmt: skip
    return not any(asked)


def _merge(pdf: Pdf, parts: Parts, opened: ExitStack) -> None:
    """Put other files' pages around; a structure that no longer fits all pages is dropped."""
    if not (parts.before or parts.after):
        return
    place = 0
    for number, content in enumerate(parts.before):
        other = _open(content, f"merge_before.{number}", opened)
        for page in other.pages:
            pdf.pages.insert(place, page)
            place += 1
    for number, content in enumerate(parts.after):
        pdf.pages.extend(_open(content, f"merge_after.{number}", opened).pages)
    for name in ("/StructTreeRoot", "/MarkInfo"):
        if name in pdf.Root:
            del pdf.Root[name]
    for page in pdf.pages:
        if "/StructParents" in page.obj:
            del page.obj["/StructParents"]


def _open(content: bytes, where: str, opened: ExitStack) -> Pdf:
    import pikepdf  # noqa: PLC0415

    try:
        pdf = opened.enter_context(pikepdf.open(io.BytesIO(content)))
        if not len(pdf.pages):
            raise FileUnusableError("a PDF to merge has no pages", field=where)
    except pikepdf.PasswordError:
        raise FileUnusableError(
            "a PDF to merge needs a password: give one without", field=where
        ) from None
    except (pikepdf.PdfError, ValueError, TypeError) as error:
        raise FileUnusableError(
            f"a PDF to merge cannot be read ({type(error).__name__}): is it a whole PDF?",
            field=where,
        ) from None
    return pdf


def _attach(pdf: Pdf, command: RenderPdf, parts: Parts, date: datetime) -> None:
    import pikepdf  # noqa: PLC0415

    carried = []
    for file, content in zip(command.attachments, parts.attached, strict=True):
        spec = pikepdf.AttachedFileSpec(
            pdf,
            content,
            filename=file.name,
            description=file.description,
            mime_type=file.artifact.media_type.partition(";")[0],
            relationship=pikepdf.Name(f"/{file.relationship}"),
            creation_date=_pdf_date(date),
            mod_date=_pdf_date(date),
        )
        pdf.attachments[file.name] = spec
        carried.append(spec.obj)
    if carried:
        # PDF/A-3: each file is also named by what it belongs to, here the document.
        pdf.Root["/AF"] = pikepdf.Array(carried)


def _describe(pdf: Pdf, command: RenderPdf, date: datetime) -> None:
    """Write the information dictionary and, with the same words, the XMP."""
    asked = command.metadata
    wanted: dict[str, str | None] = {
        "/Title": asked.title,
        "/Author": asked.author,
        "/Subject": asked.subject,
        "/Keywords": ", ".join(asked.keywords) or None,
        "/Creator": PRODUCER,
        "/Producer": PRODUCER,
        "/CreationDate": _pdf_date(date),
        "/ModDate": _pdf_date(date),
    }
    for name, value in wanted.items():
        if value is not None:
            pdf.docinfo[name] = value
    if command.pdfa or asked != type(asked)():
        with pdf.open_metadata(set_pikepdf_as_editor=False) as xmp:
            xmp.load_from_docinfo(pdf.docinfo)


def _pdf_date(date: datetime) -> str:
    return date.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'")


def _steady(pdf: Pdf) -> None:
    """Number the structure's elements anew: Chromium's numbers go on from document to document."""
    import pikepdf  # noqa: PLC0415

    found: dict[str, str] = {}
    for item in pdf.objects:
        element = isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/StructElem"
        if element and "/ID" in item:
            found.setdefault(str(item["/ID"]), f"n{len(found):07d}")
    if found:
        for item in pdf.objects:
            _renamed(item, found)


def _renamed(item: Any, names: dict[str, str]) -> None:
    import pikepdf  # noqa: PLC0415

    if isinstance(item, pikepdf.Dictionary):
        for key in list(item.keys()):
            value = item[key]
            if isinstance(value, pikepdf.String) and str(value) in names:
                item[key] = pikepdf.String(names[str(value)])
            elif isinstance(value, pikepdf.Array | pikepdf.Dictionary) and not value.is_indirect:
                _renamed(value, names)
    elif isinstance(item, pikepdf.Array):
        for index, value in enumerate(item):
            if isinstance(value, pikepdf.String) and str(value) in names:
                item[index] = pikepdf.String(names[str(value)])
            elif isinstance(value, pikepdf.Array | pikepdf.Dictionary) and not value.is_indirect:
                _renamed(value, names)


def _saved(pdf: Pdf, command: RenderPdf, date: datetime) -> bytes:
    import pikepdf  # noqa: PLC0415

    if command.pdfa:
        return save_as_archive(pdf, command.pdfa, date=date, steady=command.deterministic)
    options: dict[str, Any] = {"object_stream_mode": pikepdf.ObjectStreamMode.generate}
    if command.protection is not None:
        options["encryption"] = _encryption(command.protection)
    else:
        options["deterministic_id"] = command.deterministic
    target = io.BytesIO()
    pdf.save(target, **options)
    return target.getvalue()


def _encryption(wanted: Protection) -> Any:
    import secrets  # noqa: PLC0415

    import pikepdf  # noqa: PLC0415

    if "\0" in f"{wanted.password}{wanted.owner_password}":
        raise DocumentInvalidError("a password may hold no NUL character", field="protection")
    allow = set(wanted.allow)
    return pikepdf.Encryption(
        user=wanted.password or "",
        # An empty owner's password would give every reader the owner's rights.
        owner=wanted.owner_password or secrets.token_urlsafe(24),
        R=6,
        allow=pikepdf.Permissions(
            accessibility=True,
            extract="copy" in allow,
            modify_annotation="annotate" in allow,
            modify_assembly="assemble" in allow,
            modify_form="fill" in allow,
            modify_other="change" in allow,
            print_lowres="print" in allow,
            print_highres="print" in allow,
        ),
    )
