"""The one gate for XML: bytes from anyone in, a harmless tree out, or a refusal that says where.

No document type, no entities, no network, bounded size, depth and number of nodes. Comments and
processing instructions are dropped: a reader of the tree meets elements and text only.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

# At the first document, not at the start: five megabytes, and a look-up never meets XML.
if TYPE_CHECKING:
    from lxml import etree

Element: TypeAlias = "etree._Element"  # noqa: SLF001 - lxml has no public name for the type

MAX_BYTES: Final = 10 * 1024 * 1024
"""ANAF's own limit for an uploaded file."""
MAX_MARKUP: Final = 1_000_000
"""Tags and attributes, each; a real 10 MiB invoice has well under 400,000."""
MAX_DEPTH: Final = 64
"""Levels of elements; a UBL invoice or an XAdES signature needs fewer than 20."""

_DECLARED_ENCODING = re.compile(
    r"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
_UTF8 = {"utf-8", "utf8"}
_UTF16 = {"utf-16", "utf16", "utf-16le", "utf-16be"}


class MalformedXml(ValueError):  # noqa: N818 - a fact about the bytes, as zipfile.BadZipFile
    """The bytes are not XML that is read here; `reason` is English, `reason_ro` for the user."""

    def __init__(self, reason: str, reason_ro: str, *, line: int = 0, column: int = 0) -> None:
        """Keep the two texts and the place (1-based; 0 when the whole file is meant)."""
        super().__init__(f"{reason} (line {line}, column {column})" if line else reason)
        self.reason = reason
        self.reason_ro = reason_ro
        self.line = line
        self.column = column


def parse(data: bytes, *, max_bytes: int = MAX_BYTES) -> Element:
    """The root of an XML document in UTF-8 or UTF-16. Raises MalformedXml and nothing else."""
    if len(data) > max_bytes:
        raise MalformedXml(
            f"larger than {max_bytes} bytes",
            f"Fișierul XML depășește {max_bytes // 1024} KiB. Trimiteți un fișier mai mic.",
        )
    text = _decode(data)
    _refuse_doctype(text)
    if max(text.count("<"), text.count("=")) > MAX_MARKUP:
        raise MalformedXml(
            f"more than {MAX_MARKUP} tags or attributes",
            "Fișierul XML are prea multe elemente. Trimiteți un document mai mic.",
        )
    root = _parse(text.encode())
    if _too_deep()(root):
        raise MalformedXml(
            f"elements nested deeper than {MAX_DEPTH} levels",
            f"Fișierul XML are elemente imbricate pe mai mult de {MAX_DEPTH} de niveluri. "
            "Verificați programul emitent.",
        )
    return root


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: Element, name: str) -> list[Element]:
    """The child elements with this local name, whatever their namespace."""
    return [child for child in element if local_name(child) == name]


def attribute(element: Element, name: str) -> str | None:
    """An attribute by local name in any case: ANAF writes `index_incarcare`, `Index_incarcare`."""
    wanted = name.lower()
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2].lower() == wanted:
            return str(value)
    return None


def _decode(data: bytes) -> str:
    if not data.strip():
        raise MalformedXml("empty", "Fișierul XML este gol. Atașați factura în format XML.")
    encoding, allowed = _sniff(data)
    # First the declaration: "windows-1250 is refused" helps more than "byte 49 is not UTF-8".
    head = data[:600].decode(encoding, errors="replace").lstrip("\ufeff")
    declared = _DECLARED_ENCODING.match(head)
    if declared and declared[1].lower() not in allowed:
        raise MalformedXml(
            f"declared encoding {declared[1]} is refused or is not the encoding of the bytes",
            "Codarea declarată în XML nu este acceptată sau nu este cea reală. "
            "Salvați fișierul ca UTF-8.",
            line=1,
            column=1,
        )
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="replace")
        raise MalformedXml(
            f"invalid {encoding} bytes",
            f"Fișierul XML conține octeți care nu sunt {encoding.upper()} valid. "
            "Salvați-l din nou ca UTF-8.",
            line=before.count("\n") + 1,
            column=len(before) - before.rfind("\n"),
        ) from error


def _sniff(data: bytes) -> tuple[str, set[str]]:
    """The codec of the bytes, and the names under which the declaration may call it."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise MalformedXml("UTF-32 is refused", "Fișierul XML este în UTF-32. Salvați-l ca UTF-8.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", _UTF16
    if data.startswith(b"<\x00"):
        return "utf-16-le", _UTF16
    if data.startswith(b"\x00<"):
        return "utf-16-be", _UTF16
    return "utf-8", _UTF8


def _refuse_doctype(text: str) -> None:
    """A document type may only stand before the root element: walk over what may precede it."""
    position = 0
    while (position := text.find("<", position)) >= 0:
        if text.startswith("<?", position):
            end = text.find("?>", position)
        elif text.startswith("<!--", position):
            end = text.find("-->", position + 4)
        elif text[position : position + 9].upper() == "<!DOCTYPE":
            raise MalformedXml(
                "a document type declaration is refused",
                "Fișierul XML conține o declarație DOCTYPE. Eliminați-o.",
                line=text.count("\n", 0, position) + 1,
                column=position - text.rfind("\n", 0, position),
            )
        else:
            return
        if end < 0:
            return
        position = end + 2


@cache
def _too_deep() -> etree.XPath:
    from lxml import etree  # noqa: PLC0415 - as above

    return etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")


def _parse(utf8: bytes) -> Element:
    from lxml import etree  # noqa: PLC0415 - as above

    # A fresh parser each time: it keeps its error log, and threads must not share one.
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(utf8, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise MalformedXml(
            f"not well-formed: {_first_line(error.msg)}",
            f"Fișierul XML nu este bine format: eroare la linia {line}, coloana {column}. "
            "Corectați fișierul.",
            line=line,
            column=column,
        ) from error


def _first_line(message: str | None) -> str:
    return (message or "unknown error").split(", line ")[0].split("\n")[0][:160]
