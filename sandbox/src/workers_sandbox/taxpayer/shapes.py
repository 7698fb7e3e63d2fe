"""The shapes in which a look-up's answer comes, and those that are no answer at all."""

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import HTMLResponse, Response

_PAGE = "<html><head><title>404 Not Found</title></head><body>Not Found</body></html>"


def shaped(shape: str, body: dict[str, Any], status: int) -> Response:
    """The answer of a look-up in one of `SHAPES`."""
    if shape == "html-404":
        return HTMLResponse(_PAGE, 404)
    if shape == "not-json":
        return _json("{'found': [", 200)
    made = SHAPES[shape](body)
    return _json(json.dumps(made, ensure_ascii=False), 200 if shape == "cod-500" else status)


def _json(text: str, status: int) -> Response:
    return Response(text, status, media_type="application/json")


def _envelope(body: dict[str, Any]) -> dict[str, Any]:
    return {"cod": 200, "message": "SUCCESS", **body}


def _error(_: dict[str, Any]) -> dict[str, Any]:
    return {"cod": 500, "message": "Eroare interna", "found": [], "notFound": []}


def _empty(_: dict[str, Any]) -> dict[str, Any]:
    return {}


def _strings(body: dict[str, Any]) -> dict[str, Any]:
    """Numbers and truth values as texts."""
    turned = json.loads(json.dumps(body), parse_int=str)
    return dict(_texts(turned))


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else value


def _one_missing(body: dict[str, Any]) -> dict[str, Any]:
    """The last code is left out: neither found nor not found."""
    cut = "notFound" if body["notFound"] else "found"
    return {**body, cut: body[cut][:-1]}


SHAPES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "plain": dict,
    "envelope": _envelope,
    "strings": _strings,
    "one-missing": _one_missing,
    "cod-500": _error,
    "empty-object": _empty,
    "html-404": dict,
    "not-json": dict,
}
"""By the name that the option `--lookup-shape` takes."""
