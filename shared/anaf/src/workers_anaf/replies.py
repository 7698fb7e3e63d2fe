"""What ANAF answered, judged by the bytes: its statuses and content types can't be trusted.

A refusal, a quota and a firewall page all come as HTTP 200; a ZIP comes as text/plain; JSON may
carry an extra brace.
Sources: ANAF's Swagger pages and API PDF for e-Factura, and observed answers.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeAlias, TypedDict

from . import xml
from .refusals import Refusal, RefusalKind, classify_text

__all__ = [
    "Empty",
    "FirewallPage",
    "HtmlPage",
    "JsonReply",
    "PdfReply",
    "Refusal",
    "RefusalKind",
    "Reply",
    "Unreadable",
    "XmlReply",
    "ZipReply",
    "classify_text",
    "read_reply",
    "refusal_of",
    "summary",
]

_HTML_WINDOW: Final = 16 * 1024
_SUPPORT_ID = re.compile(r"support ID is:?\s{0,5}<?(\d{5,40})", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._-]{1,30})", re.IGNORECASE)
_CHARSETS = {"windows-1250", "iso-8859-1", "iso-8859-2", "iso-8859-16", "windows-1252"}
_JSON_TAIL = re.compile(r"[\s}\];]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What every reply carries: the HTTP status, and the wait asked for (seconds), if any."""

    status: int = 200
    retry_after: float | None = None


class _Http(TypedDict):
    status: int
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class XmlReply(_Answer):
    """A well-formed XML document."""

    root: xml.Element


@dataclass(frozen=True, slots=True)
class JsonReply(_Answer):
    """A JSON object or array; small faults (BOM, code page, a brace too many) are forgiven."""

    data: dict[str, Any] | list[Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ZipReply(_Answer):
    """Bytes that begin as a ZIP file; not opened yet."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PdfReply(_Answer):
    """Bytes that begin as a PDF file."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FirewallPage(_Answer):
    """The firewall answered, not the service; ANAF's help desk asks for the support id."""

    support_id: str | None


@dataclass(frozen=True, slots=True)
class HtmlPage(_Answer):
    """Some other web page: a log-in wall, a maintenance page, a proxy's error."""

    title: str


@dataclass(frozen=True, slots=True)
class Empty(_Answer):
    """No body, or blanks only."""


@dataclass(frozen=True, slots=True)
class Unreadable(_Answer):
    """None of the above; `reason` is short and quotes nothing of the body."""

    reason: str


Reply: TypeAlias = (
    XmlReply | JsonReply | ZipReply | PdfReply | FirewallPage | HtmlPage | Empty | Unreadable
)


def read_reply(
    status: int,
    body: bytes,
    *,
    content_type: str | None = None,
    retry_after: str | None = None,
    now: datetime | None = None,
) -> Reply:
    """Classify one HTTP answer. Never raises. `now` (aware) serves a Retry-After that is a date."""
    common: _Http = {"status": status, "retry_after": _seconds(retry_after, now)}
    if body.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ZipReply(body, **common)
    if body.lstrip()[:5] == b"%PDF-":
        return PdfReply(body, **common)
    text = _text(body, content_type)
    start = text[:_HTML_WINDOW].lstrip().lower()
    if not text.strip():
        return Empty(**common)
    if start.startswith(("{", "[")):
        return _json(text, common)
    if "<html" in start or start.startswith("<!doctype html") or _SUPPORT_ID.search(start):
        return _page(text[:_HTML_WINDOW], common)
    if start.startswith("<"):
        return _xml(body, common)
    return Unreadable("text that is neither XML, JSON, ZIP, PDF nor HTML", **common)


def refusal_of(reply: Reply) -> Refusal | None:
    """The refusal in a reply that is none of the service, or says so by status or in JSON.

    XML is left to the operation's reader: there one element carries success and refusal.
    """
    if reply.status == 429:
        return Refusal(RefusalKind.RATE_LIMIT, "HTTP 429")
    if reply.status == 401:
        return Refusal(RefusalKind.TOKEN, "HTTP 401")
    if isinstance(reply, JsonReply):
        text = _json_error(reply.data)
        if text is not None:
            return _with_status(classify_text(text), reply.status)
    if reply.status == 403:
        return Refusal(RefusalKind.RIGHTS, "HTTP 403")
    if isinstance(reply, FirewallPage | HtmlPage | Empty | Unreadable) or reply.status >= 500:
        return Refusal(RefusalKind.TECHNICAL, summary(reply))
    return None


def summary(reply: Reply) -> str:
    """One line for logs and events: kind, status and what identifies a page, no content."""
    name = type(reply).__name__
    match reply:
        case XmlReply(root=root):
            return f"{name} <{xml.local_name(root)[:40]}> (HTTP {reply.status})"
        case FirewallPage(support_id=support_id):
            return f"{name} support id {support_id or 'unknown'} (HTTP {reply.status})"
        case HtmlPage(title=title):
            return f"{name} '{title}' (HTTP {reply.status})"
        case Unreadable(reason=reason):
            return f"{name}: {reason} (HTTP {reply.status})"
        case _:
            return f"{name} (HTTP {reply.status})"


def _with_status(refusal: Refusal, status: int) -> Refusal:
    """A text of the web server's ("Forbidden") says less than its status."""
    if refusal.kind is not RefusalKind.OTHER or status < 400:
        return refusal
    by_status = {400: RefusalKind.CALLER, 403: RefusalKind.RIGHTS}
    return Refusal(by_status.get(status, RefusalKind.TECHNICAL), refusal.text)


def _json_error(data: dict[str, Any] | list[Any]) -> str | None:
    """ANAF's error text: `eroare` of the services, `message`/`error` of the web server."""
    if not isinstance(data, dict):
        return None
    for key in ("eroare", "message", "error"):
        value = data.get(key)
        if (
            isinstance(value, str)
            and value.strip()
            and not (key == "message" and data.get("cod") == 200)
        ):
            return value.strip()
    return None


def _text(body: bytes, content_type: str | None) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", errors="replace").removeprefix("\ufeff")
    declared = _CHARSET.search(content_type or "")
    charsets = [declared[1]] if declared and declared[1].lower() in _CHARSETS else []
    for charset in ["utf-8-sig", *charsets, "windows-1250"]:
        try:
            return body.decode(charset)
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1")


def _json(text: str, common: _Http) -> Reply:
    text = text.strip()
    try:
        data, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return Unreadable("JSON that does not parse", **common)
    if not _JSON_TAIL.fullmatch(text, end):
        return Unreadable("JSON followed by something else", **common)
    return JsonReply(data, **common)


def _page(text: str, common: _Http) -> Reply:
    support_id = _SUPPORT_ID.search(text)
    if support_id or "request rejected" in text.lower():
        return FirewallPage(support_id[1] if support_id else None, **common)
    lowered = text.lower()
    start = lowered.find("<title")
    end = lowered.find("</title", start)
    title = text[text.find(">", start) + 1 : end] if 0 <= start < end else ""
    return HtmlPage(" ".join(html.unescape(title).split())[:80], **common)


def _xml(body: bytes, common: _Http) -> Reply:
    try:
        return XmlReply(xml.parse(body), **common)
    except xml.MalformedXml as error:
        # Not the parser's words: they quote names, which in broken XML may be anything.
        return Unreadable(f"XML refused at line {error.line}, column {error.column}", **common)


def _seconds(retry_after: str | None, now: datetime | None) -> float | None:
    value = (retry_after or "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if now is None:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
