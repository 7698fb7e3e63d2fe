"""Mutations of many good documents, and the rules that each breaks: these and no others.

A base is a kind of document in one VAT category with allowances, charges, delivery and payment; a
mutation is a list of edits with the ids that it must give. Ids hold `{F}` for the family of the
base's category and may end in ` ? codes`: only for bases of these categories, kinds or names.
"""

from __future__ import annotations

import copy
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from anaf_efactura.invoice import Severity, check
from anaf_efactura.invoice.schema import find
from anaf_efactura.invoice.vat_families import FAMILIES
from workers_anaf.xml import Element, parse

_FILE = Path(__file__).with_name("mutant_bases.py")
_SPEC = importlib.util.spec_from_file_location("mutant_bases", _FILE)
bases = importlib.util.module_from_spec(_SPEC)
sys.modules["mutant_bases"] = bases
_SPEC.loader.exec_module(bases)
Base, BASES = bases.Base, bases.BASES

SELLER = "cac:AccountingSupplierParty/cac:Party"
BUYER = "cac:AccountingCustomerParty/cac:Party"
TOTALS = "cac:LegalMonetaryTotal"
SUBTOTAL = "cac:TaxTotal[1]/cac:TaxSubtotal"
ADDRESS = "cac:Delivery/cac:DeliveryLocation/cac:Address"
LINE = "LINE[1]"
ALLOWANCE = "cac:AllowanceCharge[1]"
CHARGE = "cac:AllowanceCharge[2]"
LINE_ALLOWANCE = f"{LINE}/cac:AllowanceCharge[1]"
LINE_CHARGE = f"{LINE}/cac:AllowanceCharge[2]"
COUNTED = 400
"""Mutants that must be tried, beyond the table of what ANAF's package was measured to say."""


Edit = tuple[str, ...]


@dataclass(frozen=True)
class Mutation:
    """What is changed, and the ids that it must give."""

    name: str
    expected: str
    edits: tuple[Edit, ...]
    only: str = ""
    """Bases that it makes sense for, by category, kind or name; empty: all."""

    def suits(self, base: Base) -> bool:
        return not self.only or bool(base.words & set(self.only.split(", ")))

    def rules(self, base: Base) -> set[str]:
        found = set()
        for item in self.expected.split():
            rule, _, words = item.partition("?")
            if not words or base.words & set(words.split(",")):
                found.add(rule.replace("{F}", base.family))
        return found


def dropping(name: str, path: str, expected: str, only: str = "") -> Mutation:
    return Mutation(f"no {name}", expected, (("drop", path),), only)


def setting(name: str, path: str, value: str, expected: str, only: str = "") -> Mutation:
    return Mutation(name, expected, (("set", path, value),), only)


def repeating(name: str, path: str, expected: str, only: str = "") -> Mutation:
    return Mutation(f"twice {name}", expected, (("copy", path),), only)


