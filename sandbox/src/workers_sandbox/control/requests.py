"""JSON in and out of the control API, with errors that say what to do."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers_sandbox.world import World

Action = Callable[[World, dict[str, Any]], Any]


def action(run: Action) -> Callable[[Request], Awaitable[Response]]:
    """A route that runs on the JSON object of its body; ValueError becomes HTTP 400."""

    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(run(request.app.state.world, _object(await request.body())))
        except (ValueError, TypeError, OverflowError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer


def _object(body: bytes) -> dict[str, Any]:
    content = json.loads(body or b"{}")
    if not isinstance(content, dict):
        raise TypeError("the body must be a JSON object")
    return content


def report(make: Callable[[World, Request], Any]) -> Callable[[Request], Awaitable[Response]]:
    """A route that shows something."""

    async def answer(request: Request) -> Response:
        return JSONResponse(make(request.app.state.world, request))

    return answer
