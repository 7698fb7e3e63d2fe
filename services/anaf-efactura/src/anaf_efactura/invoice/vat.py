"""VAT categories: who must be identified, which rate, what may stand together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workers_anaf.xml import Element

from .document import Document
from .model import Finding
from .tree import (
    BUYER,
    SELLER,
    error,
    find,
    find_all,
    number,
    text,
    text_of,
    vat_registrations,
    where,
)
from .vat_categories import Uses
from .vat_families import FAMILIES, Family, Identified, Rate

# Where a category is used: number of its identifier rule and of its rate rule, term of the rate.
_USES: Final = [
    ("lines", "02", "05", "BT-152"),
    ("allowances", "03", "06", "BT-96"),
    ("charges", "04", "07", "BT-103"),
]


def check(document: Document) -> Iterator[Finding]:
    """Presence, identifiers and rates of each category, and the categories that exclude others."""
    uses = Uses.of(document)
    for code, family in FAMILIES.items():
        yield from _check_breakdown(document, uses, code, family)
        for place, identifier_rule, rate_rule, term in _USES:
            used = uses.at(place, code)
            if used and not _identified(document, family.identified):
                yield _unidentified(document, f"{family.prefix}-{identifier_rule}")
            for category in used:
                yield from _check_rate(category, f"{family.prefix}-{rate_rule}", term, family.rate)
    for category in uses.breakdown:
        if text(category, "cbc:ID") != "O" and find(category, "cbc:Percent") is None:
            yield error("BR-48", "BT-119", where(category, "cbc:Percent"))
    yield from _check_outside_scope(uses)
    yield from _check_intra_community(document, uses)
    yield from _check_split_payment(document, uses)


def _check_breakdown(
    document: Document, uses: Uses, code: str, family: Family
) -> Iterator[Finding]:
    used = any(uses.at(place, code) for place, *_ in _USES)
    count = len(uses.at("breakdown", code))
    right = (count > 0) == used if family.by_rate else count == 1 or (count == 0 and not used)
    if not right:
        place = where(document.root, "cac:TaxTotal/cac:TaxSubtotal")
        yield error(f"{family.prefix}-01", "BT-118", place, "groups", count=count)


def _identified(document: Document, wanted: Identified) -> bool:
    seller, buyer = find(document.root, SELLER), find(document.root, BUYER)
    representative = find(document.root, "cac:TaxRepresentativeParty")
    seller_vat = bool(vat_registrations(seller) or vat_registrations(representative))
    any_seller = bool(find_all(document.root, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID"))
    buyer_vat = bool(vat_registrations(buyer))
    legal = find(document.root, f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID") is not None
    match wanted:
        case Identified.SELLER:
            return any_seller or seller_vat
        case Identified.SELLER_VAT:
            return seller_vat
        case Identified.BOTH:
            return (any_seller or seller_vat) and (buyer_vat or legal)
        case Identified.BOTH_VAT:
            return seller_vat and buyer_vat
        case Identified.NOBODY:
            return not seller_vat and not buyer_vat


def _unidentified(document: Document, rule: str) -> Finding:
    return error(rule, "BT-31", where(document.root, f"{SELLER}/cac:PartyTaxScheme"))


def _check_rate(category: Element, rule: str, term: str, rate: Rate) -> Iterator[Finding]:
    element = find(category, "cbc:Percent")
    percent = number(category, "cbc:Percent")
    if rate is Rate.NONE:
        right = element is None
    else:
        right = (
            percent is not None
            and {
                Rate.POSITIVE: percent > 0,
                Rate.ZERO: percent == 0,
                Rate.ANY: percent >= 0,
            }[rate]
        )
    if not right:
        place = where(category, "cbc:Percent")
        if element is None:
            yield error(rule, term, place, "element", element="cbc:Percent")
        else:
            yield error(rule, term, place, "value", actual=text_of(element))


def _check_outside_scope(uses: Uses) -> Iterator[Finding]:
    """BR-O-11 to 14: category O stands alone."""
    if not uses.at("breakdown", "O"):
        return
    for rule, place in (
        ("BR-O-11", "breakdown"),
        ("BR-O-12", "lines"),
        ("BR-O-13", "allowances"),
        ("BR-O-14", "charges"),
    ):
        found: list[Element] = getattr(uses, place)
        others = [item for item in found if text(item, "cbc:ID") != "O"]
        if others:
            yield error(rule, "BT-118", where(others[0], "cbc:ID"))


def _check_intra_community(document: Document, uses: Uses) -> Iterator[Finding]:
    if not uses.at("breakdown", "K"):
        return
    root = document.root
    period = find(root, "cac:InvoicePeriod")
    if not text(root, "cac:Delivery/cbc:ActualDeliveryDate") and not (
        period is not None and len(period)
    ):
        yield error("BR-IC-11", "BT-72", where(root, "cac:Delivery"))
    country = "cac:Delivery/cac:DeliveryLocation/cac:Address/cac:Country/cbc:IdentificationCode"
    if not text(root, country):
        yield error("BR-IC-12", "BT-80", where(root, country))


def _check_split_payment(document: Document, uses: Uses) -> Iterator[Finding]:
    """BR-B-01, 02: category B is Italy's own."""
    used = [
        item
        for place in ("lines", "allowances", "charges", "breakdown")
        for item in uses.at(place, "B")
    ]
    if not used:
        return
    countries = document.root.iterfind(".//{*}Country/{*}IdentificationCode")
    if any(text_of(country) != "IT" for country in countries):
        yield error("BR-B-01", "BT-118", where(used[0], "cbc:ID"))
    if uses.at("breakdown", "S") or uses.at("lines", "S"):
        yield error("BR-B-02", "BT-118", where(used[0], "cbc:ID"))
