"""All fields of a document, from the parts that know each kind."""

import re
from collections.abc import Sequence
from datetime import date

from workers_contracts.ocr import FoundField, FullPage

from .amounts import dates
from .cells import Cell, Value, cells, fold, pattern, told, values
from .parties import accounts, codes
from .totals import currency, rates, totals

_SERIES = re.compile(
    r"\bseria\s*[:.]?\s*([A-Z0-9]{1,8})\W{0,3}\s*(?:nr|num[aă]r\w*|no)\W{0,3}\s*([A-Z0-9][A-Z0-9/._-]*)",
    re.IGNORECASE,
)
_NUMBER = pattern(
    r"\bfactur\w*(?: fiscala?)?\s*(?:nr|num[a-z]*r\w*|no)\b\.?"
    r"|\b(?:nr|num[a-z]*r\w*)\.?\s*factur\w*"
    r"|\binvoice (?:no|number|nr)\b\.?|\bfactura\s*#|\bseria\s*(?:si|/)\s*num[a-z]*r\w*"
)
_BARE = pattern(r"^\W*(?:nr|no|num[a-z]*r\w*)\b\.?(?!\W*(?:crt|reg|ord))")
_TITLE = pattern(r"^\W*(?:factura|invoice)\b")
_RECEIPT_NUMBER = pattern(
    r"\b(?:nr\.?\s*bon|bon(?: fiscal)?\s*(?:nr|no)\b\.?|nr\.?\s*bf|bf\s*(?:nr\b\.?)?|id bf)"
)
_NUMBER_VALUE = re.compile(r"[A-Z]{0,8}[ /_-]?[A-Z0-9/._-]*\d[A-Z0-9/._-]*", re.IGNORECASE)
_ISSUED = pattern(
    r"\bdata (?:emiterii|emitere|factur\w*|emisa)|\bissue date|\binvoice date"
    r"|\bdata (?:si ora )?(?:bonului)?\b(?! ?(?:scaden|livr|plat|expir))"
    r"|\bdin data(?: de)?|\bdate\b"
)
_DUE = pattern(
    r"\b(?:data )?scaden\w*(?: la)?|\btermen\w* (?:de )?plat\w*|\bdue date|\bpayment due|\bpay by"
)


def find(pages: Sequence[FullPage], kind: str) -> list[FoundField]:
    """Return the fields of a document; each name once, but rates.

    Args:
        kind: `invoice` or `receipt`.
    """
    found = cells([page for page in pages if page.error is None])
    parts = [
        codes(found),
        _number(found, kind),
        _dates(found, kind),
        accounts(found) if kind == "invoice" else [],
        currency(found),
        totals(found),
        rates(found),
    ]
    return [field for part in parts for field in part]


def _number(found: Sequence[Cell], kind: str) -> list[FoundField]:
    if kind == "receipt":
        return _first_number(found, _RECEIPT_NUMBER)
    for row in _rows(found):
        text = " ".join(cell.text for cell in row)
        match = _SERIES.search(text)
        if match:
            number = match[2].rstrip(".-/")
            cell = next((one for one in row if number in one.text), row[0])
            where = Value(cell, number, 1.0)
            return [told("number", f"{match[1].upper()} {number}", where, checked=False)]
    # A bare "Nr." tells only in a document that calls itself an invoice.
    titled = any(_TITLE.search(cell.folded) for cell in found)
    return _first_number(found, _NUMBER) or (_first_number(found, _BARE) if titled else [])


def _first_number(found: Sequence[Cell], label: re.Pattern[str]) -> list[FoundField]:
    best: tuple[float, str, Value] | None = None
    for value in values(found, label):
        match = _NUMBER_VALUE.match(value.text.strip())
        if match is None or any(dates(fold(match[0]))):
            continue
        number = match[0].strip(" .-/")
        if best is None or value.nearness > best[0]:
            best = (value.nearness, number, value)
    return [told("number", best[1], best[2], checked=False)] if best else []


def _rows(found: Sequence[Cell]) -> list[list[Cell]]:
    rows: dict[tuple[int, int], list[Cell]] = {}
    for cell in found:
        rows.setdefault((cell.page, cell.row), []).append(cell)
    return list(rows.values())


def _dates(found: Sequence[Cell], kind: str) -> list[FoundField]:
    due = _nearest(found, _DUE) if kind == "invoice" else None
    issued = _nearest(found, _ISSUED, besides=due[1].cell if due else None)
    if issued is None:
        every = [(one, Value(cell, cell.text, 0.7)) for cell in found for one in dates(cell.folded)]
        issued = next((pair for pair in every if due is None or pair[0] != due[0]), None)
    result = []
    for name, pair in (("issue_date", issued), ("due_date", due)):
        if pair is not None:
            result.append(told(name, pair[0].isoformat(), pair[1], checked=False))
    return result


def _nearest(
    found: Sequence[Cell], label: re.Pattern[str], besides: Cell | None = None
) -> tuple[date, Value] | None:
    best: tuple[date, Value] | None = None
    for value in values(found, label):
        first = next(dates(fold(value.text)), None)
        if first is None or (value.cell == besides and value.nearness < 1):
            continue
        if best is None or value.nearness > best[1].nearness:
            best = (first, value)
    return best
