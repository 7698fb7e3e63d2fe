"""Code lists that are short and stable, and the codes that are known to be wrong.

The long lists (units of UN/ECE Rec 20 and 21, charge reasons, identifier schemes) are left to ANAF:
they change, and a copy would refuse what ANAF accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .document import Document
from .model import Finding
from .tree import CBC, error, text_of, where


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COUNTIES: Final = _words(
    "RO-AB RO-AG RO-AR RO-B RO-BC RO-BH RO-BN RO-BR RO-BT RO-BV RO-BZ RO-CJ RO-CL RO-CS RO-CT "
    "RO-CV RO-DB RO-DJ RO-GJ RO-GL RO-GR RO-HD RO-HR RO-IF RO-IL RO-IS RO-MH RO-MM RO-MS RO-NT "
    "RO-OT RO-PH RO-SB RO-SJ RO-SM RO-SV RO-TL RO-TM RO-TR RO-VL RO-VN RO-VS"
)
SECTORS: Final = {f"SECTOR{number}" for number in range(1, 7)}
COUNTRIES: Final = _words(
    "1A AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO "
    "BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK "
    "DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR "
    "GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM "
    "KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP "
    "MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL "
    "PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST "
    "SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG "
    "VI VN VU WF WS XI YE YT ZA ZM ZW"
)
"""ISO 3166-1 with 1A (Kosovo) and XI (Northern Ireland), as in ANAF's package 1.0.9."""
CURRENCIES: Final = _words(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN "
    "BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNH CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD "
    "EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD "
    "IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP "
    "PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STD STN SVC "
    "SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV "
    "WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG "
    "ZWL"
)
"""ISO 4217, with those withdrawn lately: an older list, as ANAF's, still has them."""
VAT_PREFIXES: Final = COUNTRIES | {"EL"}
PAYMENT_MEANS: Final = {
    *(str(number) for number in (*range(1, 71), *range(74, 79), *range(91, 98))),
    "ZZZ",
}
"""UNCL 4461 as in ANAF's package 1.0.9."""
CATEGORIES: Final = {"AE", "L", "M", "E", "S", "Z", "G", "O", "K", "B"}
ALLOWANCE_REASONS: Final = _words("41 42 60 62 63 64 65 66 67 68 70 71 88 95 100 102 103 104 105")
MIME_TYPES: Final = {
    "application/pdf",
    "image/png",
    "image/jpeg",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
}
_VATEX_GROUPS: Final = {
    "132-1": "ABCDEFGHIJKLMNOPQ",
    "143-1": "ABCDEFGHIJKL",
    "148-": "ABCDEFG",
    "151-1": "ABCDE",
}
_VATEX_SINGLE: Final = _words("79-C 132 143 143-1FA 148 151 151-1AA 309 AE D F G I IC J O")
VATEX: Final = {f"VATEX-EU-{code}" for code in _VATEX_SINGLE} | {
    f"VATEX-EU-{group}{letter}" for group, letters in _VATEX_GROUPS.items() for letter in letters
}
"""The 57 exemption codes of ANAF's package 1.0.9; newer ones are refused there."""

# Codes of UN/ECE Rec 20 and 21 are two or three capital letters or digits; these are not codes.
_UNIT: Final = re.compile(r"[A-Z0-9]{2,3}")
KNOWN_WRONG_UNITS: Final = {
    "PCE": "H87",
    "PCS": "H87",
    "BUC": "H87",
    "KG": "KGM",
    "ORA": "HUR",
    "ORE": "HUR",
    "MP": "MTK",
    "MC": "MTQ",
    "ZI": "DAY",
    "TO": "TNE",
}

_BREAKDOWN = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:ID"
_ITEM = "LINE/cac:Item/cac:ClassifiedTaxCategory/cbc:ID"
_REASON = "cbc:AllowanceChargeReasonCode"
# rule, term, path, allowed
LISTS: Final = [
    ("BR-CL-16", "BT-81", "cac:PaymentMeans/cbc:PaymentMeansCode", PAYMENT_MEANS),
    ("BR-CL-17", "BT-118", _BREAKDOWN, CATEGORIES),
    ("BR-CL-17", "BT-95", "cac:AllowanceCharge/cac:TaxCategory/cbc:ID", CATEGORIES),
    ("BR-CL-18", "BT-151", _ITEM, CATEGORIES),
    ("BR-CL-19", "BT-98", f"ALLOWANCE/{_REASON}", ALLOWANCE_REASONS),
    ("BR-CL-19", "BT-140", f"LINE-ALLOWANCE/{_REASON}", ALLOWANCE_REASONS),
]


def check(document: Document) -> Iterator[Finding]:
    """Codes that are on no list."""
    for rule, term, path, allowed in LISTS:
        for element in document.select(path):
            code = text_of(element)
            if code and code not in allowed:
                yield error(rule, term, where(element), "code", code=code[:10])
    for element in document.root.iter(f"{{{CBC}}}TaxExemptionReasonCode"):
        if text_of(element).upper() not in VATEX:
            seen = text_of(element)[:30]
            yield error("BR-CL-22", "BT-121", where(element), "code", code=seen)
    yield from _check_units(document)
    yield from _check_attachments(document)


def _check_units(document: Document) -> Iterator[Finding]:
    paths = (f"LINE/{document.quantity_path}", "LINE/cac:Price/cbc:BaseQuantity")
    for path in paths:
        for element in document.select(path):
            unit = element.get("unitCode")
            if unit is None or (_UNIT.fullmatch(unit) and unit not in KNOWN_WRONG_UNITS):
                continue
            better = KNOWN_WRONG_UNITS.get(unit.strip().upper())
            detail = "unit" if better else "code"
            seen = {"code": unit[:10], "better": better}
            yield error("BR-CL-23", "BT-130", where(element) + "/@unitCode", detail, **seen)


def _check_attachments(document: Document) -> Iterator[Finding]:
    for element in document.root.iter(f"{{{CBC}}}EmbeddedDocumentBinaryObject"):
        if element.get("mimeCode") not in MIME_TYPES:
            rule = "BR-CL-24" if element.get("mimeCode") else "UBL-DT-06"
            yield error(rule, "BT-125-1", where(element) + "/@mimeCode")
        if not (element.get("filename") or "").strip():
            yield error("UBL-DT-07", "BT-125-2", where(element) + "/@filename")
