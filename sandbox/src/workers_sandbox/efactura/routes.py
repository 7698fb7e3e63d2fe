"""Paths of e-Factura. The public services exist on prod only; on test they are not found."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workers_sandbox.misbehaviours.catalogue.scenario import (
    DOWNLOAD,
    LIST,
    PAGES,
    SIGNATURE,
    STATE,
    TRANSFORM,
    UPLOAD,
    VALIDATE,
)
from workers_sandbox.routing import endpoint

from . import follow, lists, public, upload

_PUBLIC = "/prod/FCTEL/rest"
_AUTHORISED_NAMES = (UPLOAD, "uploadb2c", STATE, LIST, PAGES, DOWNLOAD)


def not_found(request: Request) -> Response:
    """The 404 of the gateway, or its 403 for a known operation below a wrong path."""
    moment = request.app.state.world.clock.now().isoformat(timespec="milliseconds")
    known = request.url.path.rpartition("/")[2] in _AUTHORISED_NAMES
    status, error = (403, "Forbidden") if known else (404, "Not Found")
    path = request.url.path.removeprefix("/prod").removeprefix("/test")
    return JSONResponse(
        {"timestamp": moment, "status": status, "error": error, "path": path}, status
    )


_take = endpoint(UPLOAD, upload.upload, describe=upload.describe)
_validate = endpoint(VALIDATE, public.validate, describe=public.describe, bearer=False)
_transform = endpoint(TRANSFORM, public.transform, describe=public.describe, bearer=False)

_AUTHORISED = (
    ("upload", _take, "POST"),
    ("uploadb2c", _take, "POST"),
    ("stareMesaj", endpoint(STATE, follow.state, describe=follow.describe_state), "GET"),
    ("listaMesajeFactura", endpoint(LIST, lists.by_days, describe=lists.describe), "GET"),
    (
        "listaMesajePaginatieFactura",
        endpoint(PAGES, lists.by_pages, describe=lists.describe),
        "GET",
    ),
    ("descarcare", endpoint(DOWNLOAD, follow.download, describe=follow.describe_download), "GET"),
)

ROUTES = [
    Route(f"/{environment}/FCTEL/rest/{name}", answer, methods=[method])
    for environment in ("prod", "test")
    for name, answer, method in _AUTHORISED
] + [
    Route(f"{_PUBLIC}/validare/{{standard}}", _validate, methods=["POST"]),
    Route(f"{_PUBLIC}/transformare/{{standard}}", _transform, methods=["POST"]),
    Route(f"{_PUBLIC}/transformare/{{standard}}/{{unchecked}}", _transform, methods=["POST"]),
    Route(
        "/api/validate/signature", endpoint(SIGNATURE, public.seal, bearer=False), methods=["POST"]
    ),
]
