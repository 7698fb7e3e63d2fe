"""Lines, allowances and charges."""

from __future__ import annotations

from decimal import Decimal

from anaf_efactura.invoice.model import Kind
from workers_anaf.xml import Element
from workers_contracts.efactura_invoice import Adjustment, InvoiceLine, LineAdjustment
from workers_contracts.efactura_values import Period

from .calculating import adjustment_amount, rate_of
from .writing import Writer, plain


def write_line(writer: Writer, line: InvoiceLine, net: Decimal, number: int) -> None:
    """Add a line of an invoice or of a credit note."""
    at = f"invoice.lines[{number}]"
    invoice = writer.kind is Kind.INVOICE
    element = writer.group(writer.root, "InvoiceLine" if invoice else "CreditNoteLine", at)
    writer.text(element, "ID", line.identifier or number + 1, f"{at}.identifier")
    writer.text(element, "Note", line.note, f"{at}.note")
    quantity = "InvoicedQuantity" if invoice else "CreditedQuantity"
    writer.text(element, quantity, plain(line.quantity), f"{at}.quantity", unitCode=line.unit)
    writer.amount(element, "LineExtensionAmount", net, f"{at}.net_amount")
    writer.text(element, "AccountingCost", line.accounting_reference, f"{at}.accounting_reference")
    if line.period:
        write_period(writer, element, line.period, f"{at}.period")
    order = writer.group(element, "OrderLineReference", at)
    writer.text(order, "LineID", line.order_line, f"{at}.order_line")
    for name, items in (("allowances", line.allowances), ("charges", line.charges)):
        for position, item in enumerate(items):
            write_adjustment(writer, element, item, f"{at}.{name}[{position}]")
    _item(writer, element, line, at)
    _price(writer, element, line, at)


def write_period(
    writer: Writer, parent: Element, period: Period | None, at: str, code: str | None = None
) -> None:
    """Add a period, with the code of the VAT date in the header's."""
    element = writer.group(parent, "InvoicePeriod", at)
    if period:
        writer.text(element, "StartDate", period.start, f"{at}.start")
        writer.text(element, "EndDate", period.end, f"{at}.end")
    writer.text(element, "DescriptionCode", code, "invoice.vat_date_code")


def write_adjustment(
    writer: Writer, parent: Element, item: Adjustment | LineAdjustment, at: str
) -> None:
    """Add an allowance or a charge, as the name of its list in `at` says."""
    element = writer.group(parent, "AllowanceCharge", at)
    charge = at.rpartition(".")[2].startswith("charges")
    writer.text(element, "ChargeIndicator", "true" if charge else "false", at)
    writer.text(element, "AllowanceChargeReasonCode", item.reason_code, f"{at}.reason_code")
    writer.text(element, "AllowanceChargeReason", item.reason, f"{at}.reason")
    writer.number(element, "MultiplierFactorNumeric", item.percent, f"{at}.percent")
    writer.amount(element, "Amount", adjustment_amount(item), f"{at}.amount")
    writer.amount(element, "BaseAmount", item.base_amount, f"{at}.base_amount")
    if isinstance(item, Adjustment):
        write_category(writer, element, "TaxCategory", (item.vat_category, item.vat_rate), at)


def write_category(
    writer: Writer, parent: Element, name: str, vat: tuple[str, Decimal | None], at: str
) -> None:
    """Add the VAT category of a line, an allowance or a charge."""
    category, rate = vat
    element = writer.group(parent, name, at)
    writer.text(element, "ID", category, f"{at}.vat_category")
    writer.number(element, "Percent", rate_of(category, rate), f"{at}.vat_rate")
    writer.scheme(element)


def _item(writer: Writer, parent: Element, line: InvoiceLine, at: str) -> None:
    element = writer.group(parent, "Item", at)
    writer.text(element, "Description", line.description, f"{at}.description")
    writer.text(element, "Name", line.name, f"{at}.name")
    buyers = writer.group(element, "BuyersItemIdentification", at)
    writer.text(buyers, "ID", line.buyer_item, f"{at}.buyer_item")
    sellers = writer.group(element, "SellersItemIdentification", at)
    writer.text(sellers, "ID", line.seller_item, f"{at}.seller_item")
    if line.standard_item:
        standard = writer.group(element, "StandardItemIdentification", f"{at}.standard_item")
        item, place = line.standard_item, f"{at}.standard_item"
        writer.text(standard, "ID", item.value, place, schemeID=item.scheme)
    country = writer.group(element, "OriginCountry", at)
    writer.text(country, "IdentificationCode", line.origin_country, f"{at}.origin_country")
    for position, kind in enumerate(line.classifications):
        place = f"{at}.classifications[{position}]"
        holder = writer.group(element, "CommodityClassification", place)
        lists = {"listID": kind.list_, "listVersionID": kind.version}
        writer.text(holder, "ItemClassificationCode", kind.code, f"{place}.code", **lists)
    vat = (line.vat_category, line.vat_rate)
    write_category(writer, element, "ClassifiedTaxCategory", vat, at)
    for position, attribute in enumerate(line.attributes):
        place = f"{at}.attributes[{position}]"
        holder = writer.group(element, "AdditionalItemProperty", place)
        writer.text(holder, "Name", attribute.name, f"{place}.name")
        writer.text(holder, "Value", attribute.value, f"{place}.value")


def _price(writer: Writer, parent: Element, line: InvoiceLine, at: str) -> None:
    element = writer.group(parent, "Price", at)
    writer.price(element, "PriceAmount", line.price, f"{at}.price")
    if line.price_quantity is not None:
        base = plain(line.price_quantity)
        writer.text(element, "BaseQuantity", base, f"{at}.price_quantity", unitCode=line.unit)
    discount, gross = _discount(line)
    if discount is not None:
        item = writer.group(element, "AllowanceCharge", f"{at}.price_discount")
        writer.text(item, "ChargeIndicator", "false", f"{at}.price_discount")
        writer.price(item, "Amount", discount, f"{at}.price_discount")
        writer.price(item, "BaseAmount", gross, f"{at}.gross_price")


def _discount(line: InvoiceLine) -> tuple[Decimal | None, Decimal | None]:
    """The discount in the price and the price before it; each follows from the other."""
    if line.gross_price is not None:
        return line.gross_price - line.price, line.gross_price
    if line.price_discount is not None:
        return line.price_discount, line.price + line.price_discount
    return None, None
