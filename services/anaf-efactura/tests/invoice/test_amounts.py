"""Sums, lines, currencies, payment."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_efactura.invoice import Severity, check
from anaf_efactura.invoice.amounts import rounded

TOTALS = "cac:LegalMonetaryTotal"
LINE = "cac:InvoiceLine[1]"
IBAN = "<cbc:ID>RO49AAAA1B31007593840000</cbc:ID>"


@pytest.mark.parametrize(
    ("path", "value", "rules"),
    [
        (f"{TOTALS}/cbc:LineExtensionAmount", "250.01", {"BR-CO-10", "BR-CO-13"}),
        (f"{TOTALS}/cbc:AllowanceTotalAmount", "10.01", {"BR-CO-11", "BR-CO-13"}),
        (f"{TOTALS}/cbc:ChargeTotalAmount", "19.99", {"BR-CO-12", "BR-CO-13"}),
        (f"{TOTALS}/cbc:TaxExclusiveAmount", "260.01", {"BR-CO-13", "BR-CO-15"}),
        (f"{TOTALS}/cbc:TaxInclusiveAmount", "304.11", {"BR-CO-15", "BR-CO-16"}),
        (f"{TOTALS}/cbc:PrepaidAmount", "4.01", {"BR-CO-16"}),
        (f"{TOTALS}/cbc:PayableRoundingAmount", "0.10", {"BR-CO-16"}),
        (f"{TOTALS}/cbc:PayableAmount", "300.01", {"BR-CO-16"}),
        ("cac:TaxTotal[1]/cbc:TaxAmount", "44.11", {"BR-CO-14", "BR-CO-15"}),
        (f"{LINE}/cbc:LineExtensionAmount", "201.99", {"BR-CO-10", "BR-S-08", "WRK-LINE"}),
    ],
)
def test_each_sum_is_exact(full, edit, errors, path: str, value: str, rules: set[str]):
    edit.set(full, path, value)
    assert errors(full) == rules


def test_a_finding_tells_both_amounts(invoice: Any, edit: Any):
    edit.set(invoice, f"{TOTALS}/cbc:PayableAmount", "273.09")
    finding = check(invoice)[0]
    assert (finding.rule, finding.term) == ("BR-CO-16", "BT-115")
    assert finding.path == "/Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount"
    assert "273.09" in finding.message
    assert "273.08" in finding.message


@pytest.mark.parametrize(
    ("path", "rule"),
    [("cbc:AllowanceTotalAmount", "BR-CO-11"), ("cbc:ChargeTotalAmount", "BR-CO-12")],
)
def test_a_missing_sum_of_adjustments_is_found(full, edit, errors, path: str, rule: str):
    edit.drop(full, f"{TOTALS}/{path}")
    assert rule in errors(full)


@pytest.mark.parametrize("path", ["cbc:AllowanceTotalAmount", "cbc:ChargeTotalAmount"])
def test_a_sum_of_no_adjustments_may_be_zero(invoice: Any, edit: Any, path: str):
    amount = '<{0} currencyID="RON">{1}</{0}>'
    edit.before(invoice, f"{TOTALS}/cbc:PayableAmount", amount.format(path, "0.00"))
    assert check(invoice) == []
    edit.set(invoice, f"{TOTALS}/{path}", "1.00")
    assert check(invoice)


def test_no_vat_total_in_the_invoice_currency_is_found(invoice: Any, edit: Any, errors: Any):
    edit.set(invoice, "cac:TaxTotal/cbc:TaxAmount @currencyID", "EUR")
    assert "BR-CO-15" in errors(invoice)


def test_two_vat_totals_in_one_currency_are_found(invoice: Any, edit: Any, errors: Any):
    amount = '<cac:TaxTotal><cbc:TaxAmount currencyID="RON">45.08</cbc:TaxAmount></cac:TaxTotal>'
    edit.after(invoice, "cac:TaxTotal", amount)
    assert errors(invoice) == {"BR-CO-15"}


@pytest.mark.parametrize("value", ["abc", "1,00", "1 000.00", "1e5", "NaN", "Infinity", "٣", "--1"])
@pytest.mark.parametrize(
    "path",
    [
        f"{TOTALS}/cbc:PayableAmount",
        f"{TOTALS}/cbc:LineExtensionAmount",
        f"{LINE}/cbc:LineExtensionAmount",
        f"{LINE}/cbc:InvoicedQuantity",
        f"{LINE}/cac:Price/cbc:PriceAmount",
        "cac:TaxTotal/cac:TaxSubtotal[1]/cbc:TaxAmount",
        "cac:TaxTotal/cac:TaxSubtotal[1]/cac:TaxCategory/cbc:Percent",
    ],
)
def test_what_is_no_number_is_one_finding_and_breaks_no_sum(full, edit, errors, path, value):
    edit.set(full, path, value)
    found = errors(full)
    assert "WRK-NUMBER" in found
    assert not {rule for rule in found if rule.startswith("BR-CO-1")} - {"BR-CO-18"}


def test_a_number_of_a_thousand_digits_is_refused(invoice: Any, edit: Any, errors: Any):
    edit.set(invoice, f"{LINE}/cbc:InvoicedQuantity", "9" * 1000)
    assert "WRK-NUMBER" in errors(invoice)


@pytest.mark.parametrize("value", ["-0", "-0.0", "-0.00", "-.0", "-00.00"])
def test_a_negative_zero_is_refused(invoice: Any, edit: Any, errors: Any, value: str):
    edit.before(
        invoice,
        f"{TOTALS}/cbc:PayableAmount",
        f'<cbc:PayableRoundingAmount currencyID="RON">{value}</cbc:PayableRoundingAmount>',
    )
    assert errors(invoice) == {"WRK-ZERO"}


@pytest.mark.parametrize("value", ["0", "0.00", "+0.00", "-0.00"])
def test_only_the_negative_zero_is_refused(invoice: Any, edit: Any, errors: Any, value: str):
    rounding = f'<cbc:PrepaidAmount currencyID="RON">{value}</cbc:PrepaidAmount>'
    edit.before(invoice, f"{TOTALS}/cbc:PayableAmount", rounding)
    assert ("WRK-ZERO" in errors(invoice)) is value.startswith("-")


@pytest.mark.parametrize(
    ("quantity", "price", "net", "severity"),
    [
        ("2", "100.00", "200.00", None),
        ("2", "100.00", "200.01", None),
        ("2", "100.00", "200.02", Severity.WARNING),
        ("2", "100.00", "200.03", Severity.ERROR),
        ("2", "100.0000", "200.02", Severity.ERROR),
        ("3", "33.333", "100.00", None),
        ("1000", "0.33", "333.33", Severity.WARNING),
        ("1000", "0.33", "336.00", Severity.ERROR),
        ("1000", "0.33333", "333.33", None),
        ("-2", "100.00", "-200.00", None),
        ("-2", "100.00", "200.00", Severity.ERROR),
        ("0", "100.00", "0.00", None),
        ("0.001", "0.01", "0.00", None),
        ("7", "1", "70.00", Severity.ERROR),
    ],
)
def test_quantity_by_price_is_the_net_amount(invoice, edit, quantity, price, net, severity):
    edit.set(invoice, f"{LINE}/cbc:InvoicedQuantity", quantity)
    edit.set(invoice, f"{LINE}/cac:Price/cbc:PriceAmount", price)
    edit.set(invoice, f"{LINE}/cbc:LineExtensionAmount", net)
    found = [item.severity for item in check(invoice) if item.rule == "WRK-LINE"]
    assert found == ([severity] if severity else [])


@pytest.mark.parametrize("base", ["0", "-1", "x"])
def test_a_senseless_base_quantity_breaks_nothing(full: Any, edit: Any, base: str):
    edit.set(full, "//cbc:BaseQuantity", base)
    assert not [item for item in check(full) if item.rule == "WRK-LINE"]


def test_adjustments_of_the_line_count(full: Any, edit: Any, errors: Any):
    edit.set(full, f"{LINE}/cac:AllowanceCharge[1]/cbc:Amount", "120.00")
    assert errors(full) == {"WRK-LINE"}


def test_a_negative_gross_price_is_found(full: Any, edit: Any, errors: Any):
    edit.set(full, "//cac:Price/cac:AllowanceCharge/cbc:BaseAmount", "-1")
    assert errors(full) == {"BR-28"}


def test_two_categories_on_a_line_are_found(invoice: Any, edit: Any, errors: Any):
    category = (
        "<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent>"
        "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>"
    )
    edit.after(invoice, f"{LINE}/cac:Item/cac:ClassifiedTaxCategory", category)
    assert errors(invoice) == {"UBL-SR-48"}


@pytest.mark.parametrize("change", ["drop", "other"])
@pytest.mark.parametrize("path", [f"{TOTALS}/cbc:PayableAmount", "//cbc:PriceAmount"])
def test_every_amount_names_the_invoice_currency(invoice, edit, errors, path: str, change: str):
    if change == "drop":
        edit.drop(invoice, f"{path} @currencyID")
    else:
        edit.set(invoice, f"{path} @currencyID", "USD")
    assert errors(invoice) == {"WRK-CURRENCY"}


@pytest.mark.parametrize(
    ("code", "right"),
    [("RON", True), ("ron", False), ("RON ", True), ("LEI", False), ("R0N", False)],
)
def test_currency_codes_are_those_of_iso_4217(invoice, edit, errors, code: str, right: bool):
    edit.set(invoice, "cbc:DocumentCurrencyCode", code)
    assert ("BR-CL-04" not in errors(invoice)) is right


def test_terms_of_payment_replace_the_due_date(invoice: Any, edit: Any, errors: Any):
    edit.drop(invoice, "cbc:DueDate")
    terms = "<cac:PaymentTerms><cbc:Note>30 de zile</cbc:Note></cac:PaymentTerms>"
    edit.before(invoice, "cac:TaxTotal", terms)
    assert errors(invoice) == set()


@pytest.mark.parametrize(
    ("inner", "rules"),
    [
        (
            "<cac:PayeeFinancialAccount><cbc:ID>RO49AAAA1B31007593840000</cbc:ID></cac:PayeeFinancialAccount>",
            set(),
        ),
        ("<cac:PayeeFinancialAccount><cbc:ID> </cbc:ID></cac:PayeeFinancialAccount>", {"BR-50"}),
        ("<cac:PayeeFinancialAccount/>", {"BR-50", "BR-61"}),
        ("", {"BR-61"}),
    ],
)
def test_a_transfer_needs_an_account(invoice, edit, errors, inner: str, rules: set[str]):
    code = "<cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>"
    means = f"<cac:PaymentMeans>{code}{inner}</cac:PaymentMeans>"
    edit.before(invoice, "cac:TaxTotal", means)
    assert errors(invoice) == rules


def test_one_card_and_one_mandate_at_most(full: Any, edit: Any, errors: Any):
    mandate = "<cac:PaymentMandate><cbc:ID>M</cbc:ID></cac:PaymentMandate>"
    edit.after(full, "cac:PaymentMeans/cac:PayeeFinancialAccount", mandate)
    assert errors(full) == set()
    means = edit.one(full, "cac:PaymentMeans")
    means.addnext(copy.deepcopy(means))
    assert errors(full) == {"BR-66", "BR-67", "UBL-SR-46"}


@given(st.decimals(-(10**9), 10**9, places=4, allow_nan=False))
def test_rounding_is_to_the_nearest_cent(value: Decimal):
    result = rounded(value)
    assert abs(result - value) <= Decimal("0.005")
    assert result.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("value", "result"), [("0.005", "0.01"), ("-0.005", "0.00"), ("1.235", "1.24")]
)
def test_halves_go_upwards_as_in_xpath(value: str, result: str):
    assert rounded(Decimal(value)) == Decimal(result)
