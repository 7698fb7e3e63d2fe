"""Paths of the control API."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import actions, reports
from .inbound import inbound, planted
from .requests import action, report


async def remove_scenario(request: Request) -> Response:
    """Take one rule away."""
    rule_id = request.path_params["rule_id"]
    if request.app.state.world.faults.remove(rule_id):
        return Response(status_code=204)
    return JSONResponse({"error": f"there is no scenario with id {rule_id}"}, 404)


async def clear_scenarios(request: Request) -> Response:
    """Take all rules away."""
    request.app.state.world.faults.clear()
    return Response(status_code=204)


async def seal(request: Request) -> Response:
    """The certificate of the seal, for a product's trust list."""
    return Response(request.app.state.world.keys.seal_pem, media_type="application/x-pem-file")


async def mail_certificate(request: Request) -> Response:
    """The certificate of the mail server, for a product to trust."""
    return Response(request.app.state.world.keys.mail_pem, media_type="application/x-pem-file")


async def health(request: Request) -> Response:
    """Whether the sandbox answers."""
    del request
    return JSONResponse({"status": "ok"})


_POSTS = {
    "scenarios": actions.add_scenario,
    "clock": actions.clock,
    "reset": actions.reset,
    "oauth/reset": actions.reset_oauth,
    "settings": actions.settings,
    "taxpayers": actions.taxpayers,
    "inbound": inbound,
    "vies": actions.vies,
    "slack": actions.slack,
    "smtp": actions.smtp,
}
_GETS = {
    "scenarios": reports.scenarios,
    "uploads": reports.uploads,
    "requests": reports.requests,
    "violations": reports.violations,
    "state": reports.state,
    "clock": reports.clock,
    "inbound": planted,
    "slack": reports.slack,
    "smtp": reports.smtp,
}

ROUTES = [
    *(Route(f"/_control/{name}", action(run), methods=["POST"]) for name, run in _POSTS.items()),
    *(Route(f"/_control/{name}", report(make)) for name, make in _GETS.items()),
    Route("/_control/scenarios", clear_scenarios, methods=["DELETE"]),
    Route("/_control/scenarios/{rule_id:int}", remove_scenario, methods=["DELETE"]),
    Route("/_control/seal.pem", seal),
    Route("/_control/smtp.pem", mail_certificate),
    Route("/health", health),
]
