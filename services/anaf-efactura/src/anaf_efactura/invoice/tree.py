"""Reading a UBL tree: short paths, normalised text, exact numbers, and where an element stands."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from workers_anaf.xml import Element, local_name

from .model import Finding, Kind, Severity

CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
ROOTS: Final = {
    "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice": Kind.INVOICE,
    "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote": Kind.CREDIT_NOTE,
}
NS: Final = {"cac": CAC, "cbc": CBC}
SELLER: Final = "cac:AccountingSupplierParty/cac:Party"
BUYER: Final = "cac:AccountingCustomerParty/cac:Party"

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_MAX_NUMBER: Final = 40
MAX_VALUE: Final = 240
"""Characters of a value of the document that a finding quotes."""


def find(element: Element, path: str) -> Element | None:
    """The first element at a path written with `cac:` and `cbc:`."""
    return element.find(path, NS)


def find_all(element: Element, path: str) -> list[Element]:
    """All elements at a path."""
    return list(element.findall(path, NS))


def text_of(element: Element | None) -> str:
    """The text with blanks normalised, as XPath's normalize-space; empty when there is none."""
    if element is None:
        return ""
    raw = (element.text or "") if len(element) == 0 else "".join(element.itertext())
    return " ".join(raw.split())


def text(element: Element, path: str) -> str:
    """The normalised text of the first element at a path; empty when there is none."""
    return text_of(find(element, path))


def number_of(element: Element | None) -> Decimal | None:
    """An xs:decimal, exactly; None when it is absent or not one."""
    raw = text_of(element)
    return Decimal(raw) if len(raw) <= _MAX_NUMBER and _NUMBER.fullmatch(raw) else None


def number(element: Element, path: str) -> Decimal | None:
    """The number of the first element at a path."""
    return number_of(find(element, path))


def is_true(element: Element, path: str) -> bool:
    """An xs:boolean."""
    return text(element, path) in {"true", "1"}


def where(element: Element, below: str = "") -> str:
    """The element's place, with positions among equal siblings; `below` names an absent child."""
    steps = []
    node: Element | None = element
    while node is not None:
        parent = node.getparent()
        name = _name(node)
        if parent is not None:
            position = sum(1 for _ in node.itersiblings(node.tag, preceding=True)) + 1
            if position > 1 or next(node.itersiblings(node.tag), None) is not None:
                name += f"[{position}]"
        steps.append(name)
        node = parent
    return "/" + "/".join(reversed(steps)) + (f"/{below}" if below else "")


def _name(element: Element) -> str:
    namespace = str(element.tag).removeprefix("{").partition("}")[0]
    prefix = {CAC: "cac:", CBC: "cbc:"}.get(namespace, "")
    return f"{prefix}{local_name(element)[:60]}"


def error(rule: str, term: str, path: str, detail: str = "", **values: object) -> Finding:
    """A finding that stops the invoice; `detail` names the sentence that the values fill."""
    return Finding(rule, term, path, Severity.ERROR, detail, _strings(values))


def warning(rule: str, term: str, path: str, detail: str = "", **values: object) -> Finding:
    """A finding that does not stop it."""
    return Finding(rule, term, path, Severity.WARNING, detail, _strings(values))


def _strings(values: dict[str, object]) -> dict[str, str]:
    # A value of the document may be as long as the document.
    return {name: str(value)[:MAX_VALUE] for name, value in values.items()}


def is_vat(element: Element) -> bool:
    """Whether the tax scheme of a category or registration is VAT."""
    return text(element, "cac:TaxScheme/cbc:ID").upper() == "VAT"


def vat_registrations(party: Element | None) -> list[Element]:
    """The VAT identifiers (BT-31, 48, 63) of a party."""
    return [
        company
        for scheme in ([] if party is None else find_all(party, "cac:PartyTaxScheme"))
        if is_vat(scheme) and (company := find(scheme, "cbc:CompanyID")) is not None
    ]
