"""Invoices to change, and the rules that a change breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anaf_efactura.invoice import Finding, Severity, check
from workers_anaf.xml import Element, parse

DATA = Path(__file__).parent.parent / "data"
NS = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


@pytest.fixture(scope="session")
def sources() -> dict[str, bytes]:
    """The bytes of the three valid documents, by name."""
    return {path.stem: path.read_bytes() for path in DATA.glob("*.xml")}


@pytest.fixture
def invoice(sources: dict[str, bytes]) -> Element:
    """A minimal invoice without a finding."""
    return parse(sources["invoice"])


@pytest.fixture
def credit_note(sources: dict[str, bytes]) -> Element:
    """The same as a credit note."""
    return parse(sources["credit_note"])


@pytest.fixture
def full(sources: dict[str, bytes]) -> Element:
    """An invoice in EUR that uses nearly every group of EN 16931."""
    return parse(sources["full"])


@pytest.fixture(scope="session")
def errors() -> Callable[[Element], set[str]]:
    """The ids of the rules that stop a document."""

    def find(root: Element) -> set[str]:
        return {item.rule for item in check(root) if item.severity is Severity.ERROR}

    return find


@pytest.fixture(scope="session")
def only() -> Callable[[Element], Finding]:
    """The one finding of a document."""

    def find(root: Element) -> Finding:
        findings = check(root)
        assert len(findings) == 1, findings
        return findings[0]

    return find


class Editor:
    """Short ways to change a tree; paths are XPath with `cac:` and `cbc:`."""

    names = NS

    def all(self, root: Element, path: str) -> list[Element]:
        """The elements at a path, which must exist."""
        found = root.xpath(path, namespaces=NS)
        assert found, path
        return list(found)

    def one(self, root: Element, path: str) -> Element:
        """The first of them."""
        return self.all(root, path)[0]

    def set(self, root: Element, path: str, value: str) -> None:
        """Give every element at a path a text; `path @name` gives an attribute."""
        path, _, attribute = path.partition(" @")
        for element in self.all(root, path):
            if attribute:
                element.set(attribute, value)
            else:
                element.text = value

    def drop(self, root: Element, path: str) -> None:
        """Remove the elements (or, as `path @name`, the attribute) at a path."""
        path, _, attribute = path.partition(" @")
        for element in self.all(root, path):
            if attribute:
                del element.attrib[attribute]
            else:
                element.getparent().remove(element)

    def tree(self, xml: str) -> Element:
        """An element from text, with the prefixes known."""
        names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
        return parse(f"<x {names}>{xml}</x>".encode())[0]

    def after(self, root: Element, path: str, xml: str) -> None:
        """Put an element behind another."""
        self.all(root, path)[-1].addnext(self.tree(xml))

    def before(self, root: Element, path: str, xml: str) -> None:
        """Put an element in front of another."""
        self.one(root, path).addprevious(self.tree(xml))


@pytest.fixture(scope="session")
def edit() -> Editor:
    """The editor."""
    return Editor()
