"""Answers changed after they were made: damaged archives and drifted schemas."""

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from . import pages

_ZIP = b"PK\x03\x04"


def damaged(whole: Response, variant: str) -> Response:
    """A ZIP answer made useless; anything else as it was."""
    body = bytes(whole.body)
    if not body.startswith(_ZIP):
        return whole
    if variant == "html":
        return pages.login()
    spoilt = {"empty": b"", "truncated": body[: len(body) // 2], "corrupt": _flipped(body)}
    return Response(spoilt[variant], media_type="application/zip")


def _flipped(body: bytes) -> bytes:
    # Inside the first member's data (its header is 30 bytes and the name): the CRC no longer fits.
    start = 30 + int.from_bytes(body[26:28], "little") + 8
    piece = bytes(byte ^ 0xFF for byte in body[start : start + 16])
    return body[:start] + piece + body[start + len(piece) :]


def extra_brace(whole: Response) -> Response:
    """JSON with one brace too many; anything else as it was."""
    if "json" not in whole.headers.get("content-type", ""):
        return whole
    return Response(bytes(whole.body) + b"}", whole.status_code, media_type="application/json")


def drifted(whole: Response, variant: str) -> Response:
    """The same meaning in a form that a strict reader does not expect."""
    body, kind = bytes(whole.body), whole.headers.get("content-type", "")
    if variant == "content-type" or body.startswith(_ZIP):
        return Response(body, whole.status_code, media_type="text/plain")
    change: Callable[[bytes], bytes] | None = None
    if "xml" in kind:
        change = _XML[variant]
    elif "json" in kind:
        change = _JSON[variant]
    if change is None:
        return whole
    return Response(change(body), whole.status_code, media_type=kind.partition(";")[0])


def _xml_field(body: bytes) -> bytes:
    head, mark, tail = body.partition(b"<header ")
    return head + mark + b'versiune="2" ' + tail


def _xml_encoding(body: bytes) -> bytes:
    text = body.decode().partition("?>")[2].lstrip()
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{text}'.encode("utf-16")


def _json_field(body: bytes) -> bytes:
    return _with_field(body, "versiune", 2).encode()


def _json_encoding(body: bytes) -> bytes:
    # Cedilla letters exist in windows-1250; comma-below letters do not.
    return _with_field(body, "nota", "răspuns în altă codificare: ş ţ").encode(
        "windows-1250", "replace"
    )


def _with_field(body: bytes, name: str, value: object) -> str:
    content: Any = json.loads(body)
    rows = [content, *content.get("mesaje", ()), *(content.get("found") or ())]
    for row in rows:
        row[name] = value
    return json.dumps(content, ensure_ascii=False)


def _bom(body: bytes) -> bytes:
    return b"\xef\xbb\xbf" + body


_XML = {"new-field": _xml_field, "encoding": _xml_encoding, "bom": _bom}
_JSON = {"new-field": _json_field, "encoding": _json_encoding, "bom": _bom}
