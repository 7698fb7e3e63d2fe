"""Fiscal codes by their control digit: a rule of ours, which ANAF leaves to its servers.

There a wrong seller code is R_BT_32_cui or R6.1, minutes later and as a refused invoice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from stdnum.ro import cnp, cui

from workers_anaf.xml import Element

from .document import Document
from .model import Finding, Invoice, Kind
from .tree import BUYER, SELLER, error, find, find_all, is_vat, text, text_of, warning, where

NO_CNP: Final = "0" * 13
"""The accepted code of a buyer who is a person and gave no CNP."""
_ROOT_NAMES: Final = {Kind.INVOICE: "Invoice", Kind.CREDIT_NOTE: "CreditNote"}
_CUI: Final = re.compile(r"(?:RO)?\s*0*([1-9][0-9]{1,9})")
_CNP: Final = re.compile(r"[0-9]{13}")


def is_cui(value: str) -> bool:
    """Whether a fiscal code (with or without `RO`) has the right control digit."""
    found = _CUI.fullmatch(value.strip().upper())
    return found is not None and bool(cui.is_valid(found[1]))


def check(document: Document) -> Iterator[Finding]:
    """The fiscal codes of a Romanian seller and buyer."""
    for path, vat_term, other_term in ((SELLER, "BT-31", "BT-32"), (BUYER, "BT-48", "BT-47")):
        party = find(document.root, path)
        if (
            party is None
            or text(party, "cac:PostalAddress/cac:Country/cbc:IdentificationCode") != "RO"
        ):
            continue
        for scheme in find_all(party, "cac:PartyTaxScheme"):
            vat = is_vat(scheme)
            code = find(scheme, "cbc:CompanyID")
            if code is not None and text_of(code):
                yield from _check_code(code, vat_term if vat else other_term, vat=vat)
    yield from _check_buyer_registration(document)


def _check_code(element: Element, term: str, *, vat: bool) -> Iterator[Finding]:
    code = text_of(element)
    foreign = vat and code[:2].isalpha() and not code.upper().startswith("RO")
    # A prefix that is missing is BR-CO-09's finding; the digits are judged all the same.
    if foreign or is_cui(code) or _is_person(code):
        return
    yield error("WRK-CUI", term, where(element))


def _check_buyer_registration(document: Document) -> Iterator[Finding]:
    """BT-47 may be a CNP, a CUI or a trade register number, which has no control digit."""
    element = find(document.root, f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID")
    code = text_of(element)
    if element is None or not code:
        return
    country = text(document.root, f"{BUYER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode")
    wrong_cnp = bool(_CNP.fullmatch(code)) and not _is_person(code)
    wrong_cui = bool(_CUI.fullmatch(code.upper())) and not is_cui(code)
    if country == "RO" and (wrong_cnp or wrong_cui):
        yield warning("WRK-CUI", "BT-47", where(element), "person" if wrong_cnp else "")


def _is_person(code: str) -> bool:
    return bool(_CNP.fullmatch(code)) and (code == NO_CNP or cnp.is_valid(code))


def parties_of_filing(invoice: Invoice, cif: str | None, *, self_billed: bool) -> list[Finding]:
    """An error when the document is filed for another than its seller (its buyer, self-billed)."""
    filer = invoice.buyer if self_billed else invoice.seller
    if cif is None or filer.cui is None or filer.cui.lstrip("0") == cif:
        return []
    side = BUYER if self_billed else SELLER
    place = f"/{_ROOT_NAMES.get(invoice.kind, '')}/{side}/cac:PartyTaxScheme/cbc:CompanyID"
    if invoice.kind is Kind.CII:
        place = "/CrossIndustryInvoice"
    found = error("WRK-PARTY", "BT-48" if self_billed else "BT-31", place)
    return [replace(found, json_path="cif")]
