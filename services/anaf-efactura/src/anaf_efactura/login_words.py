"""What people read about the end of a log-in at ANAF, in Romanian. No I/O."""

from datetime import datetime, timedelta
from typing import Final

from workers_anaf.keepers import Login, login_command
from workers_anaf.oauth import Lost
from workers_anaf.romania import today
from workers_contracts.efactura import LoginExpiring, LoginLost

from . import marks, warning

_WHO: Final = (
    "O persoană cu certificat digital și cu drepturi în SPV trebuie să se autentifice din nou la "
    "ANAF, cu comanda `{command}`; serviciile preiau noua autentificare fără repornire. "
)
_ELSE: Final = "Fără aceasta nu se mai poate transmite nicio factură după data de expirare."
_NOW: Final = (
    "Până atunci nu se transmite nicio factură; comenzile așteaptă și continuă de la sine."
)
_UNSAVED: Final = (
    "O reînnoire începută la {began} UTC a fost întreruptă înainte de salvarea noului token, iar "
    "cel vechi era deja consumat la ANAF."
)


def expiring(
    login: Login, subject: str, mark: marks.Mark, ends: datetime, now: datetime
) -> LoginExpiring:
    """Say that a log-in ends soon."""
    left = marks.left_until(ends, now)
    return LoginExpiring.model_validate(
        {
            "credential": subject,
            "tenant": login.tenant or None,
            "mark": mark.name,
            "ends_at": ends,
            "days_left": round(left / timedelta(days=1), 1),
            "message": f"Autentificarea la ANAF{_whose(login)} expiră la "
            f"{warning.day(today(ends))}; timp rămas: {warning.span(left)}.",
            "action": _WHO.format(command=login_command(login.tenant)) + _ELSE,
        }
    )


def lost(login: Login, subject: str, what: Lost) -> LoginLost:
    """Say that a log-in is lost, and whether a cut-off renewal is why."""
    began = what.unsaved_since
    why = _UNSAVED.format(began=f"{began:%d.%m.%Y %H:%M:%S}") if began else ""
    said = f"ANAF nu mai acceptă autentificarea{_whose(login)} ({what.reason})."
    return LoginLost.model_validate(
        {
            "credential": subject,
            "tenant": login.tenant or None,
            "cause": "renewal_lost" if began else "refused",
            "renewal_began_at": began,
            "reason": what.reason,
            "message": f"{said} {why}".strip(),
            "action": _WHO.format(command=login_command(login.tenant)) + _NOW,
        }
    )


def _whose(login: Login) -> str:
    return f" pentru {login.tenant}" if login.tenant else ""
