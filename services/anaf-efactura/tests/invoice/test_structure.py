"""Order, repetition, root, the many findings, and where a finding points."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest

from anaf_efactura.invoice import MAX_FINDINGS, Severity, check, has_errors
from anaf_efactura.invoice.structure import ORDER
from anaf_efactura.invoice.tree import where
from workers_anaf.xml import local_name, parse


@pytest.mark.parametrize(
    "data",
    [
        b"<Invoice/>",
        b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-1"/>',
        b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>',
        b'<CreditNote xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>',
        b"<html/>",
    ],
)
def test_another_root_is_one_finding(data: bytes, only: Any):
    finding = only(parse(data))
    assert finding.rule == "WRK-ROOT"
    assert "UBL 2.1" in finding.message


@pytest.mark.parametrize("root", ["Invoice", "CreditNote"])
def test_an_empty_document_misses_everything_and_breaks_nothing(root: str, errors: Any):
    namespace = f"urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
    found = errors(parse(f'<{root} xmlns="{namespace}"/>'.encode()))
    assert {f"BR-{number:02}" for number in (*range(1, 9), 10, 12, 13, 14, 15, 16)} <= found
    assert {"BR-RO-081", "BR-RO-082", "BR-RO-091", "BR-RO-092", "BR-CO-18", "BR-CO-26"} <= found


@pytest.mark.parametrize("name", ["invoice", "credit_note", "full"])
def test_every_swap_of_two_kinds_of_siblings_is_found(request: Any, name: str):
    """For each listed parent, moving a child in front of an earlier one breaks the order."""
    original = request.getfixturevalue(name)
    swapped = 0
    for position, parent in enumerate(original.iter()):
        listed = [item.rstrip("*") for item in ORDER.get(local_name(parent), "").split()]
        known = [child for child in parent if local_name(child) in listed]
        for index in range(1, len(known)):
            if local_name(known[index]) == local_name(known[index - 1]):
                continue
            root = copy.deepcopy(original)
            other = list(root.iter())[position]
            children = [child for child in other if local_name(child) in listed]
            children[index - 1].addprevious(children[index])
            found = [item for item in check(root) if item.rule == "WRK-ORDER"]
            assert found, (local_name(parent), local_name(known[index]))
            swapped += 1
    assert swapped > 30


def test_an_element_twice_is_found(invoice: Any, edit: Any, only: Any):
    edit.after(invoice, "cbc:IssueDate", "<cbc:IssueDate>2026-10-05</cbc:IssueDate>")
    finding = only(invoice)
    assert (finding.rule, finding.path) == ("WRK-ONCE", "/Invoice/cbc:IssueDate[2]")


def test_an_element_out_of_order_is_named_with_what_it_follows(invoice: Any, edit: Any, only: Any):
    edit.all(invoice, "cac:TaxTotal")[0].addnext(edit.one(invoice, "cbc:DueDate"))
    finding = only(invoice)
    assert finding.rule == "WRK-ORDER"
    assert "DueDate stă după TaxTotal" in finding.message


def test_unlisted_elements_are_left_to_the_authority(invoice: Any, edit: Any):
    edit.after(invoice, "cbc:IssueDate", "<cbc:Unheard>x</cbc:Unheard>")
    assert check(invoice) == []


def test_places_count_only_among_equal_siblings(invoice: Any, edit: Any):
    second = edit.one(invoice, "cac:InvoiceLine[2]/cbc:ID")
    assert where(second) == "/Invoice/cac:InvoiceLine[2]/cbc:ID"
    assert where(invoice, "cbc:ID") == "/Invoice/cbc:ID"
    assert where(edit.one(invoice, "cac:InvoiceLine[1]")) == "/Invoice/cac:InvoiceLine[1]"


def test_a_thousand_lines_are_checked_well_under_a_second(invoice: Any, edit: Any):
    line = edit.one(invoice, "cac:InvoiceLine[1]")
    for number in range(1000):
        copied = copy.deepcopy(line)
        copied[0].text = str(number + 3)
        invoice.append(copied)
    edit.set(invoice, "cac:LegalMonetaryTotal/cbc:LineExtensionAmount", "200228.00")
    edit.set(invoice, "cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount", "200228.00")
    edit.set(invoice, "cac:TaxTotal/cac:TaxSubtotal[1]/cbc:TaxableAmount", "200200.00")
    edit.set(invoice, "cac:TaxTotal/cac:TaxSubtotal[1]/cbc:TaxAmount", "42042.00")
    edit.set(invoice, "cac:TaxTotal/cbc:TaxAmount", "42045.08")
    edit.set(invoice, "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount", "242273.08")
    edit.set(invoice, "cac:LegalMonetaryTotal/cbc:PayableAmount", "242273.08")
    # Processor time: how busy the machine is with other things says nothing about the rules.
    start = time.process_time()
    assert check(invoice) == []
    assert time.process_time() - start < 1.0


def test_a_mistake_on_every_line_is_cut_short(invoice: Any, edit: Any):
    line = edit.one(invoice, "cac:InvoiceLine[1]")
    edit.set(line, "cac:Item/cbc:Name", "n" * 101)
    for _ in range(3000):
        invoice.append(copy.deepcopy(line))
    start = time.process_time()
    findings = check(invoice)
    assert time.process_time() - start < 2
    assert len(findings) == MAX_FINDINGS + 1
    assert findings[-1].rule == "WRK-MANY"


def test_only_errors_stop_an_invoice(invoice: Any, edit: Any):
    edit.set(invoice, "cac:AccountingCustomerParty//cac:PartyLegalEntity/cbc:CompanyID", "12345678")
    findings = check(invoice)
    assert [item.severity for item in findings] == [Severity.WARNING]
    assert not has_errors(findings)
    edit.drop(invoice, "cbc:DueDate")
    assert has_errors(check(invoice))
