"""One job at Slack: its parts in order, each at most once as far as Slack lets us find out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import redis.asyncio as redis

from workers_contracts.notify import NotifySlack, SlackNotified
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import OutcomeUnknownError, WorkerError
from workers_runtime.identity import Task, derived_id

from .channels import Channels, Route
from .client import CannotLookError, Posted, SlackClient
from .errors import SlackConfigurationError, SlackRateLimitedError, SlackUncertainError
from .files import read
from .message import Message, compose
from .pace import Pace
from .progress import Mark, Progress

_CLOCKS_APART = 120.0
"""Seconds by which our clock may be ahead of Slack's when a message is looked for."""

MAX_UNKNOWN = 2
"""Sends of one part whose answers were lost, where nobody can find out: then a person decides."""

Send = Callable[[Mark], Awaitable[Mark]]
Prepare = Callable[[], Awaitable[list[str]]]
"""Brings files to Slack, where nobody sees them; returns their ids."""

Find = Callable[[Mark], Awaitable[Mark | None]]
"""Returns the mark of what was found, None when it is certainly not there."""


@dataclass(frozen=True)
class Limits:
    """How fast, and how long a job is remembered."""

    per_second: float
    burst: int
    remember_seconds: int


class Poster:
    """Posts commands."""

    def __init__(
        self,
        client: SlackClient,
        channels: Channels,
        state: "redis.Redis",
        artifacts: Artifacts,
        limits: Limits,
    ) -> None:
        self._client = client
        self._channels = channels
        self._redis = state
        self._artifacts = artifacts
        self._limits = limits

    async def post(self, command: NotifySlack, task: Task) -> SlackNotified:
        """Post what is not posted yet.

        Raises:
            PermanentError: it can never be posted as it is.
            TransientError: it waits: for its turn, for Slack, or for an operator.
            OutcomeUnknownError: an answer was lost; the next try looks first.
        """
        message = compose(command)
        through_token = command.files or command.update or command.broadcast or message.attached
        route = self._channels.route(command.channel, needs_token=bool(through_token))
        job = derived_id("slack", task.tenant, task.message_id)
        limits = self._limits
        pace = Pace(
            self._redis,
            self._client.account(route.webhook),
            per_second=limits.per_second,
            burst=limits.burst,
        )
        progress = Progress(self._redis, job, seconds=limits.remember_seconds)
        since = task.first_seen_ms / 1000 - _CLOCKS_APART
        files = await read(self._artifacts, command.files, message.attached)
        # An earlier try may have posted, and Redis lost what it noted.
        forgotten = await progress.open(in_doubt=task.in_doubt)
        work = _Job(self._client, route, pace, progress, command, since, forgotten=forgotten)
        return await work.run(message, files)


