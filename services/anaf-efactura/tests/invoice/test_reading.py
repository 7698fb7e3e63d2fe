"""What is read of an invoice, and that nothing hostile breaks reading or checking."""

from __future__ import annotations

import contextlib
import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anaf_efactura.invoice import Kind, NotAnInvoice, check, from_root, has_errors, read
from workers_anaf.xml import MalformedXml, local_name, parse

SELLER = "cac:AccountingSupplierParty/cac:Party"
BUYER = "cac:AccountingCustomerParty/cac:Party"


def test_an_invoice_is_read(sources: Any):
    invoice = read(sources["invoice"])
    assert invoice.kind is Kind.INVOICE
    assert invoice.standard == "UBL"
    assert invoice.number == "PMX-2026-0001"
    assert invoice.issue_date == date(2026, 10, 5)
    assert (invoice.type_code, invoice.currency, invoice.line_count) == ("380", "RON", 2)
    assert (invoice.seller.name, invoice.seller.cui) == ("Furnizor Test SRL", "12345674")
    assert (invoice.seller.vat_id, invoice.seller.country) == ("RO12345674", "RO")
    assert (invoice.buyer.cui, invoice.buyer.vat_id) == ("87654329", "RO87654329")
    assert invoice.totals.lines == invoice.totals.without_vat == Decimal("228.00")
    assert (invoice.totals.vat, invoice.totals.with_vat) == (Decimal("45.08"), Decimal("273.08"))
    assert invoice.totals.payable == Decimal("273.08")


def test_a_credit_note_is_read(sources: Any):
    note = read(sources["credit_note"])
    assert (note.kind, note.standard, note.type_code) == (Kind.CREDIT_NOTE, "CN", "381")
    assert note.line_count == 2


def test_the_vat_of_an_invoice_in_euro_is_in_euro(sources: Any):
    assert read(sources["full"]).totals.vat == Decimal("44.10")


