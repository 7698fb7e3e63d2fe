"""Addresses and identifiers of seller, buyer, tax representative and place of delivery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workers_anaf.xml import Element

from .codes import COUNTIES, COUNTRIES, SECTORS, VAT_PREFIXES
from .document import Document
from .model import Finding
from .tree import BUYER, CAC, SELLER, error, find, find_all, is_vat, text, text_of, where

# address, (county rule, term), (sector rule, term)
ADDRESSES: Final = [
    (f"{SELLER}/cac:PostalAddress", ("BR-RO-110", "BT-39"), ("BR-RO-100", "BT-37")),
    (f"{BUYER}/cac:PostalAddress", ("BR-RO-111", "BT-54"), ("BR-RO-101", "BT-52")),
    (
        "cac:TaxRepresentativeParty/cac:PostalAddress",
        ("BR-RO-170", "BT-68"),
        ("BR-RO-160", "BT-66"),
    ),
    (
        "cac:Delivery/cac:DeliveryLocation/cac:Address",
        ("BR-RO-212", "BT-79"),
        ("BR-RO-202", "BT-77"),
    ),
]
# The categories whose use asks for the fiscal codes of both parties.
TAXED: Final = {"S", "Z", "E", "AE", "K", "G", "L", "M"}


def check(document: Document) -> Iterator[Finding]:
    """Counties, sectors, countries and the presence of identifiers."""
    for path, county, sector in ADDRESSES:
        for address in find_all(document.root, path):
            yield from _check_address(address, county, sector)
    yield from _check_countries(document)
    yield from _check_identifiers(document)
    for scheme in document.root.iter(f"{{{CAC}}}PartyTaxScheme"):
        code = find(scheme, "cbc:CompanyID")
        if is_vat(scheme) and code is not None and text_of(code)[:2] not in VAT_PREFIXES:
            yield error("BR-CO-09", "BT-31", where(code))


def _check_address(
    address: Element, county: tuple[str, str], sector: tuple[str, str]
) -> Iterator[Finding]:
    if text(address, "cac:Country/cbc:IdentificationCode") != "RO":
        return
    code = text(address, "cbc:CountrySubentity")
    if code not in COUNTIES:
        rule, term = county
        yield error(rule, term, where(address, "cbc:CountrySubentity"))
    elif code == "RO-B" and text(address, "cbc:CityName") not in SECTORS:
        rule, term = sector
        yield error(rule, term, where(address, "cbc:CityName"))


def _check_countries(document: Document) -> Iterator[Finding]:
    for tag, rule in (("Country", "BR-CL-14"), ("OriginCountry", "BR-CL-15")):
        for country in document.root.iter(f"{{{CAC}}}{tag}"):
            code = text(country, "cbc:IdentificationCode")
            if code and code not in COUNTRIES:
                place = where(country, "cbc:IdentificationCode")
                yield error(rule, "", place, "code", code=code[:10])


def _check_identifiers(document: Document) -> Iterator[Finding]:
    root = document.root
    schemes = find_all(root, f"{SELLER}/cac:PartyTaxScheme")
    vat = [scheme for scheme in schemes if is_vat(scheme) and text(scheme, "cbc:CompanyID")]
    if not (
        vat
        or text(root, f"{SELLER}/cac:PartyIdentification/cbc:ID")
        or text(root, f"{SELLER}/cac:PartyLegalEntity/cbc:CompanyID")
    ):
        yield error("BR-CO-26", "BT-29", where(root, SELLER))
    if not _uses_taxed(document):
        return
    representative = find_all(root, "cac:TaxRepresentativeParty/cac:PartyTaxScheme")
    if not any(text(scheme, "cbc:CompanyID") for scheme in (*schemes, *representative)):
        yield error("BR-RO-065", "BT-31", where(root, f"{SELLER}/cac:PartyTaxScheme"))
    buyer_ids = ("cac:PartyLegalEntity/cbc:CompanyID", "cac:PartyTaxScheme/cbc:CompanyID")
    if not any(text(root, f"{BUYER}/{path}") for path in buyer_ids):
        yield error("BR-RO-120", "BT-47", where(root, BUYER))


def _uses_taxed(document: Document) -> bool:
    categories = [
        *document.select("LINE/cac:Item/cac:ClassifiedTaxCategory/cbc:ID"),
        *document.select("cac:AllowanceCharge/cac:TaxCategory/cbc:ID"),
    ]
    return any(text_of(category) in TAXED for category in categories)
