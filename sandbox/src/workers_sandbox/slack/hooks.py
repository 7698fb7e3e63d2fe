"""Incoming webhooks: `POST /services/<team>/<hook>/<secret>`, answered in plain text.

The hook's name is its channel: `BOPS` posts to #ops. The secret `sandbox` is the right one; the
name of an answer in its place gives that answer, for example `no_service`.
"""

import json
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from workers_sandbox.exchange import Call
from workers_sandbox.misbehaviours.catalogue.scenario import SLACK_HOOK
from workers_sandbox.routing import endpoint

from . import kit, limits
from .workspace import CHANNELS, Message

SECRET = "sandbox"  # noqa: S105 - a documented constant, opens nothing real
ANSWERS = {
    "invalid_payload": 400,
    "no_text": 400,
    "invalid_blocks": 400,
    "invalid_blocks_format": 400,
    "too_many_attachments": 400,
    "user_not_found": 400,
    "action_prohibited": 403,
    "invalid_token": 403,
    "posting_to_general_channel_denied": 403,
    "team_disabled": 403,
    "no_service": 404,
    "no_team": 404,
    "channel_not_found": 404,
    "channel_is_archived": 410,
    "rate_limited": 429,
    "rollup_error": 500,
}
"""Every documented answer but `ok`, with its status."""


def receive(call: Call) -> Response:
    """Take a message in, or say why not."""
    path = call.request.path_params
    word = path["secret"]
    if word in ANSWERS:
        headers = {"Retry-After": "1"} if word == "rate_limited" else None
        return PlainTextResponse(word, ANSWERS[word], headers)
    channel = CHANNELS.get(path["hook"].removeprefix("B").lower())
    if word != SECRET or channel is None:
        return PlainTextResponse("no_service", 404)
    if (no := limits.refused(call, channel, operation="webhook", webhook=True)) is not None:
        return no
    payload = _payload(call)
    if payload is None:
        return PlainTextResponse("invalid_payload", 400)
    if kit.faults(payload.get("blocks") or []):
        return PlainTextResponse("invalid_blocks", 400)
    if not str(payload.get("text") or "").strip() and not payload.get("blocks"):
        return PlainTextResponse("no_text", 400)
    workspace = call.world.slack
    # `channel`, `username` and `icon_…` are silently ignored, as the webhooks of apps do.
    workspace.messages.append(
        Message(
            ts=workspace.ts(),
            channel=channel,
            text=str(payload.get("text") or ""),
            transport="webhook",
            blocks=payload.get("blocks"),
            thread_ts=payload.get("thread_ts"),
        )
    )
    return PlainTextResponse("ok")


def _payload(call: Call) -> dict[str, Any] | None:
    body = call.body.decode("utf-8", "replace")
    if "form" in call.request.headers.get("content-type", ""):
        body = parse_qs(body).get("payload", [""])[0]
    try:
        payload = json.loads(body)
    except ValueError:
        return None
    return payload if isinstance(payload, dict) else None


ROUTES = [
    Route(
        "/services/{team}/{hook}/{secret}",
        endpoint(SLACK_HOOK, receive, bearer=False),
        methods=["POST"],
    )
]
