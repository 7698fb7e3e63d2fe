"""What EN 16931 allows once, row by row of the table, and what belongs together."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from anaf_efactura.invoice import Severity, check
from anaf_efactura.invoice.repetition import ONCE

BUYER = "cac:AccountingCustomerParty/cac:Party"
SELLER = "cac:AccountingSupplierParty/cac:Party"
DOCUMENT = "cac:AdditionalDocumentReference"
FALSE, TRUE = "[cbc:ChargeIndicator='false']", "[cbc:ChargeIndicator='true']"
PLACES = {
    "LINE-ALLOWANCE": f"cac:InvoiceLine[1]/cac:AllowanceCharge{FALSE}",
    "LINE-CHARGE": f"cac:InvoiceLine[1]/cac:AllowanceCharge{TRUE}",
    "ALLOWANCE": f"cac:AllowanceCharge{FALSE}",
    "CHARGE": f"cac:AllowanceCharge{TRUE}",
    "LINE": "cac:InvoiceLine[1]",
}
# What the full invoice does not have: where it goes, and what.
ADDED = {
    "UBL-SR-16": ("before", f"{BUYER}/cac:PartyName",
                  "<cac:PartyIdentification><cbc:ID>1</cbc:ID></cac:PartyIdentification>"),
    "UBL-SR-21": ("after", "cac:PayeeParty/cac:PartyName",
                  "<cac:PartyLegalEntity><cbc:CompanyID>1</cbc:CompanyID></cac:PartyLegalEntity>"),
    "UBL-SR-28": ("after", "cac:PaymentMeans/cac:PayeeFinancialAccount",
                  "<cac:PaymentMandate><cbc:ID>M</cbc:ID></cac:PaymentMandate>"),
    "UBL-SR-35": ("after", "cac:InvoiceLine[1]/cac:InvoicePeriod",
                  "<cac:OrderLineReference><cbc:LineID>1</cbc:LineID></cac:OrderLineReference>"),
    "UBL-SR-39": ("after", DOCUMENT,
                  "<cac:ProjectReference><cbc:ID>P</cbc:ID></cac:ProjectReference>"),
    "UBL-SR-45": ("after", "cac:PaymentMeans/cbc:PaymentMeansCode",
                  "<cbc:PaymentDueDate>2026-11-05</cbc:PaymentDueDate>"),
    "UBL-SR-52": ("after", "cac:InvoiceLine[1]/cac:InvoicePeriod",
                  "<cac:DocumentReference><cbc:ID>1</cbc:ID></cac:DocumentReference>"),
}  # fmt: skip


def found(root: Any, severity: Severity = Severity.ERROR) -> set[str]:
    return {item.rule for item in check(root) if item.severity is severity}


@pytest.mark.parametrize(
    ("rule", "term", "context", "path"),
    [pytest.param(*row, id=f"{row[0]} {row[1]}") for row in ONCE],
)
def test_what_is_there_twice_is_found(
    full: Any, edit: Any, rule: str, term: str, context: str, path: str
):
    if rule in ADDED:
        action, place, xml = ADDED[rule]
        getattr(edit, action)(full, place, xml)
    assert rule not in {item.rule for item in check(full)}
    base = PLACES.get(context, context)
    element = edit.one(full, f"{base}/{path}" if base else path)
    element.addnext(copy.deepcopy(element))
    twice = [item for item in check(full) if item.rule == rule]
    assert [item.term for item in twice] == [term]
    assert "Sunt 2." in twice[0].text.ro
    newer = rule == "UBL-SR-52"
    assert twice[0].severity is (Severity.WARNING if newer else Severity.ERROR)


def test_payment_means_may_be_several_when_they_agree(full: Any, edit: Any):
    edit.drop(full, "cac:PaymentMeans/cac:CardAccount")
    edit.drop(full, "cac:PaymentMeans/cbc:PaymentMeansCode @name")
    means = edit.one(full, "cac:PaymentMeans")
    means.addnext(copy.deepcopy(means))
    assert found(full) == set()
    edit.set(full, "cac:PaymentMeans[2]/cbc:PaymentID", "other")
    edit.set(full, "cac:PaymentMeans[2]/cbc:PaymentMeansCode", "58")
    assert found(full) == {"UBL-SR-44", "UBL-SR-47"}


def test_seller_has_one_vat_id_one_other_and_no_third(full: Any, edit: Any):
    scheme = edit.one(full, f"{SELLER}/cac:PartyTaxScheme")
    other = copy.deepcopy(scheme)
    scheme.addnext(other)
    edit.set(full, f"{SELLER}/cac:PartyTaxScheme[2]//cbc:ID", "FC")
    assert found(full) == set()
    other.addnext(copy.deepcopy(other))
    assert found(full) == {"UBL-SR-13", "UBL-SR-42"}


def test_second_creditor_identifier_is_found(full: Any, edit: Any):
    identifier = (
        '<cac:PartyIdentification><cbc:ID schemeID="SEPA">1</cbc:ID></cac:PartyIdentification>'
    )
    edit.before(full, f"{SELLER}/cac:PartyName", identifier)
    assert found(full) == set()
    edit.before(full, f"{SELLER}/cac:PartyName", identifier)
    assert found(full) == {"UBL-SR-29"}


def test_rules_newer_than_anafs_package_are_warnings(full: Any, edit: Any):
    line = edit.one(full, f"{BUYER}//cac:AddressLine")
    line.addnext(copy.deepcopy(line))
    edit.drop(full, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID")
    assert found(full, Severity.WARNING) == {"UBL-SR-51", "UBL-SR-53"}


def test_invoiced_object_is_a_reference_of_type_130_and_nothing_else(full: Any, edit: Any):
    edit.drop(full, f"{DOCUMENT}/cac:Attachment")
    edit.drop(full, f"{DOCUMENT}/cbc:DocumentDescription")
    edit.set(full, f"{DOCUMENT}/cbc:ID @schemeID", "ABT")
    assert found(full) == {"UBL-SR-43"}
    edit.after(full, f"{DOCUMENT}/cbc:ID", "<cbc:DocumentTypeCode>130</cbc:DocumentTypeCode>")
    assert found(full) == set()
    code = edit.one(full, f"{DOCUMENT}/cbc:DocumentTypeCode")
    description = "<cbc:DocumentDescription>d</cbc:DocumentDescription>"
    edit.after(full, f"{DOCUMENT}/cbc:DocumentTypeCode", description)
    assert found(full) == {"UBL-CR-673"}
    code.getnext().addnext(edit.tree("<cac:Attachment/>"))
    assert found(full) == {"UBL-CR-666", "UBL-CR-673"}
    reference = edit.one(full, DOCUMENT)
    reference.addnext(copy.deepcopy(reference))
    assert found(full) == {"UBL-CR-666", "UBL-CR-673", "UBL-SR-04"}


def test_credit_note_may_name_a_project_with_type_50(credit_note: Any, edit: Any):
    reference = (
        "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cbc:DocumentTypeCode>50"
        "</cbc:DocumentTypeCode></cac:AdditionalDocumentReference>"
    )
    edit.before(credit_note, "cac:AccountingSupplierParty", reference)
    assert found(credit_note) == set()
    edit.set(credit_note, f"{DOCUMENT}/cbc:DocumentTypeCode", "380")
    assert found(credit_note) == {"UBL-SR-43"}