class _Job:
    """One command on its way."""

    def __init__(
        self,
        client: SlackClient,
        route: Route,
        pace: Pace,
        progress: Progress,
        command: NotifySlack,
        since: float,
        *,
        forgotten: bool = False,
    ) -> None:
        self._client = client
        self._route = route
        self._pace = pace
        self._progress = progress
        self._command = command
        self._since = since
        self._unknown = Mark() if forgotten else None
        """What is known of a step of which nothing is noted."""

    async def run(self, message: Message, files: list[Any]) -> SlackNotified:
        marks = []
        for part, text in enumerate(message.parts):
            blocks = message.blocks if part == 0 else None
            marks.append(await self._part(part, _body(text, blocks)))
        channel = marks[0].channel or self._route.channel
        shared = await self._share(files, channel or "") if files else None
        return SlackNotified(
            channel=channel,
            transport=self._route.transport,
            ts=marks[0].ts,
            parts=[mark.ts for mark in marks],
            files=shared.files if shared else [],
            updated=self._command.update is not None,
            maybe_duplicate=any(m.doubtful for m in (*marks, *([shared] if shared else []))),
            notified_at=datetime.now(UTC),
        )

    async def _part(self, part: int, body: dict[str, Any]) -> Mark:
        async def send(_mark: Mark) -> Mark:
            posted = await self._send(part, body)
            return Mark(ts=posted.ts, channel=posted.channel)

        async def find(_mark: Mark) -> Mark | None:
            if self._command.update:
                return None  # replacing twice is the same as once
            if self._route.transport == "webhook":
                raise CannotLookError
            found = await self._client.find(
                self._route.channel or "",
                self._command.thread,
                self._since,
                self._progress.job,
                part,
            )
            return Mark(ts=found.ts, channel=found.channel) if found else None

        return await self._once(f"part:{part}", send, find)

    async def _send(self, part: int, body: dict[str, Any]) -> Posted:
        channel, command = self._route.channel or "", self._command
        if command.update:
            return await self._client.update(channel, command.update, body)
        if command.thread:
            body = {**body, "thread_ts": command.thread}
        if self._route.transport == "webhook":
            return await self._client.hook(self._route.webhook, body)
        if command.broadcast and part == 0:
            body = {**body, "reply_broadcast": True}
        return await self._client.post(channel, body, self._progress.job, part)

    async def _share(self, files: list[Any], channel: str) -> Mark:
        uploaded: list[dict[str, str | None]] = []

        async def prepare() -> list[str]:
            # Uploading shows nothing to anybody; only the sharing happens once.
            uploaded.extend(await self._client.upload(files))
            return [str(one["id"]) for one in uploaded]

        async def send(mark: Mark) -> Mark:
            await self._client.share(channel, self._command.thread, uploaded)
            return mark

        async def find(mark: Mark) -> Mark | None:
            if not mark.files:
                raise CannotLookError
            seen = [await self._client.is_shared(one) for one in mark.files]
            return mark if all(seen) else None

        return await self._once("files", send, find, prepare)

    async def _once(
        self, step: str, send: Send, find: Find, prepare: Prepare | None = None
    ) -> Mark:
        before = await self._progress.read(step) or self._unknown
        if before and before.sent:
            return before
        mark = Mark()
        if before:
            found, mark = await self._look(step, before, mark, find)
            if found:
                return await self._progress.done(step, found)
        await self._pace.take(self._route.channel or "", f"{self._progress.job}:{step}")
        try:
            if prepare:
                mark = replace(mark, files=await prepare())
            await self._progress.begin(step, mark)
            sent = await send(mark)
        except OutcomeUnknownError:
            raise
        except WorkerError as error:
            await self._progress.back(step, before)
            await self._leave_alone(error)
            raise
        return await self._progress.done(step, replace(sent, doubtful=mark.doubtful))

    async def _look(
        self, step: str, before: Mark, mark: Mark, find: Find
    ) -> tuple[Mark | None, Mark]:
        """Find out about a step in doubt; return what was found, or the mark of one more try."""
        try:
            found = await find(before)
        except CannotLookError:
            if before.tries >= MAX_UNKNOWN:
                raise SlackUncertainError(
                    f"Slack's answer to {step} was lost {before.tries} times and there is no way "
                    "to look: see in the channel what is there; a replay sends nothing again"
                ) from None
            return None, replace(mark, tries=before.tries + 1, doubtful=True)
        return found and replace(found, doubtful=before.doubtful), replace(
            mark, doubtful=before.doubtful
        )

    async def _leave_alone(self, error: WorkerError) -> None:
        if isinstance(error, SlackRateLimitedError):
            await self._pace.hold(self._route.channel or "", error.retry_after or 1.0)
        elif isinstance(error, SlackConfigurationError) and error.word != "missing_scope":
            # A token that may not share files posts texts all the same.
            await self._pace.hold_account()


def _body(text: str, blocks: list[dict[str, Any]] | None) -> dict[str, Any]:
    body: dict[str, Any] = {"text": text, "unfurl_links": False, "unfurl_media": False}
    return {**body, "blocks": blocks} if blocks else body
