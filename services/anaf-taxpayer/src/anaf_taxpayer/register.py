"""ANAF's register as values: from its JSON to the contract's taxpayer. No I/O.

Source: ANAF's instruction file for the taxpayer service v9 (2025-02-04), and observed answers.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from workers_contracts.taxpayer import Taxpayer

from .envelope import read_envelope
from .fields import code, day, day_within, flag, part, text
from .periods import holds, period, vat_periods

_SECTOR = re.compile(r"sector(?:ul)?\s*([1-6])", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """What one answer says about several codes."""

    rows: dict[str, dict[date | None, Taxpayer]]
    """By code, then by the day that the row is about."""
    unknown: frozenset[str]

    def answers(self, number: str, on: date) -> bool:
        """Say whether the answer mentions a code at all."""
        return number in self.unknown or self.on(number, on) is not None

    def on(self, number: str, on: date) -> Taxpayer | None:
        """Return what is said of a code on a day, None when it is unknown or not mentioned."""
        rows = self.rows.get(number, {})
        if on in rows:
            return rows[on]
        # A row without a readable day answers for its code, unless another row has a day. One
        # about another day is no answer about this one.
        alone = len(rows) == 1 and number not in self.unknown
        return rows.get(None) if alone else None


def read_answer(data: object) -> Found | None:
    """Read ``found`` and ``notFound``; None when the JSON is something else."""
    envelope = read_envelope(data)
    if envelope is None:
        return None
    rows: dict[str, dict[date | None, Taxpayer]] = {}
    unknown = set(envelope.missing)
    for row in envelope.found:
        general = part(row, "date_generale")
        number = code(general.get("cui"))
        if not text(general, "denumire"):
            # Some of ANAF's registers list an unknown code under "found", with empty fields.
            unknown.add(number)
        elif number:
            rows.setdefault(number, {})[day(general, "data")] = _taxpayer(row)
    return Found(rows, frozenset(unknown - {""}))


def _taxpayer(row: dict[str, Any]) -> Taxpayer:
    general, seat = part(row, "date_generale"), part(row, "adresa_sediu_social")
    county, city = text(seat, "scod_JudetAuto"), text(seat, "sdenumire_Localitate")
    return Taxpayer(
        name=text(general, "denumire"),
        address=text(general, "adresa"),
        county=f"RO-{county}" if re.fullmatch(r"[A-Z]{1,2}", county) else None,
        city=_city(city),
        postal_code=_postal(text(seat, "scod_Postal") or text(general, "codPostal")),
        trade_register=text(general, "nrRegCom").strip("-"),
        main_activity=text(general, "cod_CAEN"),
        registered_on=day(general, "data_inregistrare"),
        efactura_register=flag(general, "statusRO_e_Factura") or False,
        efactura_registered_on=day(general, "data_inreg_Reg_RO_e_Factura"),
        registration_state=text(general, "stare_inregistrare"),
        **_states(row, day(general, "data")),
    )


def _states(row: dict[str, Any], on: date | None) -> dict[str, Any]:
    """Return what held on the day, and since when: ANAF's own word first, else its periods."""
    vat, collection = part(row, "inregistrare_scop_Tva"), part(row, "inregistrare_RTVAI")
    split, idle = part(row, "inregistrare_SplitTVA"), part(row, "stare_inactiv")
    paid = vat_periods(vat.get("perioade_TVA"))
    collected = period(collection, "dataInceputTvaInc", "dataSfarsitTvaInc")
    splitting = period(split, "dataInceputSplitTVA", "dataAnulareSplitTVA")
    resting = period(idle, "dataInactivare", "dataReactivare")
    gone, gone_on = _struck_off(row, on)
    return {
        "vat_registered": _held(flag(vat, "scpTVA"), holds(paid, on)),
        "vat_periods": paid,
        "vat_on_collection": _held(flag(collection, "statusTvaIncasare"), holds(collected, on)),
        "vat_on_collection_periods": collected,
        "split_vat": _held(flag(split, "statusSplitTVA"), holds(splitting, on)),
        "split_vat_periods": splitting,
        "inactive": _held(flag(idle, "statusInactivi"), holds(resting, on)),
        "inactive_periods": resting,
        "struck_off": gone,
        "struck_off_on": gone_on,
    }


def _held(said: bool | None, computed: bool) -> bool:
    return computed if said is None else said


def _struck_off(row: dict[str, Any], on: date | None) -> tuple[bool, date | None]:
    idle, state = part(row, "stare_inactiv"), text(part(row, "date_generale"), "stare_inregistrare")
    by_state = state.upper().startswith("RADIER")
    gone_on = day(idle, "dataRadiere") or (day_within(state) if by_state else None)
    if gone_on is None:
        return by_state or bool(text(idle, "dataRadiere")), None
    # Asked about a day before it was struck off, the company was there.
    return on is None or gone_on <= on, gone_on


def _city(name: str) -> str:
    # CIUS-RO wants SECTOR1 to SECTOR6 for Bucharest.
    sector = _SECTOR.match(name)
    return f"SECTOR{sector[1]}" if sector else name


def _postal(digits: str) -> str:
    # The service drops the leading 0 of Bucharest's codes.
    return digits.zfill(6) if digits.isdigit() else digits
