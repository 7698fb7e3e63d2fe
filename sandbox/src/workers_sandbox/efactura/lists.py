"""`listaMesajeFactura` and `listaMesajePaginatieFactura`. Errors and 'nothing' share HTTP 200.

ANAF does not document the order of the entries; the sandbox lists the newest first.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from workers_sandbox.clock import compact, spoken
from workers_sandbox.exchange import Call, bad_request

from . import answers
from .documents import FILTERS, LIFE, Message

_FILTER_TEXT = "Valorile acceptate pentru parametrul filtru sunt E, T, P sau R"
# Milliseconds up to the year 9999; a number beyond is no time.
_LATEST = 253_402_300_799_000


class RefusedError(Exception):
    """A list that is not given; the text is ANAF's."""


def describe(call: Call) -> Call:
    """Add the CIF and the page that are asked for."""
    cif, page = call.query.get("cif", ""), call.query.get("pagina", "")
    number = int(page) if re.fullmatch(r"\d{1,9}", page, flags=re.ASCII) else None
    return replace(call, cifs=frozenset({cif}), page=number)


def by_days(call: Call) -> Response:
    """`listaMesajeFactura`: the last 1 to 60 days in one answer of at most 500."""
    if not {"zile", "cif"} <= call.query.keys():
        return bad_request(call, "Parametrii zile si cif sunt obligatorii")
    try:
        return answers.as_json(_days(call, call.query["zile"]))
    except RefusedError as refusal:
        return answers.refusal(call, str(refusal))


def _days(call: Call, days: str) -> dict[str, Any]:
    if not re.fullmatch(r"-?\d{1,9}", days, flags=re.ASCII):
        raise RefusedError(f"Numarul de zile introdus= {days} nu este un numar intreg")
    if not 1 <= int(days) <= 60:
        raise RefusedError("Numarul de zile trebuie sa fie intre 1 si 60")
    _check_cif_and_filter(call, "")
    _count(call, "lists", call.world.settings.lists_per_cif)
    now, limit = call.world.clock.now(), call.world.settings.page_size
    found = _messages(call, now - timedelta(days=int(days)), now)
    if not found:
        raise RefusedError(f"Nu exista mesaje in ultimele {days} zile")
    if len(found) > limit:
        raise RefusedError(
            f"Lista de mesaje este mai mare decat numarul de {limit} elemente permise in pagina. "
            "Folositi endpoint-ul cu paginatie."
        )
    return _listed(call, found, f"Lista Mesaje disponibile din ultimele {days} zile")


def by_pages(call: Call) -> Response:
    """`listaMesajePaginatieFactura`: a window of time, page by page."""
    if not {"startTime", "endTime", "cif", "pagina"} <= call.query.keys():
        return bad_request(call, "Parametrii startTime, endTime, cif si pagina sunt obligatorii")
    try:
        return answers.as_json(_page(call))
    except RefusedError as refusal:
        return answers.refusal(call, str(refusal))


def _page(call: Call) -> dict[str, Any]:
    _check_cif_and_filter(call, " sau nu are o valoare acceptata de sistem")
    start, end = _window(call)
    page = _number(call, "pagina", 10**9)
    _count(call, "pages", call.world.settings.pages_per_cif)
    found = _messages(call, start, end)
    if not found:
        raise RefusedError("Nu exista mesaje in intervalul selectat")
    size = call.world.settings.page_size
    # Entries that came since page 1 push the others back; entries that left pull them forward.
    total = max(0, len(found) - call.bend.page_shift)
    pages = max(1, -(-total // size))
    if page > pages:
        text = f"Pagina solicitata {page} este mai mare decat numarul toatal de pagini {pages}"
        raise RefusedError(text)
    begin = max(0, (page - 1) * size + call.bend.page_shift)
    rows = found[begin : begin + size]
    title = f"Lista Mesaje disponibile din intervalul {spoken(start)} - {spoken(end)}"
    return _listed(call, rows, title) | {
        "numar_inregistrari_in_pagina": len(rows),
        "numar_total_inregistrari_per_pagina": size,
        "numar_total_inregistrari": total,
        "numar_total_pagini": pages,
        "index_pagina_curenta": page,
    }


def _window(call: Call) -> tuple[datetime, datetime]:
    now = call.world.clock.now() - timedelta(seconds=call.bend.clock_behind_seconds)
    start = _moment(_number(call, "startTime", _LATEST))
    end = _moment(_number(call, "endTime", _LATEST))
    if start < now - LIFE:
        raise RefusedError(
            f"startTime = {spoken(start)} nu poate fi mai vechi de 60 de zile "
            "fata de momentul requestului"
        )
    if end > now:
        quoted = f" = {spoken(now)}" if call.bend.quote_moment else ""
        raise RefusedError(
            f"endTime = {spoken(end)} nu poate in viitor fata de momentul requestului{quoted}"
        )
    if end <= start:
        text = f"endTime = {spoken(end)} nu poate fi <= startTime = {spoken(start)}"
        raise RefusedError(text)
    return start, end


def _number(call: Call, name: str, largest: int) -> int:
    text = call.query[name]
    if not re.fullmatch(r"\d{1,18}", text, flags=re.ASCII) or not 1 <= int(text) <= largest:
        raise RefusedError(
            f"{name} = {text} nu este un numar sau nu are o valoare acceptata de sistem"
        )
    return int(text)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _check_cif_and_filter(call: Call, tail: str) -> None:
    cif = call.query["cif"]
    if not re.fullmatch(r"\d+", cif, flags=re.ASCII):
        raise RefusedError(f"CIF introdus= {cif} nu este un numar{tail}")
    if call.query.get("filtru", "E") not in FILTERS:
        raise RefusedError(_FILTER_TEXT)


def _count(call: Call, kind: str, limit: int) -> None:
    world, cif = call.world, call.query["cif"]
    if not world.daily.take(kind, f"{call.environment}:{cif}", limit, world.clock.today()):
        world.journal.violated("daily-limit", f"more than {limit} {kind} for {cif} in a day")
        raise RefusedError(answers.quota_text(call))


def _messages(call: Call, start: datetime, end: datetime) -> list[Message]:
    types = FILTERS.get(call.query.get("filtru", ""))
    now = call.world.clock.now()
    end = min(end, now)
    found = call.world.documents.listed(call.environment, call.query["cif"], start, end)
    shown = [one for one in found if one.shown_at is None or one.shown_at <= now]
    return [one for one in shown if types is None or one.type in types]


def _listed(call: Call, messages: list[Message], title: str) -> dict[str, Any]:
    rows = [
        {
            "data_creare": compact(one.listed_at),
            "cif": one.cif,
            "id_solicitare": one.document.index,
            "detalii": one.detail,
            "tip": one.type,
            "id": one.id,
        }
        for one in messages
    ]
    return {"mesaje": rows, "serial": "1234AA456", "cui": call.query["cif"], "titlu": title}
