"""Counties and sectors as CIUS-RO wants them, from the ways in which people write them.

What is not recognised stays as it is: the rules say what is wrong with it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NAMES: Final = (
    "AB alba, AG arges, AR arad, B bucuresti, BC bacau, BH bihor, BN bistrita nasaud, BR braila, "
    "BT botosani, BV brasov, BZ buzau, CJ cluj, CL calarasi, CS caras severin, CT constanta, "
    "CV covasna, DB dambovita, DJ dolj, GJ gorj, GL galati, GR giurgiu, HD hunedoara, HR harghita, "
    "IF ilfov, IL ialomita, IS iasi, MH mehedinti, MM maramures, MS mures, NT neamt, OT olt, "
    "PH prahova, SB sibiu, SJ salaj, SM satu mare, SV suceava, TL tulcea, TM timis, TR teleorman, "
    "VL valcea, VN vrancea, VS vaslui"
)
_CODES: Final = {
    name: f"RO-{code}" for code, name in (entry.split(" ", 1) for entry in _NAMES.split(", "))
}
_KNOWN: Final = set(_CODES.values())
_SECTOR: Final = re.compile(
    r"(?:(?:municipiul |mun )?bucuresti )?sector(?:ul)? ?([1-6])"
    r"(?: (?:municipiul |mun )?bucuresti)?"
)


def county_code(written: str) -> str:
    """Return ``RO-CJ`` for ``cj``, ``RO-CJ``, ``Cluj`` or ``Județul Cluj``; else what came."""
    code = written.strip().upper()
    if code in _KNOWN:
        return code
    if f"RO-{code}" in _KNOWN:
        return f"RO-{code}"
    name = re.sub(r"^(?:judetul|jud|municipiul|mun) ", "", _folded(written))
    return _CODES.get(name, written)


def sector_code(written: str) -> str:
    """Return ``SECTOR3`` for ``Sector 3`` or ``București, sectorul 3``; else what came."""
    found = _SECTOR.fullmatch(_folded(written))
    return f"SECTOR{found[1]}" if found else written


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())
