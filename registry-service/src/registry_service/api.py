"""The way out: REST under ``/v1``."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from workers_contracts.examples import examples
from workers_contracts.heartbeat import WorkerStatus

from .problems import FieldProblem, problem, responses
from .registry import Registry
from .tokens import ADMIN, READ, Keyring, TokenRefused
from .views import HeartbeatReply, WaitingReply, WorkerReply, WorkersReply

TAG_PATTERN = r"^[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)*$"
Tag = Annotated[
    str,
    Path(
        pattern=TAG_PATTERN,
        max_length=100,
        description="The worker's tag.",
        examples=["anaf.efactura"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="Commands listed at most.")]
_AWAY = responses(e503="Redis is away.")
_DENIED = responses(
    e401="The token is missing or not good.", e403="The token's scope is too small."
)
_UNKNOWN = responses(e404="No such worker is known.")
_INVALID = responses(e422="A field is wrong; errors names it.")
_SIZES = responses(e400="The body is not JSON.", e413="The body is too large.")


class Guard:
    """Demands a token with one of the scopes."""

    def __init__(self, keyring: Keyring, *, open_reads: bool) -> None:
        self._keyring = keyring
        self._open_reads = open_reads

    def read(self, request: Request) -> None:
        """Let through who may read; in dev everybody without a token."""
        if not self._open_reads:
            self._check(request, (READ, ADMIN))

    def admin(self, request: Request) -> None:
        """Let through who may change things."""
        self._check(request, (ADMIN,))

    def _check(self, request: Request, allowed: tuple[str, ...]) -> None:
        given = request.headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not token.strip():
            raise TokenRefused("token_missing", "Send the header: Authorization: Bearer <token>.")
        self._keyring.check(token.strip(), allowed)


def unknown(tag: str) -> JSONResponse:
    """Return the answer for a worker that is not known."""
    return problem(404, "worker_unknown", f"No worker {tag} is known; GET /v1/workers lists all.")


def routes(registry: Registry, guard: Guard) -> APIRouter:
    """Return the routes of the API."""
    router = APIRouter(prefix="/v1", tags=["workers"])
    _add_reads(router, registry, [Depends(guard.read)])
    _add_changes(router, registry, [Depends(guard.admin)])
    return router


def _add_reads(router: APIRouter, registry: Registry, guards: list[Any]) -> None:
    @router.get("/workers", dependencies=guards, responses=_DENIED)
    async def list_workers() -> WorkersReply:
        """List all workers with their instances, scores and the reasons for them."""
        return registry.reply()

    @router.get(
        "/workers/{tag}/waiting",
        dependencies=guards,
        responses=_DENIED | _INVALID | _AWAY,
        response_model=WaitingReply,
    )
    async def list_waiting(tag: Tag, limit: Limit = 100) -> WaitingReply | JSONResponse:
        """List the commands that wait in a worker: for what, since when, until when."""
        return await registry.waiting(tag, limit) or problem(
            503, "redis_unavailable", "What waits is kept in Redis, and Redis is away: ask again."
        )

    @router.get(
        "/workers/{tag}",
        dependencies=guards,
        responses=_DENIED | _UNKNOWN | _INVALID,
        response_model=WorkerReply,
    )
    async def get_worker(tag: Tag) -> WorkerReply | JSONResponse:
        """Show one worker."""
        return registry.reply_for(tag) or unknown(tag)


def _add_changes(router: APIRouter, registry: Registry, guards: list[Any]) -> None:
    @router.patch(
        "/workers/{tag}/heartbeat",
        dependencies=guards,
        responses=_DENIED | _INVALID | _SIZES,
        response_model=HeartbeatReply,
        openapi_extra=_beat_example(),
    )
    async def send_heartbeat(tag: Tag, status: WorkerStatus) -> HeartbeatReply | JSONResponse:
        """Take a heartbeat from a worker that cannot reach RabbitMQ."""
        if status.tag != tag:
            wrong = FieldProblem(field="body.tag", problem=f"it must be {tag}, as in the path")
            return problem(422, "invalid_request", "Correct the fields named in errors.", [wrong])
        return HeartbeatReply(outcome=registry.heartbeat(status))

    @router.delete(
        "/workers/{tag}",
        dependencies=guards,
        responses=_DENIED | _UNKNOWN | _INVALID,
        status_code=204,
        response_class=Response,
    )
    async def remove_worker(tag: Tag) -> Response:
        """Forget a worker. One that lives comes back with its next heartbeat."""
        return Response(status_code=204) if registry.remove(tag) else unknown(tag)


def _beat_example() -> dict[str, Any]:
    named = {case: {"value": body} for case, body in examples()[WorkerStatus.key].items()}
    return {"requestBody": {"content": {"application/json": {"examples": named}}}}
