"""Methods about messages and channels."""

from dataclasses import replace
from typing import Any

from workers_sandbox.exchange import Call

from . import kit
from .refusal import ApiError
from .workspace import ARCHIVED, CHANNELS, Message, channel_id

_PAGE = 200


def target(name: str) -> str:
    """A channel's id; ApiError when there is none, or nothing may be posted there."""
    found = channel_id(name)
    if found is None:
        raise ApiError("channel_not_found")
    if found == ARCHIVED:
        raise ApiError("is_archived")
    return found


def by_id(name: str) -> str:
    """A channel's id where Slack takes no name."""
    if name not in CHANNELS.values():
        raise ApiError("channel_not_found")
    return name


def post(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """`chat.postMessage`."""
    channel, workspace = target(str(arguments["channel"])), call.world.slack
    thread = arguments.get("thread_ts")
    if thread and workspace.find(thread, channel) is None:
        raise ApiError("thread_not_found")
    message = Message(
        ts=workspace.ts(),
        channel=channel,
        text=_text(arguments),
        transport="web_api",
        blocks=arguments.get("blocks"),
        thread_ts=thread,
        metadata=arguments.get("metadata") or {},
    )
    workspace.messages.append(message)
    return {"channel": channel, "ts": message.ts, "message": {"text": message.text}}


def update(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """`chat.update`; takes an id only."""
    channel, ts = by_id(str(arguments.get("channel"))), str(arguments.get("ts"))
    found = call.world.slack.find(ts, channel)
    if found is None:
        raise ApiError("message_not_found")
    new = replace(found, text=_text(arguments), blocks=arguments.get("blocks"), edited=True)
    call.world.slack.replace(found, new)
    return {"channel": channel, "ts": ts, "text": new.text}


def _text(arguments: dict[str, Any]) -> str:
    text, blocks = str(arguments.get("text") or ""), arguments.get("blocks")
    if not text.strip() and not blocks:
        raise ApiError("no_text")
    if found := kit.faults(blocks or []):
        raise ApiError("invalid_blocks", errors=found, response_metadata={"messages": found})
    if kit.length(blocks) > 13_200:
        raise ApiError("msg_blocks_too_long")
    return text[:40_000]


def channels(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """`conversations.list`."""
    del call, arguments
    rows = [{"id": one, "name": name, "is_archived": False} for name, one in CHANNELS.items()]
    return {"channels": rows, "response_metadata": {"next_cursor": ""}}


def history(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """`conversations.history`: what is in no thread, newest first."""
    channel = by_id(str(arguments.get("channel")))
    found = [one for one in call.world.slack.messages if one.channel == channel]
    return _page([one for one in found if one.thread_ts is None], arguments)


def replies(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """`conversations.replies`: one thread."""
    channel, ts = by_id(str(arguments.get("channel"))), str(arguments.get("ts"))
    found = [one for one in call.world.slack.messages if one.channel == channel]
    return _page([one for one in found if ts in (one.ts, one.thread_ts)], arguments)


def _page(found: list[Message], arguments: dict[str, Any]) -> dict[str, Any]:
    oldest = float(arguments.get("oldest") or 0)
    rows = [one for one in reversed(found) if float(one.ts) > oldest]
    start, size = int(arguments.get("cursor") or 0), int(arguments.get("limit") or _PAGE)
    end = start + min(size, _PAGE)
    more = str(end) if end < len(rows) else ""
    # Slack shows metadata only when asked for them.
    asked = str(arguments.get("include_all_metadata", "")).lower() in ("1", "true")
    shown = [_row(one, with_metadata=asked) for one in rows[start:end]]
    return {"messages": shown, "has_more": bool(more), "response_metadata": {"next_cursor": more}}


def _row(message: Message, *, with_metadata: bool) -> dict[str, Any]:
    row = {"type": "message", "ts": message.ts, "text": message.text}
    return {**row, "metadata": message.metadata} if with_metadata and message.metadata else row
