"""The texts of ANAF's refusals, sorted by what the caller must do next.

The patterns are matched on text without diacritics and in lower case: ANAF writes the same sentence
with and without them, and keeps its own typing errors (`inteorgare`, `petru`, `toatal`).
Sources: ANAF's Swagger pages for e-Factura; `duplicate` and some daily limits as observed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class RefusalKind(StrEnum):
    """What a refusal asks of the caller."""

    RIGHTS = "rights"
    """The certificate's owner has no right on this CUI: a person must act in SPV."""
    TOKEN = "token"  # noqa: S105 - a kind of refusal, not a secret
    """The access token was not accepted: refresh once."""
    DAILY_LIMIT = "daily_limit"
    """The day's quota is used: wait for the next Romanian day."""
    RATE_LIMIT = "rate_limit"
    """Too many calls in this minute: wait."""
    CALLER = "caller"
    """A parameter is wrong: a defect of the calling program."""
    WINDOW = "window"
    """The interval is outside what ANAF lists; its clock, if quoted, is in `authority_time`."""
    EMPTY = "empty"
    """Nothing in the interval: not an error."""
    USE_PAGES = "use_pages"
    """More than 500 messages: use the paged list."""
    STOP_PAGING = "stop_paging"
    """There is no such page: the previous one was the last."""
    TECHNICAL = "technical"
    """ANAF failed. After an upload the outcome is unknown."""
    EXPIRED = "expired"
    """Older than 60 days: it can never be downloaded again."""
    NOT_FOUND = "not_found"
    """ANAF knows no such id."""
    DUPLICATE = "duplicate"
    """The same invoice was filed before, under `first_index`: not a failure."""
    DOCUMENT = "document"
    """The document itself was refused: the same bytes will be refused again."""
    OTHER = "other"
    """A text that is not known here."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal: its kind, ANAF's words, and the values read from them."""

    kind: RefusalKind
    text: str = field(repr=False)
    first_index: str | None = None
    first_date: date | None = None
    limit: int | None = None
    authority_time: datetime | None = None
    """ANAF's clock as quoted in the text: naive, Romania's wall time."""


_PATTERNS: Final = [
    (RefusalKind.DUPLICATE, r"factura a mai fost transmisa anterior"),
    (RefusalKind.DAILY_LIMIT, r"s-au (?:facut|incarcat) deja \d+"),
    (RefusalKind.EXPIRED, r"nu mai poate fi descarcat"),
    (RefusalKind.RIGHTS, r"nu aveti drept|nu exista niciun cif pe(?:n)?tru care"),
    (RefusalKind.EMPTY, r"nu exista mesaje in"),
    (RefusalKind.USE_PAGES, r"lista de mesaje este mai mare|folositi endpoint-ul cu paginatie"),
    (RefusalKind.STOP_PAGING, r"pagina solicitata \S+ este mai mare"),
    (
        RefusalKind.WINDOW,
        r"nu poate fi mai vechi de|nu poate fi <= ?starttime|nu poate (?:fi )?in viitor",
    ),
    (
        RefusalKind.NOT_FOUND,
        r"nu exista factura cu id_incarcare|nu exista inregistrata nici ?o factura",
    ),
    (
        RefusalKind.TECHNICAL,
        r"eroare tehnica|internal server error|service unavailable|gateway time-?out",
    ),
    (
        RefusalKind.DOCUMENT,
        r"marime fisier transmis mai mare|fisierul transmis nu este valid"
        r"|nu este inregistrat in registrul"
        r"|eroare regula|\[(?:br|ubl|bt)-",
    ),
    (
        RefusalKind.CALLER,
        r"valorile acceptate pentru parametrul|valoarea acceptata este da|nu este un numar"
        r"|numarul de zile trebuie|(?:este|sunt) obligatori[iu]|trebuie sa aveti atasat"
        r"|nu are o valoare acceptata",
    ),
]
_COMPILED: Final = [(kind, re.compile(pattern)) for kind, pattern in _PATTERNS]
_FIRST_INDEX: Final = re.compile(r"index\s*=\s*(\d{1,20})")
_FIRST_DATE: Final = re.compile(r"data incarcare\s*=\s*(\d{4})-(\d{2})-(\d{2})")
_LIMIT: Final = re.compile(r"deja (\d{1,9})")
_CLOCK: Final = re.compile(
    r"momentul requestului\s*=\s*(\d{2})-(\d{2})-(\d{4}) (\d{2}):(\d{2}):(\d{2})"
)


def classify_text(text: str) -> Refusal:
    """The refusal that one of ANAF's error texts means. Never raises; an unknown text is OTHER."""
    text = text.strip()
    folded = _fold(text)
    kind = next((kind for kind, pattern in _COMPILED if pattern.search(folded)), RefusalKind.OTHER)
    match kind:
        case RefusalKind.DUPLICATE:
            index = _FIRST_INDEX.search(folded)
            return Refusal(
                kind, text, first_index=index[1] if index else None, first_date=_first_date(folded)
            )
        case RefusalKind.DAILY_LIMIT:
            limit = _LIMIT.search(folded)
            return Refusal(kind, text, limit=int(limit[1]) if limit else None)
        case RefusalKind.WINDOW:
            return Refusal(kind, text, authority_time=_authority_time(folded))
        case _:
            return Refusal(kind, text)


def _fold(text: str) -> str:
    # Longer texts are stack traces; the sentence that matters stands first.
    decomposed = unicodedata.normalize("NFKD", text[:4000].lower())
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


def _first_date(folded: str) -> date | None:
    found = _FIRST_DATE.search(folded)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _authority_time(folded: str) -> datetime | None:
    found = _CLOCK.search(folded)
    if not found:
        return None
    day, month, year, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - wall time, as quoted
    except ValueError:
        return None
