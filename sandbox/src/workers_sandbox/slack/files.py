"""Files: a place to upload to, the upload itself, and showing it in a channel."""

from typing import Any

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from workers_sandbox.exchange import Call
from workers_sandbox.misbehaviours.catalogue.scenario import SLACK_API
from workers_sandbox.routing import endpoint

from .messages import by_id
from .refusal import ApiError
from .workspace import File, Message


def place(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """`files.getUploadURLExternal`; an empty file is refused."""
    length, name = int(arguments.get("length") or 0), str(arguments.get("filename") or "")
    if length < 1 or not name:
        raise ApiError("invalid_arguments")
    files = call.world.slack.files
    made = File(f"F0SANDBOX{len(files) + 1}", name, length)
    files[made.id] = made
    url = call.request.url
    return {"upload_url": f"{url.scheme}://{url.netloc}/upload/v1/{made.id}", "file_id": made.id}


def upload(call: Call) -> Response:
    """The bytes."""
    file = call.world.slack.files.get(call.request.path_params["file"])
    if file is None or len(call.body) != file.length:
        return PlainTextResponse("wrong length", 400)
    file.content = call.body
    return PlainTextResponse(f"OK - {file.length}")


def complete(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """`files.completeUploadExternal`: the files are seen from now on, as one message."""
    workspace, channel = call.world.slack, by_id(str(arguments.get("channel_id")))
    asked = [workspace.files.get(str(one.get("id"))) for one in arguments.get("files") or []]
    found = [one for one in asked if one is not None and one.content is not None]
    if not found or len(found) != len(asked):
        raise ApiError("file_not_found")
    for one in found:
        one.shared_in.append(channel)
    workspace.messages.append(
        Message(
            ts=workspace.ts(),
            channel=channel,
            text=str(arguments.get("initial_comment") or ""),
            transport="web_api",
            thread_ts=arguments.get("thread_ts"),
            files=tuple(one.id for one in found),
        )
    )
    return {"files": [{"id": one.id, "title": one.name} for one in found]}


def info(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """`files.info`."""
    file = call.world.slack.files.get(str(arguments.get("file")))
    if file is None:
        raise ApiError("file_not_found")
    shares: dict[str, Any] = (
        {"public": {one: [{}] for one in file.shared_in}} if file.shared_in else {}
    )
    return {"file": {"id": file.id, "name": file.name, "shares": shares}}


ROUTES = [
    Route("/upload/v1/{file}", endpoint(SLACK_API, upload, bearer=False), methods=["POST"]),
]
