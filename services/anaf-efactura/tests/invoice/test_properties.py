"""Arithmetic that holds for every invoice, and what one wrong cent breaks."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from anaf_efactura.invoice import Severity, check
from anaf_efactura.invoice.schema import Schema, find
from workers_anaf.xml import Element, parse

SOURCE = (Path(__file__).parent.parent / "data" / "invoice.xml").read_text("utf-8")
CENT = Decimal("0.01")
RATES = ("21", "11", "9", "5")
LINE = """<cac:InvoiceLine><cbc:ID>{number}</cbc:ID>
<cbc:InvoicedQuantity unitCode="H87">{quantity}</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="RON">{net}</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>a</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID>
<cbc:Percent>{rate}</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
</cac:ClassifiedTaxCategory></cac:Item>
<cac:Price><cbc:PriceAmount currencyID="RON">{price}</cbc:PriceAmount></cac:Price>
</cac:InvoiceLine>"""
GROUP = """<cac:TaxSubtotal><cbc:TaxableAmount currencyID="RON">{base}</cbc:TaxableAmount>
<cbc:TaxAmount currencyID="RON">{tax}</cbc:TaxAmount><cac:TaxCategory><cbc:ID>S</cbc:ID>
<cbc:Percent>{rate}</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
</cac:TaxCategory></cac:TaxSubtotal>"""
TOTALS = """<cac:TaxTotal><cbc:TaxAmount currencyID="RON">{vat}</cbc:TaxAmount>{groups}
</cac:TaxTotal><cac:LegalMonetaryTotal>
<cbc:LineExtensionAmount currencyID="RON">{net}</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount currencyID="RON">{net}</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="RON">{gross}</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="RON">{gross}</cbc:PayableAmount></cac:LegalMonetaryTotal>"""
# What one changed total breaks.
BROKEN = {
    "cac:LegalMonetaryTotal/cbc:LineExtensionAmount": {"BR-CO-10", "BR-CO-13"},
    "cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount": {"BR-CO-13", "BR-CO-15"},
    "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount": {"BR-CO-15", "BR-CO-16"},
    "cac:LegalMonetaryTotal/cbc:PayableAmount": {"BR-CO-16"},
    "cac:TaxTotal/cbc:TaxAmount": {"BR-CO-14", "BR-CO-15"},
}
quantities = st.decimals(Decimal("-999"), Decimal("999"), places=3, allow_nan=False)
prices = st.decimals(Decimal(0), Decimal("99999"), places=4, allow_nan=False)
lines = st.lists(st.tuples(quantities, prices, st.sampled_from(RATES)), min_size=1, max_size=8)


@cache
def schema() -> Schema:
    """Compiled once."""
    found = find(None)
    assert found is not None
    return found


def cents(value: Decimal) -> Decimal:
    # Adding zero takes the sign off a negative zero, which ANAF refuses.
    return value.quantize(CENT, ROUND_HALF_UP) + 0


def document(parts: list[tuple[Decimal, Decimal, str]]) -> Element:
    """An invoice with these lines, its sums computed as Romanian practice has it."""
    nets = [cents(quantity * price) for quantity, price, _ in parts]
    bases: dict[str, Decimal] = {}
    for net, (_, _, rate) in zip(nets, parts, strict=True):
        bases[rate] = bases.get(rate, Decimal(0)) + net
    taxes = {rate: cents(base * Decimal(rate) / 100) for rate, base in bases.items()}
    groups = "".join(
        GROUP.format(base=base, tax=taxes[rate], rate=rate) for rate, base in bases.items()
    )
    net, vat = sum(nets, Decimal(0)), sum(taxes.values(), Decimal(0))
    totals = TOTALS.format(vat=vat, groups=groups, net=net, gross=net + vat)
    written = [
        LINE.format(number=number, quantity=quantity + 0, net=nets[number], rate=rate, price=price)
        for number, (quantity, price, rate) in enumerate(parts)
    ]
    head = SOURCE[: SOURCE.index("<cac:TaxTotal>")]
    return parse(f"{head}{totals}{''.join(written)}</Invoice>".encode())


def errors_of(root: Element) -> set[str]:
    return {item.rule for item in check(root) if item.severity is Severity.ERROR}


@settings(max_examples=60, deadline=None)
@given(lines)
def test_right_arithmetic_is_never_refused(parts: list[tuple[Decimal, Decimal, str]]):
    root = document(parts)
    assert schema().check(root) == []
    assert errors_of(root) == set()


@settings(max_examples=60, deadline=None)
@given(lines, st.sampled_from(sorted(BROKEN)), st.integers(1, 10**7), st.booleans())
def test_one_wrong_total_breaks_the_sums_it_is_part_of(
    edit: Any,
    parts: list[tuple[Decimal, Decimal, str]],
    path: str,
    off: int,
    negative: bool,
):
    root = document(parts)
    element = edit.one(root, path)
    change = CENT * (-off if negative else off)
    element.text = str(Decimal(element.text) + change)
    found = errors_of(root)
    assert found == BROKEN[path]
