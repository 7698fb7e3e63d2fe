"""The composition root: all authorities on one origin."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from . import page
from .control.routes import ROUTES as CONTROL
from .efactura.routes import ROUTES as EFACTURA
from .efactura.routes import not_found
from .journal import JournalMiddleware
from .oauth.routes import ROUTES as OAUTH
from .settings import Settings
from .slack.api import ROUTES as SLACK_API
from .slack.hooks import ROUTES as SLACK_HOOKS
from .smtp.page import ROUTES as MAIL
from .taxpayer.routes import ROUTES as TAXPAYER
from .vies.routes import ROUTES as VIES
from .world import World


def build(settings: Settings | None = None) -> Starlette:
    """The sandbox as an ASGI application. Cut connections need `workers_sandbox.server`."""
    app = Starlette(
        routes=[
            *page.ROUTES,
            *CONTROL,
            *OAUTH,
            *TAXPAYER,
            *EFACTURA,
            *VIES,
            *SLACK_HOOKS,
            *SLACK_API,
            *MAIL,
        ],
        middleware=[Middleware(JournalMiddleware)],
        exception_handlers={404: _not_found},
    )
    app.state.world = World(settings or Settings())
    return app


async def _not_found(request: Request, error: Exception) -> Response:
    del error
    return not_found(request)
