"""Writes UBL elements and keeps from which place of the JSON each one came."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from anaf_efactura.invoice.model import Kind
from anaf_efactura.invoice.tree import CAC, CBC
from workers_anaf.xml import Element

_ROOT: Final = {
    Kind.INVOICE: ("Invoice", "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"),
    Kind.CREDIT_NOTE: ("CreditNote", "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"),
}
_NAMESPACES: Final[dict[str | None, str]] = {"cac": CAC, "cbc": CBC}
CENT: Final = Decimal("0.01")


class Writer:
    """A document that grows in the order of the schema."""

    def __init__(self, kind: Kind, currency: str) -> None:
        from lxml import etree  # noqa: PLC0415 - at the first document, as in the gate

        name, namespace = _ROOT[kind]
        self._etree = etree
        self.kind = kind
        self.currency = currency
        prefixes: dict[str | None, str] = {None: namespace}
        prefixes.update(_NAMESPACES)
        self.root: Element = etree.Element(f"{{{namespace}}}{name}", nsmap=prefixes)
        # Keeping the elements keeps their identity, which lxml otherwise makes anew.
        self.places: dict[Element, str] = {self.root: "invoice"}

    def group(self, parent: Element, name: str, at: str) -> Element:
        """Add a group; one that stays empty is taken out at the end."""
        return self._add(parent, CAC, name, at)

    def text(
        self, parent: Element, name: str, value: object, at: str, /, **attributes: str | None
    ) -> None:
        """Add a value unless it is absent or blank; attributes likewise."""
        written = "" if value is None else str(value).strip()
        if not written:
            return
        element = self._add(parent, CBC, name, at)
        element.text = written
        for key, each in attributes.items():
            if each:
                element.set(key, each)

    def amount(
        self, parent: Element, name: str, value: Decimal | None, at: str, currency: str = ""
    ) -> None:
        """Add an amount of money with two decimals."""
        if value is not None:
            written = plain(rounded(value))
            self.text(parent, name, written, at, currencyID=currency or self.currency)

    def price(self, parent: Element, name: str, value: Decimal | None, at: str) -> None:
        """Add a price, with the decimals that it has."""
        if value is not None:
            self.text(parent, name, plain(value), at, currencyID=self.currency)

    def number(self, parent: Element, name: str, value: Decimal | None, at: str) -> None:
        """Add a number without a unit."""
        if value is not None:
            self.text(parent, name, plain(value), at)

    def scheme(self, parent: Element) -> None:
        """Add the tax scheme VAT."""
        self.text(self.group(parent, "TaxScheme", ""), "ID", "VAT", "")

    def finish(self) -> bytes:
        """The document's bytes."""
        for element in reversed(list(self.root.iter())):
            parent = element.getparent()
            if parent is not None and len(element) == 0 and not element.text:
                parent.remove(element)
        written: bytes = self._etree.tostring(
            self.root, encoding="UTF-8", xml_declaration=True, pretty_print=True
        )
        return written

    def _add(self, parent: Element, namespace: str, name: str, at: str) -> Element:
        element: Element = self._etree.SubElement(parent, f"{{{namespace}}}{name}")
        if at:
            self.places[element] = at
        return element


def rounded(value: Decimal) -> Decimal:
    """Two decimals, halves away from zero, as invoices are rounded."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """Digits without an exponent, never a negative zero."""
    return f"{value if value else abs(value):f}"
