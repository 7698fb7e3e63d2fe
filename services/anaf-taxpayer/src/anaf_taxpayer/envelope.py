"""What ANAF's look-ups have in common: ``found``, ``notFound``, and sometimes ``cod`` around them.

Source: ANAF's instruction files for the services v9 and v1, and observed answers.
"""

from dataclasses import dataclass
from typing import Any

from .fields import code

_ANSWERS = {"200", "404"}


@dataclass(frozen=True)
class Envelope:
    """The rows of an answer as they came, and the codes without one."""

    found: list[dict[str, Any]]
    missing: frozenset[str]


def read_envelope(data: object) -> Envelope | None:
    """Read ``found`` and ``notFound``; None when the JSON is something else."""
    if not isinstance(data, dict) or not {"found", "notFound"} & data.keys():
        return None
    if error_code(data) is not None:
        return None
    found, missing = data.get("found") or [], data.get("notFound") or []
    if not isinstance(found, list) or not isinstance(missing, list):
        return None
    codes = {code(each.get("cui") if isinstance(each, dict) else each) for each in missing}
    rows = [row for row in found if isinstance(row, dict)]
    return Envelope(rows, frozenset(codes - {""}))


def error_code(data: object) -> str | None:
    """Return ``cod`` when it says that this is no answer; live answers come without it."""
    if not isinstance(data, dict) or data.get("cod") is None:
        return None
    found = str(data["cod"]).strip()[:10]
    return None if found in _ANSWERS else found
