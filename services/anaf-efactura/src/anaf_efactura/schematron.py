"""The official rules beside ours: compiled Schematron (XSLT) from a path, run by SaxonC.

ANAF's package cannot be shipped here. Who has it, compiled to stylesheets that write SVRL, names
them in the settings; their findings come in the same shape. SaxonC is an extra of this service and
takes over a hundred megabytes from the first document on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workers_anaf.xml import Element, MalformedXml, children, local_name, parse

from .invoice.model import Finding, Severity
from .invoice.texts import rules
from .invoice.tree import where

if TYPE_CHECKING:
    from lxml import etree

OFFICIAL: Final = "WRK-OFFICIAL"
"""The table's row for rules that only the official package has."""
MAX_TEXT: Final = 600
"""Characters of an official text in one language."""
_WARNING: Final = {"warning", "information", "info"}
# `/*:Invoice[namespace-uri()='urn'][1]` (ISO skeleton) and `/Q{urn}Invoice[1]` (SchXslt).
_STEP: Final = re.compile(
    r"/(?:\*:(?P<name>[\w.-]+)\[namespace-uri\(\)\s*=\s*'(?P<uri>[^']*)'\]"
    r"|Q\{(?P<quri>[^}]*)\}(?P<qname>[\w.-]+))(?:\[(?P<position>\d+)\])?"
)
_ATTRIBUTE: Final = re.compile(r"/@(?:\*:|Q\{\})?([\w.-]+)[^/]*$")


class SchematronError(ValueError):
    """The stylesheets cannot be used: SaxonC is not installed, or it refuses them."""


class Schematron:
    """Applies stylesheets to documents, in the one thread that SaxonC wants."""

    def __init__(self, stylesheets: Sequence[Path]) -> None:
        if find_spec("saxonche") is None:
            raise SchematronError("needs SaxonC: install anaf-efactura[schematron]")
        self._stylesheets = tuple(stylesheets)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="schematron")
        self.names = tuple(_name(path) for path in stylesheets)
        """What was applied, with the beginning of each file's SHA-256."""

    def check(self, root: Element) -> list[Finding]:
        """What the official rules say.

        Raises:
            SchematronError: SaxonC refuses a stylesheet, or one does not write SVRL.
        """
        from lxml import etree  # noqa: PLC0415 - at the first document, as in the gate

        text = etree.tostring(root, encoding="unicode")
        return [
            finding
            for report in self._thread.submit(self._reports, text).result()
            for finding in _findings(root, report)
        ]

    def _reports(self, text: str) -> list[str]:
        processor, programs = self._saxon
        try:
            document = processor.parse_xml(xml_text=text)
            return [str(one.transform_to_string(xdm_node=document)) for one in programs]
        except Exception as error:
            raise SchematronError(f"SaxonC could not apply the rules: {error}") from error

    @cached_property
    def _saxon(self) -> tuple[Any, list[Any]]:
        from saxonche import PySaxonProcessor  # noqa: PLC0415 - only where it is configured

        processor = PySaxonProcessor(license=False)
        compiler = processor.new_xslt30_processor()
        try:
            programs = [
                compiler.compile_stylesheet(stylesheet_file=str(path)) for path in self._stylesheets
            ]
        except Exception as error:
            raise SchematronError(f"SaxonC refuses a stylesheet: {error}") from error
        return processor, programs


def _name(path: Path) -> str:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SchematronError(f"{path}: {error.strerror}") from None
    return f"schematron:{path.name}@{digest[:12]}"


def _findings(root: Element, report: str) -> list[Finding]:
    try:
        output = parse(report.encode())
    except MalformedXml as error:
        raise SchematronError(f"a stylesheet wrote no XML: {error}") from None
    if local_name(output) != "schematron-output":
        raise SchematronError("a stylesheet did not write SVRL (schematron-output)")
    return [
        _finding(root, failed)
        for name in ("failed-assert", "successful-report")
        for failed in children(output, name)
    ]


def _finding(root: Element, failed: Element) -> Finding:
    said = " ".join("".join(child.itertext()) for child in children(failed, "text"))
    rule = failed.get("id", "")
    # ANAF writes Romanian, then # and English; others write one language.
    romanian, _, english = " ".join(said.split()).removeprefix(f"[{rule}]-").partition("#")
    texts = {"official_ro": romanian.strip(), "official_en": (english or romanian).strip()}
    flag = (failed.get("flag") or failed.get("role") or "").lower()
    return Finding(
        rule=rule if rule in rules() else OFFICIAL,
        term="",
        path=_place(root, failed.get("location", "/")),
        severity=Severity.WARNING if flag in _WARNING else Severity.ERROR,
        detail="official",
        values={name: text[:MAX_TEXT] for name, text in texts.items()} | {"rule": rule or "?"},
    )


def _place(root: Element, location: str) -> str:
    """The element at a location of SVRL, as our other findings name it."""
    attribute = _ATTRIBUTE.search(location)
    steps = list(_STEP.finditer(location))
    path = "".join(
        f"/*[local-name()='{step['name'] or step['qname']}' and "
        f"namespace-uri()='{step['uri'] or step['quri'] or ''}'][{step['position'] or 1}]"
        for step in steps
    )
    found: list[etree._Element] = root.xpath(path) if path else []
    if not found:
        return location[:MAX_TEXT]
    return where(found[0]) + (f"/@{attribute[1]}" if attribute else "")
