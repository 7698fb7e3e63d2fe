"""What an accountant reads before a term ends, in Romanian. No I/O."""

from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from .life import State

Standing: TypeAlias = Literal["refused_locally", "not_sent", "in_doubt", "processing", "refused"]
"""Where an invoice stands that ANAF has not accepted."""

_STANDINGS: Final[dict[State, Standing]] = {
    State.NEW: "not_sent",
    State.UPLOADING: "in_doubt",
    State.UPLOADED: "processing",
    State.REJECTED: "refused",
}
_DAYS: Final = ("luni", "marți", "miercuri", "joi", "vineri", "sâmbătă", "duminică")
_ACTIONS: Final[dict[Standing, str]] = {
    "refused_locally": (
        "Factura nu a fost trimisă la ANAF, deoarece are erori. Corectați erorile din evenimentul "
        "efactura.rejected și trimiteți-o din nou cu același număr."
    ),
    "not_sent": (
        "Factura nu a ajuns la ANAF. Dacă ați primit evenimentul efactura.failed, înlăturați "
        "cauza pe care o arată și reluați comanda. Dacă nu, trimiterea se reia automat: verificați "
        "dacă ANAF este indisponibil sau dacă autentificarea la ANAF a expirat."
    ),
    "in_doubt": (
        "Factura a fost trimisă, dar răspunsul ANAF s-a pierdut; o căutăm automat în listele ANAF. "
        "Căutați-o și dumneavoastră în SPV, la facturile trimise, și nu o trimiteți din alt "
        "program. Dacă ați primit evenimentul efactura.failed, reluați comanda."
    ),
    "processing": (
        "Factura este la ANAF, cu indexul de încărcare {index}, și nu s-a decis încă. Nu o "
        "trimiteți din nou; urmăriți-i starea în SPV. Dacă va fi respinsă, corectați-o și "
        "trimiteți-o înainte de termen."
    ),
    "refused": (
        "ANAF a respins factura. Corectați erorile din evenimentul efactura.rejected și "
        "trimiteți-o din nou cu același număr."
    ),
}


def standing(state: str | None) -> Standing | None:
    """Where a document in this state of the ledger stands; None when it is accepted."""
    if state is None:
        return "refused_locally"  # what our checks refuse never enters the ledger
    return _STANDINGS.get(State(state))


def message(number: str, issue_date: date, last_day: date, left: timedelta) -> str:
    """What is the matter."""
    return (
        f"Factura {number} din {day(issue_date)} nu este acceptată de ANAF. Termenul legal de "
        f"transmitere se încheie {_DAYS[last_day.weekday()]}, {day(last_day)}, la ora 24:00; "
        f"timp rămas: {span(left)}."
    )


def action(where: Standing, upload_index: str | None) -> str:
    """What to do."""
    return _ACTIONS[where].format(index=upload_index or "necunoscut")


def day(value: date | datetime) -> str:
    """A day as it is written in Romania."""
    return f"{value:%d.%m.%Y}"


def span(left: timedelta) -> str:
    """A time in its two largest units, rounded down to minutes: ``2 zile și 5 ore``."""
    minutes = max(0, int(left.total_seconds()) // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        _counted(days, "o zi", "zile"),
        _counted(hours, "o oră", "ore"),
        _counted(minutes, "un minut", "minute"),
    ]
    first = next((place for place, part in enumerate(parts) if part), 2)
    return " și ".join(part for part in parts[first : first + 2] if part) or "sub un minut"


def _counted(number: int, one: str, many: str) -> str:
    if number == 0:
        return ""
    if number == 1:
        return one
    # From 20 on, but for 101 to 119 and the like, Romanian puts "de" before the noun.
    return f"{number} de {many}" if number % 100 > 19 or number % 100 == 0 else f"{number} {many}"
