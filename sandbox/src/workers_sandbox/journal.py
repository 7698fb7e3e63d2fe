"""What arrived and what broke a rule of ANAF's. Tokens and bodies are never kept."""

import time
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .clock import Clock

_SECRET = frozenset({"code", "state", "token", "access_token", "refresh_token", "client_secret"})
_HIDDEN_BELOW = "/services/"
_OWN_PATHS = ("/_control", "/health")


@dataclass(slots=True)
class Arrival:
    """One request; `status` is None when the connection was cut or is still held."""

    number: int
    at: str
    method: str
    path: str
    query: dict[str, str]
    operation: str = ""
    status: int | None = None
    milliseconds: float | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of ANAF's that the client broke."""

    at: str
    kind: str
    detail: str


class Journal:
    """Requests and violations, in order of arrival."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.arrivals: list[Arrival] = []
        self.violations: list[Violation] = []

    def arrived(self, method: str, path: str, query: bytes) -> Arrival:
        """Note a request before it is answered."""
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        shown = {name: "***" if name in _SECRET else value for name, value in pairs}
        moment = self._clock.now().isoformat()
        if path.startswith(_HIDDEN_BELOW):
            path = f"{_HIDDEN_BELOW}***"
        entry = Arrival(len(self.arrivals) + 1, moment, method, path, shown)
        self.arrivals.append(entry)
        return entry

    def violated(self, kind: str, detail: str) -> None:
        """Note a broken rule."""
        self.violations.append(Violation(self._clock.now().isoformat(), kind, detail))

    def requests(self, operation: str | None) -> list[dict[str, Any]]:
        """The requests of one operation, or all."""
        return [asdict(one) for one in self.arrivals if operation in (None, one.operation)]


class JournalMiddleware:
    """Notes every request of the played authorities with its status and duration."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the request, unless it is for the sandbox itself."""
        if scope["type"] != "http" or scope["path"] == "/" or scope["path"].startswith(_OWN_PATHS):
            await self._app(scope, receive, send)
            return
        # The journal is looked up at each request: a reset replaces it.
        journal: Journal = scope["app"].state.world.journal
        entry = journal.arrived(scope["method"], scope["path"], scope["query_string"])
        scope.setdefault("state", {})["arrival"] = entry
        await self._app(scope, receive, _noting(send, entry))


def _noting(send: Send, entry: Arrival) -> Send:
    """Passes an answer on and notes its status and how long it took."""
    started = time.monotonic()

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
        elif not message.get("more_body"):
            entry.milliseconds = round((time.monotonic() - started) * 1000, 1)
        await send(message)

    return noting
