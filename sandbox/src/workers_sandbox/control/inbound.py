"""Puts received invoices into a CIF's list, as if its suppliers had just sent them."""

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any

from workers_sandbox.cui import is_valid
from workers_sandbox.efactura.documents import OK, RECEIVED, Document, Message
from workers_sandbox.misbehaviours.bend import Verdict
from workers_sandbox.misbehaviours.catalogue import CATALOGUE
from workers_sandbox.world import World

_SUPPLIER = "12345674"
_OTHER_SUPPLIER = "87654329"


def inbound(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """`{cif, count, environment, age_seconds, spread_seconds, scenario}`; ValueError when wrong.

    The newest entry is `age_seconds` old; the others lie evenly over `spread_seconds` before it.
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
    made = [_one(world, body, cif, position / count) for position in range(count)]
    return {"ids": [message.id for message in made]}


def _one(world: World, body: dict[str, Any], cif: str, position: float) -> Message:
    age = float(body.get("age_seconds", 0)) + float(body.get("spread_seconds", 0)) * position
    listed_at = world.clock.now() - timedelta(seconds=age)
    index = world.numbers.index()
    marker = f"-SBX-{body['scenario']}" if body.get("scenario") else ""
    supplier = _SUPPLIER if cif != _SUPPLIER else _OTHER_SUPPLIER
    document = Document(
        index=index,
        environment=body.get("environment", "prod"),
        standard="UBL",
        cif=supplier,
        seller=supplier,
        buyer=cif,
        number=f"IN-{index}{marker}",
        issue_date=f"{listed_at:%Y-%m-%d}",
        body=b"",
        uploaded_at=listed_at,
        ready_at=listed_at,
        verdict=Verdict(OK),
        inbound=True,
    )
    return _listed(world, document)


def _listed(world: World, draft: Document) -> Message:
    document = _with_body(draft)
    detail = (
        f"Factura cu id_incarcare={document.index} emisa de cif_emitent={document.seller} "
        f"pentru cif_beneficiar={document.buyer}"
    )
    message_id = world.numbers.message()
    message = Message(message_id, document, document.buyer, RECEIVED, detail, document.ready_at)
    document.download_id = message_id
    world.documents.add(document, [message])
    return message


def _with_body(draft: Document) -> Document:
    text = files(__package__).joinpath("received.xml").read_text("utf-8")
    for name in ("number", "issue_date", "seller", "buyer"):
        text = text.replace(f"@{name}@", getattr(draft, name))
    return replace(draft, body=text.encode())