NOT_O = "S,Z,E,AE,K,G,L,M"
INVOICES = "invoice"
PARTY = "cac:PartyTaxScheme"
MUTATIONS = [
    # Presence.
    dropping("specification", "cbc:CustomizationID", "BR-01"),
    dropping("number", "cbc:ID", "BR-02"),
    dropping("issue date", "cbc:IssueDate", "BR-03"),
    dropping("type", "TYPE", "BR-04"),
    dropping("seller name", f"{SELLER}//cbc:RegistrationName", "BR-06"),
    dropping("buyer name", f"{BUYER}//cbc:RegistrationName", "BR-07"),
    dropping("seller address", f"{SELLER}/cac:PostalAddress", "BR-08 BR-RO-081 BR-RO-091"),
    dropping("seller country", f"{SELLER}//cac:Country", "BR-09"),
    dropping("buyer address", f"{BUYER}/cac:PostalAddress", "BR-10 BR-RO-082 BR-RO-092"),
    dropping("buyer country", f"{BUYER}//cac:Country", "BR-11"),
    dropping("line total", f"{TOTALS}/cbc:LineExtensionAmount", "BR-12"),
    dropping("net total", f"{TOTALS}/cbc:TaxExclusiveAmount", "BR-13"),
    dropping("gross total", f"{TOTALS}/cbc:TaxInclusiveAmount", "BR-14"),
    dropping("amount due", f"{TOTALS}/cbc:PayableAmount", "BR-15"),
    dropping("payee name", "cac:PayeeParty/cac:PartyName", "BR-17"),
    dropping("line id", f"{LINE}/cbc:ID", "BR-21"),
    dropping("quantity", f"{LINE}/QUANTITY", "BR-22 BR-23"),
    dropping("unit", f"{LINE}/QUANTITY @unitCode", "BR-23"),
    dropping("line amount", f"{LINE}/cbc:LineExtensionAmount", "BR-24"),
    dropping("item name", f"{LINE}/cac:Item/cbc:Name", "BR-25"),
    dropping("price", f"{LINE}/cac:Price", "BR-26"),
    dropping("allowance amount", f"{ALLOWANCE}/cbc:Amount", "BR-31"),
    dropping("allowance category", f"{ALLOWANCE}/cac:TaxCategory", "BR-32 {F}-08"),
    dropping("allowance reason", f"{ALLOWANCE}/cbc:AllowanceChargeReason", "BR-33 BR-CO-21"),
    dropping("charge amount", f"{CHARGE}/cbc:Amount", "BR-36"),
    dropping("charge category", f"{CHARGE}/cac:TaxCategory", "BR-37 {F}-08"),
    dropping("charge reason", f"{CHARGE}/cbc:AllowanceChargeReason", "BR-38 BR-CO-22"),
    dropping("line allowance amount", f"{LINE_ALLOWANCE}/cbc:Amount", "BR-41"),
    dropping("line allowance reason", f"{LINE_ALLOWANCE}/cbc:AllowanceChargeReason",
             "BR-42 BR-CO-23"),
    dropping("line charge amount", f"{LINE_CHARGE}/cbc:Amount", "BR-43"),
    dropping("line charge reason", f"{LINE_CHARGE}/cbc:AllowanceChargeReason", "BR-44 BR-CO-24"),
    dropping("base of the group", f"{SUBTOTAL}/cbc:TaxableAmount", "BR-45"),
    dropping("tax of the group", f"{SUBTOTAL}/cbc:TaxAmount", "BR-46"),
    dropping("payment code", "//cbc:PaymentMeansCode", "BR-49"),
    dropping("account id", "//cac:PayeeFinancialAccount/cbc:ID", "BR-50 BR-61"),
    dropping("account", "//cac:PayeeFinancialAccount", "BR-61"),
    dropping("supporting reference", "cac:AdditionalDocumentReference/cbc:ID", "BR-52"),
    dropping("preceding number", "cac:BillingReference//cbc:ID", "BR-55 UBL-SR-07"),
    dropping("delivery country", f"{ADDRESS}/cac:Country", "BR-57 BR-IC-12?K"),
    dropping("line category", f"{LINE}/cac:Item/cac:ClassifiedTaxCategory",
             "BR-CO-04 UBL-SR-48 {F}-08"),
    dropping("breakdown", SUBTOTAL, "BR-CO-18 {F}-01"),
    # Identifiers.
    dropping("seller registrations", f"{SELLER}/{PARTY}",
             f"BR-RO-065?{NOT_O} {{F}}-02?{NOT_O} {{F}}-03?{NOT_O} {{F}}-04?{NOT_O}"),
    dropping("any seller id", f"{SELLER}/{PARTY} | {SELLER}/cac:PartyLegalEntity/cbc:CompanyID",
             f"BR-CO-26 BR-RO-065?{NOT_O} {{F}}-02?{NOT_O} {{F}}-03?{NOT_O} {{F}}-04?{NOT_O}"),
    dropping("buyer registrations", f"{BUYER}/{PARTY}", "BR-IC-02?K BR-IC-03?K BR-IC-04?K"),
    dropping("any buyer id", f"{BUYER}/{PARTY} | {BUYER}/cac:PartyLegalEntity/cbc:CompanyID",
             f"BR-RO-120?{NOT_O} BR-IC-02?K BR-IC-03?K BR-IC-04?K "
             "BR-AE-02?AE BR-AE-03?AE BR-AE-04?AE"),
    setting("seller without RO", f"{SELLER}/{PARTY}/cbc:CompanyID", "12345674",
            f"BR-CO-09?{NOT_O}"),
    setting("seller scheme FC", f"{SELLER}/{PARTY}//cbc:ID", "FC",
            "BR-G-02?G BR-G-03?G BR-G-04?G BR-IC-02?K BR-IC-03?K BR-IC-04?K"),
    setting("seller scheme VAT", f"{SELLER}/{PARTY}//cbc:ID", "VAT",
            "BR-CO-09?O BR-O-02?O BR-O-03?O BR-O-04?O"),
    setting("wrong control digit", f"{SELLER}/{PARTY}/cbc:CompanyID", "RO12345675", "WRK-CUI"),
    # VAT.
    dropping("rate of the line", f"{LINE}//cac:ClassifiedTaxCategory/cbc:Percent",
             "{F}-05 {F}-08?S,L,M", "S, Z, E, AE, K, G, L, M"),
    dropping("rate of the allowance", f"{ALLOWANCE}//cbc:Percent",
             "{F}-06 {F}-08?S,L,M", "S, Z, E, AE, K, G, L, M"),
    dropping("rate of the charge", f"{CHARGE}//cbc:Percent",
             "{F}-07 {F}-08?S,L,M", "S, Z, E, AE, K, G, L, M"),
    dropping("rate of the group", f"{SUBTOTAL}//cbc:Percent", "BR-48 BR-CO-17?S,L,M {F}-09?S,L,M",
             "S, Z, E, AE, K, G, L, M"),
    setting("line rate 5", f"{LINE}//cac:ClassifiedTaxCategory/cbc:Percent", "5",
            "{F}-05?Z,E,AE,K,G {F}-08?S,L,M", "S, Z, E, AE, K, G, L, M"),
    setting("line rate 0", f"{LINE}//cac:ClassifiedTaxCategory/cbc:Percent", "0",
            "BR-S-05?S {F}-08", "S, L, M"),
    setting("base + 1", f"{SUBTOTAL}/cbc:TaxableAmount", "111.00", "{F}-08"),
    setting("base + 0.99", f"{SUBTOTAL}/cbc:TaxableAmount", "110.99", "{F}-08?Z,E,AE,K,G,O"),
    setting("tax + 1", "cac:TaxTotal[1]//cbc:TaxAmount", "24.10",
            "{F}-09 BR-CO-17 BR-CO-15", "S, L, M"),
    setting("tax + 0.99", "cac:TaxTotal[1]//cbc:TaxAmount", "24.09", "BR-CO-15", "S, L, M"),
    setting("tax 1", "cac:TaxTotal[1]//cbc:TaxAmount", "1.00",
            "{F}-09 BR-CO-17 BR-CO-15", "Z, E, AE, K, G, O"),
    dropping("reason", "//cbc:TaxExemptionReasonCode", "{F}-10", "E, AE, K, G, O"),
    Mutation("reason too much", "{F}-10", (
        ("before", f"{SUBTOTAL}/cac:TaxCategory/cac:TaxScheme",
         "<cbc:TaxExemptionReason>x</cbc:TaxExemptionReason>"),), "S, Z, L, M"),
    setting("reason unknown", "//cbc:TaxExemptionReasonCode", "VATEX-RO-1", "BR-CL-22",
            "E, AE, K, G, O"),
    setting("group of S", f"{SUBTOTAL}/cac:TaxCategory/cbc:ID", "S",
            "{F}-01 BR-S-01 BR-S-08 BR-S-10?E,AE,K,G", "Z, E, AE, K, G"),
    setting("line of E", f"{LINE}//cac:ClassifiedTaxCategory/cbc:ID", "E", "{F}-08 BR-E-01",
            "Z, AE, K, G"),
    setting("line of Z beside O", f"{LINE}//cac:ClassifiedTaxCategory/cbc:ID", "Z",
            "BR-O-08 BR-O-12 BR-Z-01 BR-Z-05", "O"),
    setting("category X", f"{LINE}//cac:ClassifiedTaxCategory/cbc:ID", "X",
            "BR-CL-18 {F}-08 BR-O-12?O"),
    setting("delivery of K undated", "cbc:Note", "n", "", "K"),
    Mutation("K without date", "BR-IC-11", (
        ("drop", "cac:Delivery/cbc:ActualDeliveryDate"), ("drop", "cac:InvoicePeriod")), "K"),
    Mutation("K without delivery", "BR-IC-12", (("drop", "cac:Delivery"),), "K"),
    *(Mutation(f"rate of O at {name}", f"BR-O-{rule}", (
        ("before", f"{path}/cac:TaxScheme", "<cbc:Percent>0</cbc:Percent>"),), "O")
      for name, rule, path in (
        ("a line", "05", f"{LINE}//cac:ClassifiedTaxCategory"),
        ("an allowance", "06", f"{ALLOWANCE}/cac:TaxCategory"),
        ("a charge", "07", f"{CHARGE}/cac:TaxCategory"))),
    # Sums.
    setting("line total + 0.01", f"{TOTALS}/cbc:LineExtensionAmount", "100.01",
            "BR-CO-10 BR-CO-13"),
    setting("allowance total + 0.01", f"{TOTALS}/cbc:AllowanceTotalAmount", "10.01",
            "BR-CO-11 BR-CO-13"),
    setting("charge total + 0.01", f"{TOTALS}/cbc:ChargeTotalAmount", "20.01",
            "BR-CO-12 BR-CO-13"),
    setting("net total + 0.01", f"{TOTALS}/cbc:TaxExclusiveAmount", "110.01",
            "BR-CO-13 BR-CO-15"),
    setting("gross total 1", f"{TOTALS}/cbc:TaxInclusiveAmount", "1.00", "BR-CO-15 BR-CO-16"),
    setting("amount due 1", f"{TOTALS}/cbc:PayableAmount", "1.00", "BR-CO-16"),
    setting("VAT total 1", "cac:TaxTotal[1]/cbc:TaxAmount", "1.00", "BR-CO-14 BR-CO-15"),
    setting("allowance 11", f"{ALLOWANCE}/cbc:Amount", "11.00", "BR-CO-11 {F}-08"),
    dropping("allowance total", f"{TOTALS}/cbc:AllowanceTotalAmount", "BR-CO-11 BR-CO-13"),
    dropping("charge total", f"{TOTALS}/cbc:ChargeTotalAmount", "BR-CO-12 BR-CO-13"),
    setting("line 61", f"{LINE}/cbc:LineExtensionAmount", "61.00", "BR-CO-10 {F}-08 WRK-LINE"),
    setting("line 60.02", f"{LINE}/cbc:LineExtensionAmount", "60.02",
            "BR-CO-10 {F}-08?Z,E,AE,K,G,O"),
    setting("price 11", f"{LINE}/cac:Price/cbc:PriceAmount", "11.00", "WRK-LINE"),
    setting("price negative", f"{LINE}/cac:Price/cbc:PriceAmount", "-10.00", "BR-27 WRK-LINE"),
    # Dates, codes, texts.
    Mutation("no due date", "BR-CO-25", (("drop", "cbc:DueDate"),), INVOICES),
    setting("period reversed", "cac:InvoicePeriod/cbc:EndDate", "2026-08-31", "BR-29"),
    Mutation("period empty", "BR-CO-19", (("drop", "cac:InvoicePeriod/*"),)),
    setting("issue date with zone", "cbc:IssueDate", "2026-10-05Z", "BR-RO-DT001"),
    setting("delivery date with time", "//cbc:ActualDeliveryDate", "2026-10-02T00:00:00",
            "BR-RO-DT004"),
    setting("start in words", "cac:InvoicePeriod/cbc:StartDate", "azi", "BR-RO-DT005"),
    setting("specification 1.0.0", "cbc:CustomizationID", "urn:cen.eu:en16931:2017", "BR-RO-001"),
    setting("number without digit", "cbc:ID", "M", "BR-RO-010"),
    setting("type 326", "TYPE", "326",
            "BR-RO-020_1?invoice BR-RO-020_2?credit_note BR-CL-01?credit_note"),
    setting("type 381 or 380", "TYPE", "381", "BR-CL-01 BR-RO-020_1", INVOICES),
    setting("type 380", "TYPE", "380", "BR-CL-01 BR-RO-020_2", "credit_note"),
    Mutation("BT-8 29", "BR-CL-06 BR-RO-040", (("after", "cac:InvoicePeriod/cbc:EndDate",
             "<cbc:DescriptionCode>29</cbc:DescriptionCode>"),)),
    Mutation("BT-7 and BT-8", "BR-CO-03", (
        ("after", "cac:InvoicePeriod/cbc:EndDate", "<cbc:DescriptionCode>35</cbc:DescriptionCode>"),
        ("after", "cbc:Note", "<cbc:TaxPointDate>2026-10-05</cbc:TaxPointDate>")), INVOICES),
    setting("seller city", f"{SELLER}//cbc:CityName", "Bucuresti", "BR-RO-100"),
    setting("buyer county", f"{BUYER}//cbc:CountrySubentity", "CJ", "BR-RO-111?" + ",".join(
        ("S", "Z", "E", "AE", "G", "O", "L", "M"))),
    setting("buyer in Bucharest", f"{BUYER}//cbc:CountrySubentity", "RO-B", "BR-RO-101?" + ",".join(
        ("S", "Z", "E", "AE", "G", "O", "L", "M"))),
    dropping("seller street", f"{SELLER}//cbc:StreetName", "BR-RO-081"),
    dropping("seller city", f"{SELLER}//cbc:CityName", "BR-RO-091 BR-RO-100"),
    dropping("buyer street", f"{BUYER}//cbc:StreetName", "BR-RO-082"),
    dropping("buyer city", f"{BUYER}//cbc:CityName", "BR-RO-092"),
    dropping("delivery street", f"{ADDRESS}/cbc:StreetName", "BR-RO-180"),
    dropping("delivery city", f"{ADDRESS}/cbc:CityName", "BR-RO-201"),
    dropping("delivery county", f"{ADDRESS}/cbc:CountrySubentity",
             "BR-RO-211 BR-RO-212?S,Z,E,AE,G,O,L,M"),
    setting("country Romania", f"{SELLER}//cbc:IdentificationCode", "RU2", "BR-CL-14"),
    setting("unit buc", f"{LINE}/QUANTITY @unitCode", "buc", "BR-CL-23"),
    setting("unit PCE", f"{LINE}/QUANTITY @unitCode", "PCE", "BR-CL-23"),
    setting("payment code 99", "//cbc:PaymentMeansCode", "99", "BR-CL-16"),
    setting("note of 301", "cbc:Note", "n" * 301, "BR-RO-L302"),
    setting("item name of 101", f"{LINE}/cac:Item/cbc:Name", "n" * 101, "BR-RO-L1024"),
    setting("seller name of 201", f"{SELLER}//cbc:RegistrationName", "n" * 201, "BR-RO-L201"),
    setting("buyer name of 201", f"{BUYER}//cbc:RegistrationName", "n" * 201, "BR-RO-L203"),
    setting("payee of 201", "cac:PayeeParty//cbc:Name", "n" * 201, "BR-RO-L205"),
    setting("contract of 201", "cac:ContractDocumentReference/cbc:ID", "n" * 201, "BR-RO-L0302"),
    setting("order of 201", "cac:OrderReference/cbc:ID", "n" * 201, "BR-RO-L0303"),
    setting("delivery street of 151", f"{ADDRESS}/cbc:StreetName", "n" * 151, "BR-RO-L154"),
    setting("allowance reason of 101", f"{ALLOWANCE}/cbc:AllowanceChargeReason", "n" * 101,
            "BR-RO-L1017"),
    setting("charge reason of 101", f"{CHARGE}/cbc:AllowanceChargeReason", "n" * 101,
            "BR-RO-L1018"),
    # Decimals: ANAF reports its own rule, that of EN 16931 and that of the syntax.
    setting("line 60.000", f"{LINE}/cbc:LineExtensionAmount", "60.000", "BR-DEC-23 UBL-DT-01"),
    setting("net total 110.000", f"{TOTALS}/cbc:TaxExclusiveAmount", "110.000",
            "BR-DEC-12 BR-DEC-RO-12 UBL-DT-01"),
    setting("allowance 10.000", f"{ALLOWANCE}/cbc:Amount", "10.000",
            "BR-DEC-01 BR-DEC-RO-01 UBL-DT-01"),
    setting("charge 20.000", f"{CHARGE}/cbc:Amount", "20.000", "BR-DEC-05 BR-DEC-RO-05 UBL-DT-01"),
    setting("base 110.000", f"{SUBTOTAL}/cbc:TaxableAmount", "110.000",
            "BR-DEC-19 BR-DEC-RO-1009 UBL-DT-01"),
    setting("line charge 5.000", f"{LINE_CHARGE}/cbc:Amount", "5.000",
            "BR-DEC-27 BR-DEC-RO-27 UBL-DT-01"),
    setting("line amount in words", f"{LINE}/cbc:LineExtensionAmount", "1.234,50",
            "WRK-NUMBER BR-DEC-23 UBL-DT-01"),
    setting("negative zero", "cac:TaxTotal[1]/cbc:TaxAmount", "-0.00",
            "WRK-ZERO BR-CO-14?S,L,M BR-CO-15?S,L,M"),
    # Once.
    repeating("contract", "cac:ContractDocumentReference", "UBL-SR-01", INVOICES),
    repeating("period", "cac:InvoicePeriod", "UBL-SR-08"),
    repeating("seller id", f"{SELLER}/{PARTY}", f"UBL-SR-12?{NOT_O} UBL-SR-13?O"),
    repeating("buyer id", f"{BUYER}/{PARTY}", f"UBL-SR-18?{NOT_O}"),
    repeating("delivery", "cac:Delivery", "UBL-SR-24"),
    repeating("allowance reason", f"{ALLOWANCE}/cbc:AllowanceChargeReason", "UBL-SR-30"),
    repeating("line charge reason", f"{LINE_CHARGE}/cbc:AllowanceChargeReason", "UBL-SR-31"),
    repeating("category of a line", f"{LINE}//cac:ClassifiedTaxCategory", "UBL-SR-48"),
    repeating("seller company", f"{SELLER}/cac:PartyLegalEntity", "UBL-SR-09 UBL-SR-11"),
    repeating("buyer company", f"{BUYER}/cac:PartyLegalEntity", "UBL-SR-15 UBL-SR-17"),
    repeating("payment", "cac:PaymentMeans", ""),
    repeating("issue date", "cbc:IssueDate", "WRK-ONCE"),
    # Foreign currency.
    dropping("accounting currency", "cbc:TaxCurrencyCode", "BR-RO-030", "euro, euro credit note"),
    setting("accounting currency EUR", "cbc:TaxCurrencyCode", "EUR", "BR-RO-030",
            "euro, euro credit note"),
    setting("accounting currency RUN", "cbc:TaxCurrencyCode", "RUN", "BR-CL-05 BR-RO-030 BR-53",
            "euro, euro credit note"),
    setting("invoice currency LEI", "cbc:DocumentCurrencyCode", "LEI",
            "BR-CL-04 BR-RO-030 BR-CO-15 WRK-CURRENCY", "Z, E, AE"),
    setting("currency ROL", f"{LINE}/cbc:LineExtensionAmount @currencyID", "ROL",
            "WRK-CURRENCY BR-CL-03"),
    dropping("RON total", "cac:TaxTotal[2]", "BR-53", "euro, euro credit note"),
    setting("VAT total in RON", "cac:TaxTotal[1]/cbc:TaxAmount @currencyID", "RON",
            "BR-CO-15", "euro, euro credit note"),
    setting("currency of a line", f"{LINE}/cbc:LineExtensionAmount @currencyID", "USD",
            "WRK-CURRENCY"),
    setting("currency lei", f"{LINE}/cbc:LineExtensionAmount @currencyID", "lei",
            "WRK-CURRENCY BR-CL-03"),
]  # fmt: skip


