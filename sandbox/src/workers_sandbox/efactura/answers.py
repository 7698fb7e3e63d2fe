"""ANAF's answers, with its namespaces, attribute names, texts and spelling mistakes."""

import json
from html import escape
from typing import Any

from starlette.responses import Response

from workers_sandbox.clock import compact
from workers_sandbox.exchange import Call
from workers_sandbox.misbehaviours.catalogue.scenario import (
    DOWNLOAD,
    LIST,
    PAGES,
    STATE,
    UPLOAD,
    VALIDATE,
)

_UPLOAD_NS = "mfp:anaf:dgti:spv:respUploadFisier:v1"
_STATE_NS = "mfp:anaf:dgti:efactura:stareMesajFactura:v1"
_ERRORS_NS = "mfp:anaf:dgti:efactura:mesajEroriFactuta:v1"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def _attribute(value: str) -> str:
    return escape(value).replace("\n", "&#xA;").replace("\t", "&#x9;")


def _header(namespace: str, attributes: dict[str, str], inside: str = "") -> bytes:
    text = "".join(f' {name}="{_attribute(value)}"' for name, value in attributes.items())
    end = f">\n{inside}</header>" if inside else "/>"
    return f'{_DECLARATION}<header xmlns="{namespace}"{text}{end}'.encode()


def _xml(body: bytes) -> Response:
    return Response(body, media_type="application/xml")


def as_json(content: Any) -> Response:
    """HTTP 200 with JSON as ANAF writes it: letters as they are."""
    return Response(json.dumps(content, ensure_ascii=False), media_type="application/json")


def upload_accepted(call: Call, index: str) -> Response:
    """ExecutionStatus 0 with the upload index."""
    when = compact(call.world.clock.now())
    attributes = {"dateResponse": when, "ExecutionStatus": "0", "index_incarcare": index}
    return _xml(_header(_UPLOAD_NS, attributes))


def state(value: str, download_id: str = "") -> Response:
    """The state of a document, with the id to download where there is one."""
    attributes = {"stare": value} | ({"id_descarcare": download_id} if download_id else {})
    return _xml(_header(_STATE_NS, attributes))


def error_file(index: str, seller: str, errors: tuple[str, ...]) -> bytes:
    """The error file of a refused document: child `Error`, capitals in its attributes."""
    rows = "".join(f'  <Error errorMessage="{_attribute(text)}"/>\n' for text in errors)
    return _header(_ERRORS_NS, {"Index_incarcare": index, "Cif_emitent": seller}, rows)


def refusal(call: Call, text: str) -> Response:
    """A refusal with HTTP 200, in the shape of the operation that was called."""
    inside = f'    <Errors errorMessage="{_attribute(text)}"/>\n'
    if call.operation == UPLOAD:
        attributes = {"dateResponse": compact(call.world.clock.now()), "ExecutionStatus": "1"}
        return _xml(_header(_UPLOAD_NS, attributes, inside))
    if call.operation == STATE:
        return _xml(_header(_STATE_NS, {}, inside))
    if call.operation == VALIDATE:
        return validation(call, (text,))
    title = {DOWNLOAD: "Descarcare mesaj", LIST: "Lista Mesaje", PAGES: "Lista Mesaje"}
    return as_json({"eroare": text, "titlu": title.get(call.operation, "")})


def validation(call: Call, errors: tuple[str, ...]) -> Response:
    """The answer of `validare`, and of `transformare` for a document it refuses."""
    messages = {"Messages": [{"message": text} for text in errors]} if errors else {}
    trace = {"trace_id": call.world.numbers.trace()}
    return as_json({"stare": "nok" if errors else "ok"} | messages | trace)


def quota(call: Call) -> Response:
    """The daily limit of the operation that was called, as a text."""
    return refusal(call, quota_text(call))


def quota_text(call: Call) -> str:
    """`S-au facut deja N ...`; each operation has its own words."""
    settings = call.world.settings
    if call.operation == UPLOAD:
        cif = call.query.get("cif", "")
        limit = settings.rasp_per_cif
        return f"S-au incarcat deja {limit} de mesaje de tip RASP pentru cui={cif} in cursul zilei"
    if call.operation == STATE:
        return f"S-au facut deja {settings.states_per_message} descarcari de mesaj in cursul zilei"
    if call.operation == DOWNLOAD:
        message = call.query.get("id", "")
        limit = settings.downloads_per_message
        return (
            f"S-au facut deja {limit} descarcari la mesajul cu id_descarcare={message} "
            "in cursul zilei"
        )
    limit = settings.lists_per_cif if call.operation == LIST else settings.pages_per_cif
    return f"S-au facut deja {limit} interogari de lista mesaje de catre utilizator in cursul zilei"
