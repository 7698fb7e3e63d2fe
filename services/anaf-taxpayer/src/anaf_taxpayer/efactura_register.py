"""ANAF's register of RO e-Factura as values. No I/O.

Source: ANAF's instruction file of the service `registruroefactura` v1 (2024-11-05).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from workers_contracts.taxpayer import EfacturaRegistration

from .envelope import read_envelope
from .fields import code, day, text


@dataclass(frozen=True)
class Registrations:
    """What one answer says about several codes."""

    rows: dict[str, list[EfacturaRegistration]]
    unknown: frozenset[str]

    def answers(self, number: str) -> bool:
        """Say whether the answer mentions a code at all."""
        return number in self.unknown or number in self.rows

    def on(self, number: str, on: date) -> EfacturaRegistration:
        """Return the entry that held on a day, else the newest, else that there is none."""
        entries = [_judged(entry, on) for entry in self.rows.get(number, [])]
        if not entries:
            return EfacturaRegistration(registered=False)
        return max(entries, key=lambda each: (each.registered, each.since or date.min))


def read_registrations(data: object) -> Registrations | None:
    """Read ``found`` and ``notFound``; None when the JSON is something else."""
    envelope = read_envelope(data)
    if envelope is None:
        return None
    rows: dict[str, list[EfacturaRegistration]] = {}
    unknown = set(envelope.missing)
    for row in envelope.found:
        number = code(row.get("cui"))
        if not text(row, "denumire") and day(row, "dataInscriere") is None:
            # Some of ANAF's registers list an unknown code under "found", with empty fields.
            unknown.add(number)
        elif number:
            rows.setdefault(number, []).append(_entry(row))
    return Registrations(rows, frozenset(unknown - {""}))


def _entry(row: dict[str, Any]) -> EfacturaRegistration:
    ends = [each for each in (day(row, "dataRenuntare"), day(row, "dataRadiere")) if each]
    return EfacturaRegistration(
        registered=True,
        since=day(row, "dataInscriere"),
        until=min(ends, default=None),
        b2g_since=day(row, "dataOptiuneB2G"),
        register_name=text(row, "registru"),
        category=text(row, "categorie"),
        state=text(row, "stare"),
    )


def _judged(entry: EfacturaRegistration, on: date) -> EfacturaRegistration:
    begun = entry.since is None or entry.since <= on
    ended = entry.until is not None and entry.until <= on
    return entry.model_copy(update={"registered": begun and not ended})
