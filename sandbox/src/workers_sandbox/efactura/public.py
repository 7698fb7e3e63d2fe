"""The public services: `validare`, `transformare` and the check of a seal. No token is needed."""

import re
from dataclasses import replace

from starlette.responses import JSONResponse, Response

from workers_sandbox.exchange import Call, firewall_page

from . import answers, pdf
from .checks import check
from .multipart import parts
from .reading import ROOTS, UnreadableError, read
from .seal import is_genuine

MAX_BYTES = 5 * 1024 * 1024
_STANDARDS = {"FACT1": "UBL", "FCN": "CN"}
_NOT_GENUINE = "Fișierele încărcate NU au putut fi validate cu succes, din perspectiva semnăturii."
_GENUINE = "Fișierele încărcate au fost validate cu succes, din perspectiva semnăturii."


def describe(call: Call) -> Call:
    """Add the document's number and seller, as far as they can be read."""
    try:
        reading = read(call.body)
    except UnreadableError:
        return call
    return replace(
        call, cifs=frozenset({reading.seller}), owner=reading.seller, number=reading.number
    )


def validate(call: Call) -> Response:
    """`validare/{FACT1|FCN}`: the sandbox's checks, told as ANAF tells its own."""
    if _firewall_dislikes(call, strict=False):
        return firewall_page(call)
    return answers.validation(call, _errors(call))


def transform(call: Call) -> Response:
    """`transformare/{FACT1|FCN}[/DA]`: a PDF; `DA` leaves the checks out."""
    unchecked = call.request.path_params.get("unchecked") == "DA"
    if _firewall_dislikes(call, strict=unchecked):
        return firewall_page(call)
    errors = _frame_errors(call) if unchecked else _errors(call)
    if errors:
        return answers.validation(call, errors)
    return Response(pdf.render(read(call.body)), media_type="application/pdf")


def _firewall_dislikes(call: Call, *, strict: bool) -> bool:
    """Two legitimate texts that the public host's firewall is known to block."""
    relative = re.search(rb"schemaLocation\s*=\s*[\"'][^\"']*\.\./", call.body)
    return bool(relative) or (strict and b";CP " in call.body)


def _frame_errors(call: Call) -> tuple[str, ...]:
    standard = _STANDARDS.get(call.request.path_params["standard"])
    if standard is None:
        return ("Valorile acceptate pentru parametrul standard sunt FACT1 si FCN",)
    if len(call.body) > MAX_BYTES:
        return ("Marime fisier transmis mai mare de 5 MB.",)
    try:
        root = read(call.body).root
    except UnreadableError as error:
        return (str(error),)
    return () if root.tag == ROOTS[standard] else (f"Fisierul transmis nu este de tip {standard}.",)


def _errors(call: Call) -> tuple[str, ...]:
    return _frame_errors(call) or check(read(call.body))


def seal(call: Call) -> Response:
    """`/api/validate/signature`: whether `signature` is the sandbox's seal over `file`."""
    sent = parts(call.request.headers.get("content-type", ""), call.body)
    missing = [name for name in ("file", "signature") if name not in sent]
    if missing:
        cause = f"Eroare tehnică: request incorect. Cauza: lipsește {missing[0]}"
        return JSONResponse({"msg": cause}, 400)
    genuine = is_genuine(call.world.keys, sent["file"], sent["signature"])
    return answers.as_json({"msg": _GENUINE if genuine else _NOT_GENUINE})
