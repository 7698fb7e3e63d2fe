"""What people read about the end of a log-in at ANAF, in Romanian. No I/O."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from workers_anaf.certificate import CertificateLogin
from workers_anaf.keepers import Login, login_command
from workers_anaf.oauth import Lost
from workers_anaf.romania import today
from workers_contracts.efactura import LoginExpiring, LoginLost

from . import marks, warning

MOST_NAMED: Final = 50
"""Tenants that an event names."""

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
_TOKENS: Final = (
    "Verificați ceasul serverului, starea aplicației în portalul ANAF (să nu fie revocată) și "
    "anunțurile ANAF. Se încearcă din nou la fiecare 15 minute, fără a consuma tokenuri de "
    "reînnoire; după revocare, o persoană cu certificat se autentifică cu comanda `{command}`. "
)
_CERTIFICATE: Final = (
    "Înregistrați certificatul în SPV, sau puneți unul valabil în ANAF_CLIENT_CERTIFICATE și "
    "ANAF_CLIENT_KEY și reporniți serviciul; sau autentificați-vă cu comanda `{command}`, fără "
    "repornire. "
)


def subject(login: Login) -> str:
    """What a log-in is called in events and notices."""
    return login.credential[-64:]


def expiring(
    login: Login, used_by: Sequence[str], mark: marks.Mark, ends: datetime, now: datetime
) -> LoginExpiring:
    """Say that a log-in ends soon."""
    left = marks.left_until(ends, now)
    return LoginExpiring.model_validate(
        {
            "credential": subject(login),
            "tenant": login.tenant or None,
            "used_by": used_by[:MOST_NAMED],
            "mark": mark.name,
            "ends_at": ends,
            "days_left": round(left / timedelta(days=1), 1),
            "message": f"Autentificarea la ANAF{_whose(login)} expiră la "
            f"{warning.day(today(ends))}; timp rămas: {warning.span(left)}.",
            "action": _WHO.format(command=login_command(login.tenant)) + _ELSE,
        }
    )


def lost(login: Login, used_by: Sequence[str], what: Lost) -> LoginLost:
    """Say that a log-in is lost, and why."""
    command = login_command(login.tenant)
    return LoginLost.model_validate(
        {
            "credential": subject(login),
            "tenant": login.tenant or None,
            "used_by": used_by[:MOST_NAMED],
            "cause": what.cause,
            "renewal_began_at": what.unsaved_since,
            "since": what.since,
            "reason": what.reason,
            "message": _said(login, what),
            "action": _do(what).format(command=command) + _NOW,
        }
    )


def _said(login: Login, what: Lost) -> str:
    since = f" de la {what.since:%d.%m.%Y %H:%M:%S} UTC" if what.since else ""
    match what.cause:
        case "renewal_lost":
            why = _UNSAVED.format(began=f"{what.unsaved_since:%d.%m.%Y %H:%M:%S}")
            return f"ANAF nu mai acceptă autentificarea{_whose(login)} ({what.reason}). {why}"
        case "token_refused":
            return (
                f"ANAF emite tokenuri de acces{_whose(login)}, dar nu le acceptă{since} "
                f"({what.reason})."
            )
        case "certificate_refused":
            return f"ANAF nu acceptă {_certificate(login)}{since} ({what.reason})."
        case "certificate_ended":
            return f"A expirat {_certificate(login)}; ultima zi de valabilitate: {what.reason}."
        case _:
            return f"ANAF nu mai acceptă autentificarea{_whose(login)} ({what.reason})."


def _do(what: Lost) -> str:
    if what.cause.startswith("certificate"):
        return _CERTIFICATE
    return _TOKENS if what.cause == "token_refused" else _WHO


def _certificate(login: Login) -> str:
    number = f" cu seria {login.serial}" if isinstance(login, CertificateLogin) else ""
    return f"certificatul{number} din ANAF_CLIENT_CERTIFICATE"


def _whose(login: Login) -> str:
    return f" pentru {login.tenant}" if login.tenant else ""
