"""Single values of ANAF's JSON: absent ones are empty, dates are texts, letters have cedillas."""

import re
from datetime import date
from typing import Any

_CEDILLAS = str.maketrans("ŞşŢţ", "ȘșȚț")
_ROMANIAN_DAY = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")


def part(row: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an inner object; an empty one when there is none."""
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def text(values: dict[str, Any], name: str) -> str:
    """Return a text with commas below, empty when there is none."""
    value = values.get(name)
    found = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return found.translate(_CEDILLAS).strip()


def flag(values: dict[str, Any], name: str) -> bool | None:
    """Return a truth value, None when there is none to read."""
    value = values.get(name)
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def day(values: dict[str, Any], name: str) -> date | None:
    """Return a day written as yyyy-MM-dd, with or without a time behind it."""
    try:
        return date.fromisoformat(text(values, name)[:10])
    except ValueError:
        return None


def day_within(words: str) -> date | None:
    """Return the first day that a sentence names as dd.MM.yyyy."""
    found = _ROMANIAN_DAY.search(words)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        return None


def code(value: object) -> str:
    """Return a fiscal code without RO, blanks and leading zeros; empty when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return "".join(str(value).split()).upper().removeprefix("RO").lstrip("0")
