"""Paths of the look-ups. One request a second, 100 codes a request."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workers_sandbox.exchange import Call, bad_request
from workers_sandbox.misbehaviours.catalogue.scenario import REGISTER, TAXPAYER
from workers_sandbox.routing import endpoint

from .answers import e_factura_entry, entry, envelope
from .shapes import shaped

MAX_CODES = 100

Entry = Callable[[Call, int, str], dict[str, Any] | None]


def describe(call: Call) -> Call:
    """Add the codes that are asked about."""
    try:
        cifs = frozenset(str(cui) for cui, _ in _asked(call.body))
    except ValueError:
        return call
    return replace(call, cifs=cifs)


def taxpayer(call: Call) -> Response:
    """`/api/PlatitorTvaRest/v9/tva`."""
    return _lookup(call, _taxpayer_entry)


def register(call: Call) -> Response:
    """`/api/registruroefactura/v1/interogare`."""
    return _lookup(call, _register_entry)


def _taxpayer_entry(call: Call, cui: int, day: str) -> dict[str, Any] | None:
    company = call.world.taxpayers.find(cui)
    return entry(company, day) if company else None


def _register_entry(call: Call, cui: int, day: str) -> dict[str, Any] | None:
    company = call.world.taxpayers.find(cui)
    known = company is not None and "" < company.e_factura_from <= day
    return e_factura_entry(company, day) if company and known else None


def _lookup(call: Call, make: Entry) -> Response:
    if (refusal := _too_soon(call)) is not None:
        return refusal
    try:
        asked = _asked(call.body)
    except ValueError as error:
        return bad_request(call, str(error))
    if len(asked) > MAX_CODES:
        call.world.journal.violated("lookup-codes", f"{len(asked)} codes in one request")
        return bad_request(call, f"Numarul maxim de CUI-uri este {MAX_CODES}")
    rows = [(cui, make(call, cui, day)) for cui, day in asked]
    found = [row for _, row in rows if row is not None]
    missing = [cui for cui, row in rows if row is None]
    settings = call.world.settings
    body = envelope(found, missing, null_arrays=settings.null_arrays)
    return shaped(settings.lookup_shape, body, 200 if found else settings.lookup_empty_status)


def _too_soon(call: Call) -> Response | None:
    settings = call.world.settings
    if settings.lookup_policy == "off" or call.world.lookups.take(settings.lookup_interval):
        return None
    text = f"faster than one look-up in {settings.lookup_interval:g} s"
    call.world.journal.violated("lookup-interval", text)
    # ANAF only says that overloading "va fi pedepsita"; 429 is the sandbox's choice.
    refused = JSONResponse({"status": 429, "error": "Too Many Requests"}, 429)
    return refused if settings.lookup_policy == "refuse" else None


def _asked(body: bytes) -> list[tuple[int, str]]:
    """The codes and days of a request; ValueError says what is wrong."""
    rows = json.loads(body)
    if not isinstance(rows, list) or not rows:
        raise ValueError("Se asteapta o lista de obiecte cu cui si data")
    return [_row(row) for row in rows]


def _row(row: Any) -> tuple[int, str]:
    cui, day = (row.get("cui"), row.get("data")) if isinstance(row, dict) else (None, None)
    if isinstance(cui, bool) or not isinstance(cui, int):
        raise ValueError("Campul cui trebuie sa fie un numar")  # noqa: TRY004 - as bad JSON
    if not isinstance(day, str):
        raise ValueError("Campul data trebuie sa fie yyyy-MM-dd")  # noqa: TRY004 - as bad JSON
    return cui, date.fromisoformat(day).isoformat()


ROUTES = [
    Route(
        "/api/PlatitorTvaRest/v9/tva",
        endpoint(TAXPAYER, taxpayer, describe=describe, bearer=False),
        methods=["POST"],
    ),
    Route(
        "/api/registruroefactura/v1/interogare",
        endpoint(REGISTER, register, describe=describe, bearer=False),
        methods=["POST"],
    ),
]
