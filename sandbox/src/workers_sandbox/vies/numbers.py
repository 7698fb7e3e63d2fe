"""Invented VAT numbers, and the faults that were asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STATES = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "EL",
        "ES",
        "FI",
        "FR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
        "XI",
    ]
)
"""Country codes that VIES serves: Greece is EL, Northern Ireland XI."""

FAULTS = (
    "INVALID_INPUT",
    "INVALID_REQUESTER_INFO",
    "SERVICE_UNAVAILABLE",
    "MS_UNAVAILABLE",
    "TIMEOUT",
    "SERVER_BUSY",
    "GLOBAL_MAX_CONCURRENT_REQ",
    "MS_MAX_CONCURRENT_REQ",
    "GLOBAL_MAX_CONCURRENT_REQ_TIME",
    "MS_MAX_CONCURRENT_REQ_TIME",
    "VAT_BLOCKED",
    "IP_BLOCKED",
)
"""Fault strings that can be asked for."""


@dataclass(frozen=True, slots=True)
class Trader:
    """A valid number's holder; a state that withholds its data answers `---`."""

    name: str
    address: str


SEED = {
    "DE123456788": Trader("---", "---"),
    "ATU12345675": Trader("MUSTER HANDEL GMBH", "BEISPIELGASSE 1\nAT-1010 WIEN"),
    "HU12345676": Trader("PÉLDA KERESKEDELMI KFT.", "PÉLDA UTCA 1.\n1011 BUDAPEST"),
    "EL123456783": Trader("ΔΟΚΙΜΗ ΕΠΕ", "ΟΔΟΣ ΠΑΡΑΔΕΙΓΜΑΤΟΣ 1\n10431 ΑΘΗΝΑ"),
    "RO12345674": Trader("FURNIZOR TEST SRL", "STR. EXEMPLULUI NR. 1\nSECTOR 3, BUCUREŞTI"),
    "RO87654329": Trader("CLIENT TEST SA", "BD. VERIFICĂRII NR. 2\nCLUJ-NAPOCA"),
}
"""The valid numbers of a fresh sandbox; every other number is not valid."""


@dataclass(slots=True)
class _Trouble:
    fault: str
    country: str | None
    status: int
    left: int | None


class VatNumbers:
    """The valid numbers, and which calls end in a fault."""

    def __init__(self) -> None:
        self._traders = dict(SEED)
        self._troubles: list[_Trouble] = []

    def find(self, country: str, number: str) -> Trader | None:
        """The holder of a number; None when it is not valid."""
        return self._traders.get(country + number.upper())

    def add(self, vat_id: str, name: str, address: str) -> None:
        """Make a number valid."""
        self._traders[vat_id.upper()] = Trader(name, address)

    def trouble(self, wish: Mapping[str, Any]) -> None:
        """Ask for `{fault, country?, times?, status?}`; ValueError says what is wrong."""
        fault, times, status = wish.get("fault"), wish.get("times", 1), wish.get("status", 500)
        if fault not in FAULTS:
            raise ValueError(f"'fault' must be one of: {', '.join(FAULTS)}")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError("'times' must be a whole number of 1 or more, or null for no end")
        if status not in (200, 500):
            raise ValueError("'status' must be 200 or 500")
        self._troubles.append(_Trouble(fault, wish.get("country"), status, times))

    def next_trouble(self, country: str) -> tuple[str, int] | None:
        """The fault and HTTP status that this call meets, if any."""
        for trouble in self._troubles:
            if trouble.left != 0 and trouble.country in (None, country):
                trouble.left = None if trouble.left is None else trouble.left - 1
                return trouble.fault, trouble.status
        return None
