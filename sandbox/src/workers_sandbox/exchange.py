"""One call to a played authority, and the JSON errors that all of ANAF's services share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .chance import drawn
from .clock import spoken
from .misbehaviours import pages
from .misbehaviours.bend import Bend
from .misbehaviours.selection import Subject

if TYPE_CHECKING:
    from .efactura.documents import Document, Message
    from .world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as the handlers see it."""

    world: "World"
    request: Request
    operation: str
    body: bytes
    environment: str = ""
    cifs: frozenset[str] = frozenset()
    owner: str = ""
    number: str = ""
    page: int | None = None
    document: "Document | None" = None
    message: "Message | None" = None
    bend: Bend = field(default_factory=Bend)

    @property
    def query(self) -> Mapping[str, str]:
        """Query parameters."""
        return self.request.query_params

    @property
    def subject(self) -> Subject:
        """What the selection of misbehaviours may match."""
        return Subject(self.operation, self.cifs, self.owner, self.number, self.page)

    @property
    def bearer(self) -> str:
        """The access token that was sent, or an empty text."""
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


def json_error(call: Call, status: int, error: str, message: str) -> Response:
    """ANAF's JSON error: `{timestamp, status, error, message}`, Romanian wall time."""
    moment = spoken(call.world.clock.now())
    body = {"timestamp": moment, "status": status, "error": error, "message": message}
    return JSONResponse(body, status)


def bad_request(call: Call, message: str) -> Response:
    """HTTP 400 with one of ANAF's texts."""
    return json_error(call, 400, "Bad Request", message)


def unauthorised(call: Call) -> Response:
    """HTTP 401: the token is missing, not ours, or expired."""
    return json_error(call, 401, "Unauthorized", "Token invalid sau expirat")


def firewall_page(call: Call) -> Response:
    """The firewall's page, with a support id that follows from seed and request count."""
    chance = drawn(call.world.settings.seed, "support", len(call.world.journal.arrivals))
    return pages.firewall(str(chance.randrange(10**18, 10**19)))
