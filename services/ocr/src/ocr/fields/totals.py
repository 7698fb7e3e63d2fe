"""Net, VAT and total: candidates behind their labels, and the three that add up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from workers_contracts.ocr import FoundField

from .amounts import amounts
from .cells import Cell, Value, pattern, told, values

_NET = pattern(
    r"(total|valoare\w*|baza|suma)\W*(net\w*|f[a-z]?r[a-z]? ?t\.?v\.?a|de impozitare|impozabil\w*)"
    r"|subtotal|sub-total|total net|\bnet total|\bnet amount"
    r"|total\W*(without|excl\w*|before|less)\W*(vat|tax)"
)
_VAT = pattern(
    r"(total|valoare\w*|suma)\W*(t\.?v\.?a)\b|\bt\.?v\.?a\.?\b(?!.*(inclus|fara))"
    r"|(?<!without )(?<!with )(?<!excl\. )(?<!incl\. )(?<!excluding )(?<!including )\bvat\b"
    r"(?! ?(id|no|number|code|excl|incl))"
)
_TOTAL = pattern(
    r"total\w*\W*(de plat\w?|general|factur\w*|cu t\.?v\.?a|lei|ron|eur|due|incl\w*)"
    r"|total (with vat|amount)"
    r"|rest de plata|de achitat|amount due|grand total|total to pay|balance due"
    r"|^\W*total\b\W*$"
    r"|^\W*total\b(?!.*(t\.?v\.?a|f[a-z]?r[a-z]? |net|vat|tax))"
)
_RATE = re.compile(r"(?<!\d)(\d{1,2}(?:[.,]\d{1,2})?)\s?%")
_RATES = pattern(r"^\W*(cot[ae] t\.?v\.?a|vat rate)")
_ALONE = re.compile(r"^\W*\d{1,2}(?:[.,]\d{1,2})?\s?%\s*[A-Z]{0,2}$")
_ADVANCE = re.compile(r"subtotal|sub-total")
SLACK = Decimal("0.02")
"""What rounding line by line may add up to."""

_MOST = 12
MOST_RATES = 10
"""No country has more; a text full of percentages has thousands."""


@dataclass(frozen=True)
class _Amount:
    value: Decimal
    where: Value
    rank: float


def totals(found: Sequence[Cell]) -> list[FoundField]:
    """Return net, VAT and total, `checked` when the first two make the third."""
    net, vat = _candidates(found, _NET), _candidates(found, _VAT)
    total = [
        one for one in _candidates(found, _TOTAL) if not _ADVANCE.search(one.where.cell.folded)
    ]
    adding = [
        (n, v, t)
        for n, v, t in product(net[:_MOST], vat[:_MOST], total[:_MOST])
        if abs(n.value + v.value - t.value) <= SLACK and t.value > 0
    ]
    if adding:
        best = max(adding, key=lambda three: (three[2].value, sum(one.rank for one in three)))
        names = ("net_total", "vat_total", "total")
        return [
            told(name, f"{one.value:.2f}", one.where, checked=True)
            for name, one in zip(names, best, strict=True)
        ]
    result = []
    for name, many in (("net_total", net), ("vat_total", vat), ("total", total)):
        if many:
            # The last is below the others: sums stand below their parts.
            best_one = max(enumerate(many), key=lambda pair: (pair[1].rank, pair[0]))[1]
            result.append(told(name, f"{best_one.value:.2f}", best_one.where, checked=False))
    return result


def _candidates(found: Sequence[Cell], label: re.Pattern[str]) -> list[_Amount]:
    result = [
        _Amount(number, value, value.nearness)
        for value in values(found, label)
        for number in amounts(value.text)
    ]
    # Nearest first; at the same distance the one further down, where sums stand.
    result.sort(key=lambda one: (one.rank, one.where.cell.page, one.where.cell.row), reverse=True)
    return result


def rates(found: Sequence[Cell]) -> list[FoundField]:
    """Return each VAT rate that is named beside VAT, or in a column of rates."""
    seen: dict[str, FoundField] = {}
    near = pattern(r"t\.?v\.?a|\bvat\b|cot[ae]")
    heads = [cell for cell in found if _RATES.search(cell.folded)]
    for cell in found:
        in_column = _ALONE.search(cell.text) and any(_stands_over(head, cell) for head in heads)
        if not in_column and not near.search(cell.folded):
            continue
        for match in _RATE.finditer(cell.text):
            rate = match[1].replace(",", ".")
            seen.setdefault(rate, told("vat_rate", rate, Value(cell, rate, 1.0), checked=False))
    return list(seen.values())[:MOST_RATES]


def _stands_over(head: Cell, cell: Cell) -> bool:
    return (
        head.page == cell.page
        and head.top < cell.top
        and head.left < cell.right
        and head.right > cell.left
    )


def currency(found: Sequence[Cell]) -> list[FoundField]:
    """Return the currency that is named most."""
    names = {"RON": "RON", "LEI": "RON", "EUR": "EUR", "EURO": "EUR", "USD": "USD", "€": "EUR"}
    seen: dict[str, list[Cell]] = {}
    for cell in found:
        for word in re.findall(r"[A-Za-z]+|€", cell.text):
            code = names.get(word.upper())
            if code:
                seen.setdefault(code, []).append(cell)
    if not seen:
        return []
    code, where = max(seen.items(), key=lambda item: len(item[1]))
    return [told("currency", code, Value(where[0], code, 1.0), checked=False)]
