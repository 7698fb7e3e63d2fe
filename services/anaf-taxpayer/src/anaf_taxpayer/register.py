"""ANAF's register as values: from its JSON to the contract's taxpayer. No I/O.

Source: ANAF's instruction file for the taxpayer service v9 (2025-02-04), and observed answers.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from workers_contracts.taxpayer import Taxpayer, VatPeriod

_CEDILLAS = str.maketrans("ŞşŢţ", "ȘșȚț")
_SECTOR = re.compile(r"sector(?:ul)?\s*([1-6])", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """What one answer says about several codes."""

    rows: dict[str, dict[date | None, Taxpayer]]
    """By code, then by the day that the row is about."""
    unknown: frozenset[str]

    def answers(self, code: str, day: date) -> bool:
        """Say whether the answer mentions a code at all."""
        return code in self.unknown or self.on(code, day) is not None

    def on(self, code: str, day: date) -> Taxpayer | None:
        """Return what is said of a code on a day, None when it is unknown or not mentioned."""
        rows = self.rows.get(code, {})
        if day in rows:
            return rows[day]
        # A row without a readable day answers for its code, unless several days were asked about.
        alone = len(rows) == 1 and code not in self.unknown
        return next(iter(rows.values())) if alone else None


def read_answer(data: object) -> Found | None:
    """Read ``found`` and ``notFound``; None when the JSON is something else."""
    if not isinstance(data, dict) or not {"found", "notFound"} & data.keys():
        return None
    # The envelope of the instruction file; live answers come without it.
    if str(data.get("cod", 200)) not in {"200", "404"}:
        return None
    found, missing = data.get("found") or [], data.get("notFound") or []
    if not isinstance(found, list) or not isinstance(missing, list):
        return None
    rows: dict[str, dict[date | None, Taxpayer]] = {}
    unknown = {str(code) for code in missing if isinstance(code, int | str)}
    for row in found:
        general = _part(row, "date_generale") if isinstance(row, dict) else {}
        code = _text(general, "cui")
        if not _text(general, "denumire"):
            # Some of ANAF's registers list an unknown code under "found", with empty fields.
            unknown.add(code)
        elif code:
            rows.setdefault(code, {})[_day(general, "data")] = _taxpayer(row)
    return Found(rows, frozenset(unknown - {""}))


def _taxpayer(row: dict[str, Any]) -> Taxpayer:
    general, vat = _part(row, "date_generale"), _part(row, "inregistrare_scop_Tva")
    idle, seat = _part(row, "stare_inactiv"), _part(row, "adresa_sediu_social")
    state = _text(general, "stare_inregistrare")
    county, city = _text(seat, "scod_JudetAuto"), _text(seat, "sdenumire_Localitate")
    return Taxpayer(
        name=_text(general, "denumire"),
        address=_text(general, "adresa"),
        county=f"RO-{county}" if re.fullmatch(r"[A-Z]{1,2}", county) else None,
        city=_city(city),
        postal_code=_postal(_text(seat, "scod_Postal") or _text(general, "codPostal")),
        trade_register=_text(general, "nrRegCom").strip("-"),
        main_activity=_text(general, "cod_CAEN"),
        vat_registered=_flag(vat, "scpTVA"),
        vat_periods=_periods(vat.get("perioade_TVA")),
        vat_on_collection=_flag(_part(row, "inregistrare_RTVAI"), "statusTvaIncasare"),
        split_vat=_flag(_part(row, "inregistrare_SplitTVA"), "statusSplitTVA"),
        inactive=_flag(idle, "statusInactivi"),
        struck_off=bool(_text(idle, "dataRadiere")) or state.upper().startswith("RADIER"),
        efactura_register=_flag(general, "statusRO_e_Factura"),
        registration_state=state,
    )


def _periods(value: object) -> list[VatPeriod]:
    # The instruction file draws one object, the service sends a list.
    rows = [value] if isinstance(value, dict) else value if isinstance(value, list) else []
    periods = [
        VatPeriod(start=_day(row, "data_inceput_ScpTVA"), end=_day(row, "data_sfarsit_ScpTVA"))
        for row in rows
        if isinstance(row, dict)
    ]
    return [period for period in periods if period.start or period.end]


def _part(row: dict[str, Any], name: str) -> dict[str, Any]:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _text(part: dict[str, Any], name: str) -> str:
    value = part.get(name)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text.translate(_CEDILLAS).strip()


def _flag(part: dict[str, Any], name: str) -> bool:
    return part.get(name) is True


def _day(part: dict[str, Any], name: str) -> date | None:
    try:
        return date.fromisoformat(_text(part, name)[:10])
    except ValueError:
        return None


def _city(text: str) -> str:
    # CIUS-RO wants SECTOR1 to SECTOR6 for Bucharest.
    sector = _SECTOR.match(text)
    return f"SECTOR{sector[1]}" if sector else text


def _postal(text: str) -> str:
    # The service drops the leading 0 of Bucharest's codes.
    return text.zfill(6) if text.isdigit() else text
