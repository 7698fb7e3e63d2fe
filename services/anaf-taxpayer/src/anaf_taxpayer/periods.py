"""Spans of days in ANAF's rows, and what held on a day. No I/O."""

from collections.abc import Iterable
from datetime import date
from typing import Any, TypeAlias

from workers_contracts.taxpayer import Period, VatPeriod

from .fields import day, text

Span: TypeAlias = Period | VatPeriod


def vat_periods(value: object) -> list[VatPeriod]:
    """Return the periods of VAT registration, the earliest first."""
    periods = [
        VatPeriod(
            start=day(row, "data_inceput_ScpTVA"),
            end=day(row, "data_sfarsit_ScpTVA"),
            cancelled_on=day(row, "data_anul_imp_ScpTVA"),
            note=text(row, "mesaj_ScpTVA"),
        )
        for row in _rows(value)
    ]
    return sorted((each for each in periods if each.start or each.end), key=_order)


def period(values: dict[str, Any], start: str, end: str) -> list[Period]:
    """Return the one span that two fields tell, or none."""
    found = Period(start=day(values, start), end=day(values, end))
    return [found] if found.start or found.end else []


def holds(spans: Iterable[Span], on: date | None) -> bool:
    """Say whether one of the spans has the day in it; without a day, whether one has no end."""
    return any(_within(span, on) for span in spans)


def _within(span: Span, on: date | None) -> bool:
    if on is None:
        return span.end is None
    return (span.start or date.min) <= on and (span.end is None or on < span.end)


def _order(span: Span) -> date:
    return span.start or date.min


def _rows(value: object) -> list[dict[str, Any]]:
    # The instruction file draws one object, the service sends a list.
    rows = [value] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, dict)]
