"""The Web API: `POST /api/<method>`, always HTTP 200 but for 429 and faults.

A body is JSON or a form whose lists and objects are JSON texts.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workers_sandbox.exchange import Call
from workers_sandbox.misbehaviours.catalogue.scenario import SLACK_API
from workers_sandbox.routing import endpoint

from . import files, limits, messages
from .refusal import ApiError
from .workspace import BOT_TOKEN, NARROW_TOKEN

Arguments = dict[str, Any]
_READING = frozenset(
    {"conversations.list", "conversations.history", "conversations.replies", "files.info"}
)
_ALL_SCOPES = "chat:write,chat:write.public,files:write"


def _who(call: Call, arguments: Arguments) -> dict[str, Any]:
    del call, arguments
    return {"team": "Sandbox", "team_id": "T0SANDBOX1", "user": "bot"}


METHODS: dict[str, Callable[[Call, Arguments], dict[str, Any]]] = {
    "auth.test": _who,
    "chat.postMessage": messages.post,
    "chat.update": messages.update,
    "conversations.list": messages.channels,
    "conversations.history": messages.history,
    "conversations.replies": messages.replies,
    "files.getUploadURLExternal": files.place,
    "files.completeUploadExternal": files.complete,
    "files.info": files.info,
}


def answer(call: Call) -> Response:
    """Run one method."""
    made = _answered(call, call.request.path_params["method"])
    made.headers["X-Slack-Req-Id"] = f"sandbox{len(call.world.journal.arrivals)}"
    made.headers["X-OAuth-Scopes"] = _ALL_SCOPES
    return made


def _answered(call: Call, method: str) -> Response:
    run = METHODS.get(method, _unknown)
    try:
        arguments = _arguments(call)
        _allowed(call, method, arguments)
        no = _limited(call, method, arguments)
        return no or JSONResponse({"ok": True, **run(call, arguments)})
    except ApiError as error:
        return JSONResponse({"ok": False, "error": error.word, **error.more})


def _unknown(call: Call, arguments: Arguments) -> dict[str, Any]:
    del arguments
    raise ApiError("unknown_method", req_method=call.request.path_params["method"])


def _limited(call: Call, method: str, arguments: Arguments) -> Response | None:
    """Only what posts has a limit here; any method answers what was ordered."""
    if method in ("chat.postMessage", "files.completeUploadExternal"):
        channel = messages.target(str(arguments.get("channel") or arguments.get("channel_id")))
        return limits.refused(call, channel, operation=method, webhook=False)
    trouble = call.world.slack.next_trouble(method)
    return limits.ordered(trouble, webhook=False) if trouble else None


def _allowed(call: Call, method: str, arguments: Arguments) -> None:
    token = call.bearer or str(arguments.get("token", ""))
    if not token:
        raise ApiError("not_authed")
    if token not in (BOT_TOKEN, NARROW_TOKEN):
        raise ApiError("invalid_auth")
    if token == NARROW_TOKEN and method in _READING:
        raise ApiError("missing_scope", needed="channels:history", provided=_ALL_SCOPES)


def _arguments(call: Call) -> Arguments:
    text = call.body.decode("utf-8", "replace")
    given: Arguments = dict(call.query)
    if "json" in call.request.headers.get("content-type", ""):
        try:
            given |= json.loads(text or "{}")
        except (ValueError, TypeError):
            raise ApiError("invalid_json") from None
        return given
    given |= dict(parse_qsl(text, keep_blank_values=True))
    for name in ("blocks", "metadata", "files"):
        if isinstance(given.get(name), str):
            try:
                given[name] = json.loads(given[name])
            except ValueError:
                raise ApiError(f"invalid_{name}_format") from None
    return given


ROUTES = [
    Route("/api/{method}", endpoint(SLACK_API, answer, bearer=False), methods=["POST", "GET"]),
    *files.ROUTES,
]
