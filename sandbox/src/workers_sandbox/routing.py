"""How a call is answered: limits and token, then a misbehaviour if one is due, then the handler."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from .exchange import Call, json_error, unauthorised
from .misbehaviours.bend import Bend
from .misbehaviours.effects import play

BY_CERTIFICATE = "workers.sandbox.certificate"
"""Extension of a connection whose TLS has said who is calling: no token is asked for."""

BODY_KEPT = 11 * 1024 * 1024
"""Bytes of a request body that are kept: enough to see that a 10 MB limit is passed."""

Describe = Callable[[Call], Call]
Handler = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(
    operation: str, handler: Handler, *, describe: Describe | None = None, bearer: bool = True
) -> Endpoint:
    """A route's function for one operation; `describe` adds what the call is about."""

    async def answer(request: Request) -> Response:
        call = await _received(request, operation)
        if bearer and (refusal := _refused(call)) is not None:
            return refusal
        return _answered(describe(call) if describe else call, handler)

    return answer


async def _received(request: Request, operation: str) -> Call:
    request.state.arrival.operation = operation
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk[: BODY_KEPT - len(kept)]
    return Call(
        world=request.app.state.world,
        request=request,
        operation=operation,
        body=bytes(kept),
        environment=request.url.path.split("/")[1],
    )


def _refused(call: Call) -> Response | None:
    world = call.world
    limit = world.settings.calls_per_minute
    if not world.minute.take(limit):
        world.journal.violated("calls-per-minute", f"more than {limit} calls in 60 s")
        return json_error(call, 429, "Too Many Requests", "")
    by_certificate = BY_CERTIFICATE in call.request.scope.get("extensions", {})
    if not by_certificate and not world.oauth.accepts(call.bearer):
        return unauthorised(call)
    return None


def _answered(call: Call, handler: Handler) -> Response:
    fault = call.world.faults.pick(call.subject, call.world.settings.chaos)
    if fault is None:
        return handler(call)
    call.request.state.arrival.scenario = fault.scenario.id

    def proceed(bend: Bend | None = None) -> Response:
        return handler(call if bend is None else replace(call, bend=bend))

    return play(fault, call, proceed)