def test_a_party_outside_vat_has_its_code(invoice: Any, edit: Any):
    edit.set(invoice, f"{SELLER}/cac:PartyTaxScheme/cac:TaxScheme/cbc:ID", "FC")
    edit.set(invoice, f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID", "12345674")
    seller = from_root(invoice).seller
    assert (seller.cui, seller.vat_id) == ("12345674", None)


def test_a_person_has_the_code_of_the_legal_entity(invoice: Any, edit: Any):
    edit.drop(invoice, f"{BUYER}/cac:PartyTaxScheme")
    edit.set(invoice, f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID", "0" * 13)
    assert from_root(invoice).buyer.cui == "0" * 13


def test_a_trade_register_number_is_no_fiscal_code(invoice: Any, edit: Any):
    edit.drop(invoice, f"{BUYER}/cac:PartyTaxScheme")
    assert from_root(invoice).buyer.cui is None


def test_personal_data_is_not_shown_by_repr(sources: Any):
    shown = repr(read(sources["invoice"]))
    for private in ("Furnizor", "Client", "12345674", "87654329"):
        assert private not in shown


def test_what_is_missing_is_none():
    namespace = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    invoice = read(f'<Invoice xmlns="{namespace}"/>'.encode())
    assert (invoice.number, invoice.issue_date, invoice.line_count) == ("", None, 0)
    assert invoice.seller.name is invoice.buyer.cui is invoice.totals.payable is None
    assert invoice.fingerprint()


@pytest.mark.parametrize("data", [b"<a/>", b"<html/>", b'<Invoice xmlns="x"/>'])
def test_another_root_is_not_an_invoice(data: bytes):
    with pytest.raises(NotAnInvoice) as caught:
        read(data)
    assert "UBL 2.1" in caught.value.reason_ro
    assert isinstance(caught.value, MalformedXml)


@pytest.mark.parametrize(
    ("path", "value", "same"),
    [
        ("cbc:ID", "PMX-2026-0009", False),
        ("cbc:IssueDate", "2026-10-06", False),
        (f"{SELLER}/cac:PartyTaxScheme/cbc:CompanyID", "RO123456789", False),
        ("cac:LegalMonetaryTotal/cbc:PayableAmount", "273.09", False),
        ("cac:LegalMonetaryTotal/cbc:PayableAmount", "273.080", True),
        ("cbc:ID", "  PMX-2026-0001 ", True),
        (f"{BUYER}/cac:PartyTaxScheme/cbc:CompanyID", "RO123456789", True),
        ("cac:InvoiceLine[1]/cac:Item/cbc:Name", "altceva", True),
    ],
)
def test_the_fingerprint_follows_what_names_an_invoice(invoice, edit, path, value, same):
    before = from_root(invoice).fingerprint()
    edit.set(invoice, path, value)
    assert (from_root(invoice).fingerprint() == before) is same


def test_an_invoice_and_a_credit_note_never_share_a_fingerprint(
    invoice: Any, credit_note: Any, edit: Any
):
    edit.set(credit_note, "cbc:ID", "PMX-2026-0001")
    assert from_root(invoice).fingerprint() != from_root(credit_note).fingerprint()


# What may be absent from the minimal invoice: identifiers beside which another one stands.
OPTIONAL = {
    f"{SELLER}/cac:PartyLegalEntity/cbc:CompanyID",
    f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID",
    f"{BUYER}/cac:PartyTaxScheme",
    f"{BUYER}/cac:PartyTaxScheme/cbc:CompanyID",
}


def test_no_mandatory_element_can_be_removed_unseen(invoice: Any, edit: Any):
    optional = {
        element for path in OPTIONAL for element in invoice.xpath(path, namespaces=edit.names)
    }
    removed = 0
    for position, element in enumerate(invoice.iter()):
        if position == 0 or element in optional:
            continue
        root = copy.deepcopy(invoice)
        victim = list(root.iter())[position]
        victim.getparent().remove(victim)
        assert has_errors(check(root)), local_name(element)
        removed += 1
    assert removed > 80


def test_no_mandatory_attribute_can_be_removed_unseen(invoice: Any):
    for position, element in enumerate(invoice.iter()):
        for name in element.attrib:
            root = copy.deepcopy(invoice)
            del list(root.iter())[position].attrib[name]
            assert has_errors(check(root)), (local_name(element), name)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_change_of_a_tree_is_judged(sources: Any, data: st.DataObject):
    root = parse(sources[data.draw(st.sampled_from(sorted(sources)))])
    for _ in range(data.draw(st.integers(1, 6))):
        elements = list(root.iter())
        element = elements[data.draw(st.integers(0, len(elements) - 1))]
        parent = element.getparent()
        action = data.draw(st.sampled_from(["text", "drop", "copy", "move", "attribute", "tag"]))
        if action == "text":
            element.text = data.draw(st.sampled_from(["", "-0.00", "1e9", "NaN", "x" * 500, "0"]))
        elif action == "attribute":
            element.set("currencyID", data.draw(st.sampled_from(["", "EUR", "x"])))
        elif action == "tag":
            element.tag = data.draw(st.sampled_from([one.tag for one in elements[1:]]))
        elif parent is not None and action == "drop":
            parent.remove(element)
        elif parent is not None and action == "copy":
            parent.append(copy.deepcopy(element))
        elif parent is not None:
            parent.insert(0, element)
    for finding in check(root):
        assert finding.rule
        assert finding.path.startswith("/")
        assert finding.message
    with contextlib.suppress(NotAnInvoice):
        assert from_root(root).fingerprint()


@given(data=st.data())
def test_any_damage_to_the_bytes_is_judged(sources: Any, data: st.DataObject):
    source = bytearray(sources["invoice"])
    for _ in range(data.draw(st.integers(0, 3))):
        source[data.draw(st.integers(0, len(source) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(source)) | st.just(len(source)))
    with contextlib.suppress(MalformedXml):
        read(bytes(source[:end]))
        assert isinstance(check(parse(bytes(source[:end]))), list)
