"""`upload` and `uploadb2c`: what is looked at before an index is given."""

from dataclasses import replace

from starlette.responses import Response

from workers_sandbox.exchange import Call, bad_request

from . import answers
from .acceptance import Upload, accept
from .reading import ROOTS, Reading, UnreadableError, read

MAX_BYTES = 10 * 1024 * 1024
# The parameter is `autofactura`, ANAF's text says `autofacturare`.
_FLAGS = {"extern": "extern", "autofactura": "autofacturare", "executare": "executare"}


def describe(call: Call) -> Call:
    """Add the document's number and CIFs, as far as they can be read."""
    cif = call.query.get("cif", "")
    try:
        reading = read(call.body)
    except UnreadableError:
        return replace(call, cifs=frozenset({cif}), owner=cif)
    # A marked document is recognised again by its seller, whoever uploads it.
    owner = reading.seller or cif
    return replace(call, cifs=frozenset({cif, owner}), owner=owner, number=reading.number)


def upload(call: Call) -> Response:
    """Accept a document or say why not; both are HTTP 200, except for a missing part."""
    query = call.query
    if "standard" not in query or "cif" not in query:
        return bad_request(call, "Parametrii standard si cif sunt obligatorii")
    if not call.body:
        return bad_request(call, "Trebuie sa aveti atasat in request un fisier de tip xml")
    if (text := _refusal(call)) is not None:
        return answers.refusal(call, text)
    try:
        reading = read(call.body, query["standard"])
    except UnreadableError as error:
        return answers.refusal(call, str(error))
    if not _within_limit(call):
        return answers.quota(call)
    return answers.upload_accepted(call, _accepted(call, reading))


def _refusal(call: Call) -> str | None:
    query = call.query
    cif, standard = query["cif"], query["standard"]
    if standard not in ROOTS:
        return "Valorile acceptate pentru parametrul standard sunt UBL, CN, CII sau RASP"
    if len(call.body) > MAX_BYTES:
        return "Marime fisier transmis mai mare de 10 MB."
    if not (cif.isascii() and cif.isdigit()):
        return f"CIF introdus= {cif} nu este un numar"
    for name, shown in _FLAGS.items():
        if name in query and query[name] != "DA":
            return f"Daca parametrul {shown} trebuie completat, valoarea acceptata este DA"
    if "executare" in query and not call.world.taxpayers.enforces(cif):
        return f"CIF introdus= {cif} nu este inregistrat in Registrul RO e-Factura executari silite"
    return None


def _within_limit(call: Call) -> bool:
    world, cif = call.world, call.query["cif"]
    if call.query["standard"] != "RASP":
        return True
    limit = world.settings.rasp_per_cif
    taken = world.daily.take("rasp", f"{call.environment}:{cif}", limit, world.clock.today())
    if not taken:
        world.journal.violated("daily-limit", f"more than {limit} RASP for {cif} in a day")
    return taken


def _accepted(call: Call, reading: Reading) -> str:
    upload = Upload(
        environment=call.environment,
        standard=call.query["standard"],
        cif=call.query["cif"],
        body=call.body,
        reading=reading,
        self_billed="autofactura" in call.query,
        scenario=call.request.state.arrival.scenario,
    )
    return accept(call.world, upload, call.bend).index
