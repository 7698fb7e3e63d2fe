"""ANAF's e-Factura answers as values: upload, state, lists, download, validation.

Every reader takes a Reply and never raises. What is not understood is `Unrecognised` with a short
summary; after an upload it must be treated like `Uncertain`. Source: ANAF's Swagger pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from workers_anaf.refusals import Refusal, RefusalKind, classify_text
from workers_anaf.replies import (
    FirewallPage,
    JsonReply,
    PdfReply,
    Reply,
    XmlReply,
    ZipReply,
    refusal_of,
    summary,
)
from workers_anaf.xml import Element, attribute, children, local_name

_ID: Final = re.compile(r"\d{1,20}")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The upload was taken and has an index; whether it is valid is told later by the state."""

    index: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The upload was certainly not taken."""

    reasons: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The upload may or may not have been taken: search ANAF's lists before sending again."""

    why: str


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """Not an answer that is known here; `summary` holds no content of it."""

    summary: str


@dataclass(frozen=True, slots=True)
class Ok:
    """Valid and delivered to the buyer; final."""

    download_id: str


@dataclass(frozen=True, slots=True)
class Nok:
    """Refused, with the reasons in the archive; final."""

    download_id: str


@dataclass(frozen=True, slots=True)
class InProgress:
    """ANAF is still working on it."""


@dataclass(frozen=True, slots=True)
class RefusedAtUpload:
    """The XML never entered the system; final, and there is nothing to download."""

    text: str
    """The state as ANAF writes it."""


@dataclass(frozen=True, slots=True)
class QueryFailed:
    """The question was not answered: it says nothing about the document."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Downloaded:
    """The bytes of an archive, not opened yet."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of a PDF made by ANAF from an invoice."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Valid:
    """ANAF's validation found nothing."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """ANAF's validation refused the document."""

    messages: tuple[str, ...]


UploadAnswer: TypeAlias = Accepted | Refused | Uncertain | Unrecognised
StateAnswer: TypeAlias = Ok | Nok | InProgress | RefusedAtUpload | QueryFailed | Unrecognised
DownloadAnswer: TypeAlias = Downloaded | QueryFailed | Unrecognised
ValidationAnswer: TypeAlias = Valid | Invalid | Rendered | QueryFailed | Unrecognised

_NOT_TAKEN: Final = {RefusalKind.RATE_LIMIT, RefusalKind.TOKEN, RefusalKind.RIGHTS}


def read_upload(reply: Reply) -> UploadAnswer:
    """The answer to `upload` and `uploadb2c`."""
    refusal = refusal_of(reply)
    if refusal is not None:
        # A page of the firewall or of a proxy may stand before a service that did take the file.
        certain = refusal.kind in _NOT_TAKEN or (
            isinstance(reply, JsonReply) and reply.status < 500
        )
        certain = certain and refusal.kind is not RefusalKind.TECHNICAL
        return Refused((refusal,)) if certain else Uncertain(_why(refusal, reply))
    if not isinstance(reply, XmlReply) or local_name(reply.root) != "header":
        return Unrecognised(summary(reply))
    index = attribute(reply.root, "index_incarcare") or ""
    reasons = tuple(map(classify_text, _errors(reply.root)))
    if attribute(reply.root, "ExecutionStatus") == "0" and _ID.fullmatch(index):
        return Accepted(index)
    if any(reason.kind is RefusalKind.TECHNICAL for reason in reasons):
        return Uncertain("technical error reported by ANAF")
    return Refused(reasons) if reasons else Unrecognised(summary(reply))


def read_state(reply: Reply) -> StateAnswer:
    """The answer to `stareMesaj`."""
    refusal = refusal_of(reply)
    if refusal is not None:
        return QueryFailed(refusal)
    if not isinstance(reply, XmlReply) or local_name(reply.root) != "header":
        return Unrecognised(summary(reply))
    written = attribute(reply.root, "stare") or ""
    state = " ".join(written.lower().replace("î", "i").split())
    download_id = attribute(reply.root, "id_descarcare") or ""
    match state:
        case "ok" if _ID.fullmatch(download_id):
            return Ok(download_id)
        case "nok" if _ID.fullmatch(download_id):
            return Nok(download_id)
        case "in prelucrare":
            return InProgress()
        case "xml cu erori nepreluat de sistem":
            return RefusedAtUpload(written)
    errors = _errors(reply.root)
    return (
        QueryFailed(classify_text(errors[0]))
        if errors and not state
        else Unrecognised(summary(reply))
    )


def read_download(reply: Reply) -> DownloadAnswer:
    """The answer to `descarcare`: a ZIP, or a refusal as JSON with HTTP 200."""
    if isinstance(reply, ZipReply):
        return Downloaded(reply.content)
    refusal = refusal_of(reply)
    return QueryFailed(refusal) if refusal is not None else Unrecognised(summary(reply))


def read_validation(reply: Reply) -> ValidationAnswer:
    """The answer to `validare` and `transformare`."""
    if isinstance(reply, PdfReply):
        return Rendered(reply.content)
    if isinstance(reply, JsonReply) and isinstance(reply.data, dict):
        state = str(reply.data.get("stare", "")).lower()
        messages = _messages(reply.data.get("Messages"))
        if state == "ok":
            return Valid()
        if state == "nok" and messages:
            refusals = [classify_text(message) for message in messages]
            technical = [refusal for refusal in refusals if refusal.kind is RefusalKind.TECHNICAL]
            return QueryFailed(technical[0]) if technical else Invalid(messages)
    refusal = refusal_of(reply)
    return QueryFailed(refusal) if refusal is not None else Unrecognised(summary(reply))


def _messages(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    return tuple(
        str(item["message"]) for item in items if isinstance(item, dict) and item.get("message")
    )


def _errors(root: Element) -> list[str]:
    """The texts of `Errors` (upload, state); archives write `Error`, so both names are read."""
    found = [*children(root, "Errors"), *children(root, "Error")]
    return [text for element in found if (text := attribute(element, "errorMessage"))]


def _why(refusal: Refusal, reply: Reply) -> str:
    if isinstance(reply, FirewallPage):
        return summary(reply)
    return f"{refusal.kind} ({summary(reply)})"
