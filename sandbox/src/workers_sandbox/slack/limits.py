"""How Slack says that it was too fast."""

import math
import time

from starlette.responses import JSONResponse, PlainTextResponse, Response

from workers_sandbox.exchange import Call

from .workspace import Trouble


def refused(call: Call, channel: str, *, operation: str, webhook: bool) -> Response | None:
    """429 with Retry-After when the channel is full or closed, or the answer that was ordered."""
    workspace, settings = call.world.slack, call.world.settings
    bucket = workspace.bucket(channel)
    workspace.early += bucket.is_early
    trouble = workspace.next_trouble(operation)
    if trouble is not None:
        if trouble.retry_after is not None:
            workspace.limited += trouble.status == 429
            bucket.close(trouble.retry_after)
        return ordered(trouble, webhook=webhook)
    if time.monotonic() >= bucket.closed_until and bucket.take(
        settings.slack_rate, settings.slack_burst
    ):
        return None
    workspace.limited += 1
    wait = max(1, math.ceil(bucket.closed_until - time.monotonic()))
    bucket.close(wait)
    word = "rate_limited" if webhook else "ratelimited"
    return ordered(Trouble("", 429, word, wait, 0), webhook=webhook)


def ordered(trouble: Trouble, *, webhook: bool) -> Response:
    """An answer that is no success."""
    headers = {}
    if trouble.retry_after is not None:
        headers["Retry-After"] = f"{trouble.retry_after:g}"
    if webhook:
        return PlainTextResponse(trouble.error, trouble.status, headers)
    return JSONResponse({"ok": False, "error": trouble.error}, trouble.status, headers)
