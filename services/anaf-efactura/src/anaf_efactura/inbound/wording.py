"""What an accountant reads when something is not received, in Romanian. No I/O."""

from datetime import datetime
from typing import Final

from anaf_efactura.warning import day
from workers_anaf.keepers import login_command
from workers_anaf.romania import today
from workers_ledger.inbound_values import InboundMessage

_KINDS: Final = {
    "received": "Factura primită",
    "sent": "Factura trimisă din alt program",
    "errors": "Mesajul de erori al ANAF",
    "buyer_message": "Mesajul cumpărătorului",
}
_ACTIONS: Final = {
    "anaf_no_right": (
        "Verificați în SPV dacă titularul certificatului are dreptul pentru acest CIF și "
        "acordați-l din nou; apoi totul se reia automat."
    ),
    "anaf_login_required": (
        "O persoană cu certificat digital trebuie să se autentifice din nou la ANAF, cu comanda "
        "`{command}`; serviciile preiau noua autentificare fără repornire."
    ),
    "anaf_token_refused": (
        "ANAF nu acceptă tokenurile pe care le emite; se reia automat la fiecare 15 minute. "
        "Verificați ceasul serverului și starea aplicației în portalul ANAF."
    ),
    "anaf_daily_limit": (
        "Limita zilnică a ANAF a fost atinsă; se reia automat în ziua următoare. Verificați dacă "
        "alt program folosește același cont pentru același CIF."
    ),
    "efactura_archive_unreadable": (
        "ANAF trimite o arhivă deteriorată; se încearcă din nou automat. Descărcați mesajul manual "
        "din SPV înainte să expire și păstrați arhiva ZIP."
    ),
}
_TRY_BY_HAND: Final = (
    "Se încearcă din nou automat. Verificați dacă ANAF este disponibil; dacă problema persistă, "
    "descărcați mesajele manual din SPV înainte să expire."
)
EXPIRED_ACTION: Final = (
    "Cereți documentul emitentului, sau ANAF printr-o solicitare scrisă: ANAF păstrează fișierele "
    "și după 60 de zile, dar le dă numai la cerere."
)


def named(message: InboundMessage) -> str:
    """What a message is called in a sentence."""
    kind = _KINDS.get(message.type, "Mesajul")
    index = f", cu indexul de încărcare {message.upload_index}" if message.upload_index else ""
    return f"{kind}{index}, apărut{_ending(message)} în SPV la {day(today(message.listed_at))}"


def _ending(message: InboundMessage) -> str:
    return "ă" if message.type in ("received", "sent") else ""


def expired(message: InboundMessage) -> str:
    """That a message cannot be downloaded any more."""
    return (
        f"{named(message)} (CIF {message.cif}), nu mai poate fi descărcat{_ending(message)}: a "
        "trecut perioada de 60 de zile."
    )


def delayed(message: InboundMessage, left: float) -> str:
    """That a message is not stored yet."""
    return (
        f"{named(message)} (CIF {message.cif}), nu a fost încă descărcat{_ending(message)} de la "
        f"ANAF. Zile rămase până când nu mai poate fi descărcat{_ending(message)}: {left:g}."
    )


def unread(cif: str, since: datetime, left: float, *, ever: bool) -> str:
    """That the lists of a company cannot be read."""
    read = (
        f"nu au mai fost citite complet din {day(today(since))}"
        if ever
        else f"nu au putut fi citite niciodată; citirea a fost cerută la {day(today(since))}"
    )
    return (
        f"Listele de mesaje din SPV pentru CIF {cif} {read}. Cele mai vechi mesaje necitite se "
        f"pierd peste: {left:g} zile."
    )


def action(code: str | None, tenant: str) -> str:
    """What to do about what is not received."""
    return _ACTIONS.get(code or "", _TRY_BY_HAND).format(command=login_command(tenant))
