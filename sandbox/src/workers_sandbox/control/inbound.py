"""Puts messages into a CIF's list, as if suppliers, buyers or another program just sent them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from starlette.requests import Request

from workers_sandbox.cui import is_valid
from workers_sandbox.efactura.archive import archive
from workers_sandbox.efactura.documents import (
    ERRORS,
    FROM_BUYER,
    OK,
    RECEIVED,
    SENT,
    Document,
    Message,
)
from workers_sandbox.misbehaviours.bend import NOK, Verdict
from workers_sandbox.misbehaviours.catalogue import CATALOGUE
from workers_sandbox.world import World

_PARTNER = "12345674"
_OTHER_PARTNER = "87654329"
_ERROR = (
    "[BR-RO-065]-Identificatorul de înregistrare fiscala a Vânzatorului trebuie furnizat."
    "\n\t#The Seller tax registration identifier must be provided."
)
_WORDS = "Vă rugăm să corectați adresa de livrare."


def inbound(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Make messages of one `type` for a `cif`; ValueError when a wish is wrong.

    The newest entry is `age_seconds` old; the others lie evenly over `spread_seconds` before it.
    With `late_seconds` they bear that age and are listed only after so many seconds from now.
    """
    cif, count = str(body.get("cif", "")), int(body.get("count", 1))
    if not is_valid(cif):
        raise ValueError("'cif' must be digits with a right control digit")
    if not 1 <= count <= 100_000:
        raise ValueError("'count' must be between 1 and 100000")
    if body.get("environment", "prod") not in ("prod", "test"):
        raise ValueError("'environment' must be prod or test")
    if body.get("scenario") not in (None, *CATALOGUE):
        raise ValueError(f"'scenario' must be one of: {', '.join(CATALOGUE)}")
    if body.get("type", "received") not in _KINDS:
        raise ValueError(f"'type' must be one of: {', '.join(_KINDS)}")
    made = [_one(world, body, cif, position / count) for position in range(count)]
    return {"ids": [message.id for message in made]}


def planted(world: World, request: Request) -> list[dict[str, Any]]:
    """Every message that was put into a list this way, and how often it was downloaded."""
    del request
    asked = Counter(
        one.query.get("id", "") for one in world.journal.arrivals if one.operation == "descarcare"
    )
    return [
        {
            "id": message.id,
            "index": message.document.index,
            "cif": message.cif,
            "type": message.type,
            "number": message.document.number,
            "sha256": message.document.sha256,
            "archive_sha256": sha256(archive(world.keys, message.document)).hexdigest(),
            "downloads": asked[message.id],
        }
        for message in world.documents.messages()
        if message.document.inbound
    ]


def _one(world: World, body: dict[str, Any], cif: str, position: float) -> Message:
    now = world.clock.now()
    age = float(body.get("age_seconds", 0)) + float(body.get("spread_seconds", 0)) * position
    listed_at = now - timedelta(seconds=age)
    index = world.numbers.index()
    marker = f"-SBX-{body['scenario']}" if body.get("scenario") else ""
    partner = _PARTNER if cif != _PARTNER else _OTHER_PARTNER
    draft = Document(
        index=index,
        environment=body.get("environment", "prod"),
        standard="UBL",
        cif=partner,
        seller=partner,
        buyer=cif,
        number=f"IN-{index}{marker}",
        issue_date=f"{listed_at:%Y-%m-%d}",
        body=b"",
        uploaded_at=listed_at,
        ready_at=listed_at,
        verdict=Verdict(OK),
        inbound=True,
    )
    document, kind, detail = _KINDS[body.get("type", "received")](draft, cif, body)
    late = float(body.get("late_seconds", 0))
    return _listed(world, document, cif, kind, detail, now + timedelta(seconds=late))


_Made = tuple[Document, str, str]


def _received(draft: Document, cif: str, body: dict[str, Any]) -> _Made:
    del cif, body
    document = _with_invoice(draft)
    return document, RECEIVED, _issued(document)


def _sent(draft: Document, cif: str, body: dict[str, Any]) -> _Made:
    del body
    document = _with_invoice(replace(draft, cif=cif, seller=cif, buyer=draft.seller))
    return document, SENT, _issued(document)


def _errors(draft: Document, cif: str, body: dict[str, Any]) -> _Made:
    told = tuple(map(str, body.get("errors", (_ERROR,))))
    refused = replace(draft, cif=cif, seller=cif, buyer=draft.seller, verdict=Verdict(NOK, told))
    detail = f"Erori de validare identificate la factura primita cu id_incarcare={draft.index}"
    return _with_invoice(refused), ERRORS, detail


def _message(draft: Document, cif: str, body: dict[str, Any]) -> _Made:
    del cif
    about, words = str(body.get("about", "5000000001")), str(body.get("text", _WORDS))
    text = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<header xmlns="mfp:anaf:dgti:spv:reqMesaj:v1" index_incarcare="{escape(about)}" '
        f'message="{escape(words)}"/>'
    )
    detail = f"Mesaj cu id_incarcare={draft.index} pentru factura cu id_incarcare={about}"
    return replace(draft, body=text.encode()), FROM_BUYER, detail


_KINDS: dict[str, Callable[[Document, str, dict[str, Any]], _Made]] = {
    "received": _received,
    "sent": _sent,
    "errors": _errors,
    "message": _message,
}


def _issued(document: Document) -> str:
    return (
        f"Factura cu id_incarcare={document.index} emisa de cif_emitent={document.seller} "
        f"pentru cif_beneficiar={document.buyer}"
    )


def _listed(
    world: World, document: Document, cif: str, kind: str, detail: str, shown_at: datetime
) -> Message:
    message_id = world.numbers.message()
    message = Message(message_id, document, cif, kind, detail, document.ready_at, shown_at)
    document.download_id = message_id
    world.documents.add(document, [message])
    return message


def _with_invoice(draft: Document) -> Document:
    text = files(__package__).joinpath("received.xml").read_text("utf-8")
    for name in ("number", "issue_date", "seller", "buyer"):
        text = text.replace(f"@{name}@", getattr(draft, name))
    return replace(draft, body=text.encode())
