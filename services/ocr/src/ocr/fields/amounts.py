"""Amounts and dates as they are written in Romania, and in English documents."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

# Not within a date, a percentage or a longer number.
_AMOUNT = re.compile(r"(?<![\w.,/-])-?(?:\d{1,3}(?:[ .,]\d{3})+|\d+)[.,]\d{2}(?!\d|\s?%|[.,]\d)")
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{4})(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_WORDS = re.compile(r"(?<!\d)(\d{1,2})\s+([a-z]{3,10})\.?\s+(\d{4})")
_MONTHS = {
    "ian": 1, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "mai": 5, "may": 5, "iun": 6, "jun": 6,
    "iul": 7, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "noi": 11, "nov": 11, "dec": 12,
}  # fmt: skip


def amounts(text: str) -> list[Decimal]:
    """Return the amounts of a text: 1.234,56, 1 234,56, 1,234.56 and 1234.56 are the same."""
    return [value for value in map(_amount, _AMOUNT.findall(text)) if value is not None]


def _amount(text: str) -> Decimal | None:
    digits = re.sub(r"[ .,]", "", text)
    try:
        return Decimal(f"{digits[:-2]}.{digits[-2:]}")
    except InvalidOperation:
        return None


def dates(folded: str) -> Iterator[date]:
    """Yield the dates of a folded text; what the calendar has not is none."""
    found = [
        *((m.start(), (int(m[1]), int(m[2]), int(m[3]))) for m in _ISO.finditer(folded)),
        *((m.start(), (int(m[3]), int(m[2]), int(m[1]))) for m in _NUMERIC.finditer(folded)),
        *(
            (m.start(), (int(m[3]), _MONTHS.get(m[2][:3], 0), int(m[1])))
            for m in _WORDS.finditer(folded)
        ),
    ]
    for _, (year, month, day) in sorted(found):
        if 2000 <= year <= 2100 and 1 <= month <= 12:
            try:
                yield date(year, month, day)
            except ValueError:
                continue
