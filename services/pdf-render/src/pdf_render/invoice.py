"""An invoice as it is shown: what may be left out of the data is computed here."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from workers_contracts.pdf_templates import InvoiceData, Line, Totals, VatRow

from .errors import TemplateDataError

_CENT = Decimal("0.01")


def completed(invoice: InvoiceData) -> InvoiceData:
    """Return the invoice with the value of each line, the VAT summary and the totals.

    Raises:
        TemplateDataError: a product of given numbers has more digits than are reckoned with.
    """
    try:
        return _completed(invoice)
    except InvalidOperation:
        raise TemplateDataError(
            "quantity, price and vat_rate of the lines give amounts of over 28 digits: give "
            "smaller ones",
            field="data.lines",
        ) from None


def _completed(invoice: InvoiceData) -> InvoiceData:
    lines = [one.model_copy(update={"net": _net(one)}) for one in invoice.lines]
    vat = invoice.vat or _summary(lines)
    totals = invoice.totals or _totals(lines, vat)
    if totals.payable is None:
        due = totals.gross - (totals.prepaid or 0)
        totals = totals.model_copy(update={"payable": due})
    return invoice.model_copy(update={"lines": lines, "vat": vat, "totals": totals})


def _net(line: Line) -> Decimal:
    return line.net if line.net is not None else _rounded(line.quantity * line.price)


def _summary(lines: list[Line]) -> list[VatRow]:
    bases: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.vat_rate is not None:
            bases[line.vat_rate] = bases.get(line.vat_rate, Decimal()) + _net(line)
    return [
        VatRow(rate=rate, base=base, vat=_rounded(base * rate / 100))
        for rate, base in sorted(bases.items(), reverse=True)
    ]


def _totals(lines: list[Line], vat: list[VatRow]) -> Totals:
    net = sum((_net(one) for one in lines), Decimal())
    tax = sum((one.vat for one in vat), Decimal())
    return Totals(net=net, vat=tax, gross=net + tax)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)
