"""How numbers, money and dates are written, by language."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from .words import WORDS

_LOCALES = {"ro": "ro_RO", "en": "en_GB"}
_BUCHAREST = ZoneInfo("Europe/Bucharest")


def filters(language: str) -> Mapping[str, Callable[..., Any]]:
    """Return what a template may do with a value; each takes None for nothing."""
    # Only when something is shown: two megabytes of locales.
    from babel.dates import format_date, format_datetime  # noqa: PLC0415
    from babel.numbers import format_decimal  # noqa: PLC0415

    locale = _LOCALES[language]

    def number(value: Any, digits: int | None = None) -> str:
        found = _decimal(value)
        if found is None:
            return _text(value)
        pattern = "#,##0.######" if digits is None else "#,##0." + "0" * digits
        return format_decimal(found, format=pattern.rstrip("."), locale=locale)

    def money(value: Any) -> str:
        return number(value, 2)

    def price(value: Any) -> str:
        found = _decimal(value)
        exact = found is not None and round(found, 2) == found
        return number(value, 2 if exact else None)

    def total(rows: Iterable[Mapping[str, Any]], key: str) -> Decimal:
        values = (_decimal(row.get(key)) for row in rows)
        return sum((one for one in values if one is not None), Decimal())

    def percent(value: Any) -> str:
        return f"{number(value)}%" if value not in (None, "") else ""

    def day(value: Any) -> str:
        found = _date(value)
        return format_date(found, "d MMM y", locale=locale) if found else _text(value)

    def moment(value: Any) -> str:
        if not isinstance(value, datetime):
            return day(value)
        return format_datetime(value.astimezone(_BUCHAREST), "d MMM y, HH:mm", locale=locale)

    return {
        "number": number,
        "money": money,
        "price": price,
        "percent": percent,
        "total": total,
        "day": day,
        "moment": moment,
    }


def words(language: str) -> Mapping[str, str]:
    """Return the words of the shipped templates."""
    return WORDS[language]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) < 30 else None


def _date(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
