"""`stareMesaj` and `descarcare`: what became of a document."""

import re
from dataclasses import replace

from starlette.responses import Response

from workers_sandbox.exchange import Call, bad_request

from . import answers
from .archive import archive
from .documents import LIFE, Document, Message


def describe_state(call: Call) -> Call:
    """Add the document that is asked about."""
    index = call.query.get("id_incarcare", "")
    document = call.world.documents.by_index(call.environment, index)
    return _about(call, document)


def describe_download(call: Call) -> Call:
    """Add the message and its document."""
    message = call.world.documents.message(
        call.environment, call.query.get("id", ""), call.world.clock.now()
    )
    if message is None:
        return call
    about = _about(call, message.document)
    return replace(about, message=message, cifs=about.cifs | {message.cif})


def _about(call: Call, document: Document | None) -> Call:
    if document is None:
        return call
    # The same identity as at upload, so that a marker counts once for a document.
    owner = document.seller or document.cif
    cifs = frozenset({owner, document.cif})
    return replace(call, document=document, cifs=cifs, owner=owner, number=document.number)


def state(call: Call) -> Response:
    """`stareMesaj`: the document's state, or an error of the query alone."""
    index = call.query.get("id_incarcare")
    if index is None:
        return bad_request(call, "Parametrul id_incarcare este obligatoriu")
    if not re.fullmatch(r"\d+", index, flags=re.ASCII):
        return answers.refusal(call, f"Id_incarcare introdus= {index} nu este un numar intreg")
    if call.document is None:
        return answers.refusal(call, f"Nu exista factura cu id_incarcare= {index}")
    if not _within_limit(call, "states", index, call.world.settings.states_per_message):
        return answers.quota(call)
    value = call.document.state(call.world.clock.now())
    final = value == call.document.verdict.state
    return answers.state(value, call.document.download_id if final else "")


def download(call: Call) -> Response:
    """`descarcare`: the ZIP, or a note in JSON that says why not."""
    message_id = call.query.get("id")
    if message_id is None:
        return bad_request(call, "Parametrul id este obligatoriu")
    if not re.fullmatch(r"\d+", message_id, flags=re.ASCII):
        return answers.refusal(
            call, f"Id descarcare introdus= {message_id} nu este un numar intreg"
        )
    if call.message is None:
        return answers.refusal(
            call, f"Pentru id={message_id} nu exista inregistrata nici o factura"
        )
    if not _within_limit(call, "downloads", message_id, call.world.settings.downloads_per_message):
        return answers.quota(call)
    if _past_life(call, call.message):
        text = (
            "Fisierul nu mai poate fi descarcat pentru ca a trecut perioada de 60 de zile "
            "in care este disponibil"
        )
        return answers.refusal(call, text)
    return _zip(call, call.message)


def _zip(call: Call, message: Message) -> Response:
    content = archive(call.world.keys, message.document, sealed=call.bend.sealed)
    name = f"attachment; filename={message.id}.zip"
    headers = {"Content-Disposition": name}
    return Response(content, media_type="application/zip", headers=headers)


def _past_life(call: Call, message: Message) -> bool:
    aged = call.world.clock.now() - message.document.ready_at > LIFE
    return aged or message.document.past_life or call.bend.past_life


def _within_limit(call: Call, kind: str, key: str, limit: int) -> bool:
    world = call.world
    taken = world.daily.take(kind, f"{call.environment}:{key}", limit, world.clock.today())
    if not taken:
        world.journal.violated("daily-limit", f"more than {limit} {kind} of {key} in a day")
    return taken