def spelled(path: str, base: Base) -> str:
    """A path for the base's kind of document."""
    credit = base.kind == "credit_note"
    words = {
        "LINE": "cac:CreditNoteLine" if credit else "cac:InvoiceLine",
        "QUANTITY": "cbc:CreditedQuantity" if credit else "cbc:InvoicedQuantity",
        "TYPE": "cbc:CreditNoteTypeCode" if credit else "cbc:InvoiceTypeCode",
    }
    for word, tag in words.items():
        path = path.replace(word, tag)
    return path


def mutated(base: Base, mutation: Mutation, edit: Any) -> Element:
    """The base with the edits made."""
    root = parse(base.xml())
    for what, path, *values in mutation.edits:
        place = spelled(path, base)
        match what:
            case "copy":
                for element in edit.all(root, place):
                    element.addnext(copy.deepcopy(element))
            case _:
                getattr(edit, what)(root, place, *values)
    return root


def errors_of(root: Element) -> set[str]:
    return {item.rule for item in check(root) if item.severity is Severity.ERROR}


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_every_base_is_good_by_rules_and_schema(base: Base):
    schema = find(None)
    assert schema is not None
    root = parse(base.xml())
    assert check(root) == schema.check(root) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation_breaks_its_rules_and_no_others(mutation: Mutation, edit: Any):
    bases = [base for base in BASES if mutation.suits(base)]
    assert bases
    found = {base.name: errors_of(mutated(base, mutation, edit)) for base in bases}
    assert found == {base.name: mutation.rules(base) for base in bases}


def test_enough_mutants_are_tried():
    suited = [(base, one) for one in MUTATIONS for base in BASES if one.suits(base)]
    assert len(suited) >= COUNTED
    assert len({one.name for one in MUTATIONS}) == len(MUTATIONS)


def test_every_family_is_broken_at_each_of_its_ten_questions():
    broken = {
        rule for one in MUTATIONS for base in BASES if one.suits(base) for rule in one.rules(base)
    }
    asked = {f"{family.prefix}-{n:02}" for family in FAMILIES.values() for n in range(1, 11)}
    assert asked <= broken
