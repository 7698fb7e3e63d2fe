"""The way out: Slack's Web API and its incoming webhooks, through slack-sdk.

The SDK's own retries are off: it would post a message twice when an answer is lost.
"""

import hashlib
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from workers_runtime.logs import get_logger

from .answers import raise_for
from .config import Settings
from .errors import (
    MessageRefusedError,
    SlackAnswerLostError,
    SlackConfigurationError,
    SlackRefusedError,
    SlackUnavailableError,
)
from .outcomes import Meaning, of_web_api, of_webhook

_log = get_logger(__name__)
NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_LOST = (aiohttp.ClientError, TimeoutError, OSError)
_REFUSED = (SlackRefusedError, SlackConfigurationError)
_PAGES = 20
EVENT_TYPE = "workers_job"


class CannotLookError(Exception):
    """The token may not ask what was posted."""


@dataclass(frozen=True)
class Posted:
    """What Slack says of a message that it took in; a webhook says nothing."""

    ts: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Upload:
    """A file on its way."""

    name: str
    title: str
    content: bytes


class SlackClient:
    """Both ways to Slack, over one pool of connections; `open` it inside the event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._web: AsyncWebClient | None = None
        self._ids: dict[str, str] = {}
        # At DEBUG the SDK logs a webhook's whole address, which is a password.
        self._logger = logging.getLogger("notify_slack.sdk")
        self._logger.setLevel(logging.CRITICAL)

    async def open(self) -> None:
        """Make the connections' pool."""
        seconds = self._settings.answer_seconds
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=seconds / 2)
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False)
        if self._settings.bot_token is not None:
            token = self._settings.bot_token.get_secret_value()
            self._web = AsyncWebClient(
                token,
                base_url=self._settings.api_url,
                session=self._session,
                retry_handlers=[],
                logger=self._logger,
            )
            self._web.proxy = None  # the SDK takes one from the environment

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def account(self, webhook: str) -> str:
        """Return what tells a token or webhook apart, without its secret."""
        token = self._settings.bot_token
        secret = webhook or (token.get_secret_value() if token else "")
        return hashlib.sha256(secret.encode()).hexdigest()[:16]

    async def hook(self, webhook: str, body: dict[str, Any]) -> Posted:
        """Post to a webhook.

        Raises:
            WorkerError: by what the answer means; see `outcomes`.
        """
        sender = AsyncWebhookClient(
            webhook, session=self._session, retry_handlers=[], logger=self._logger
        )
        sender.proxy = None
        try:
            answer = await sender.send_dict(body)
        except _LOST as error:
            raise _lost(error) from None  # some of these hold the address
        _log.info("answer received", system="Slack webhook", status=answer.status_code)
        meaning = of_webhook(answer.status_code, answer.body)
        if meaning is not Meaning.DONE:
            raise_for(meaning, answer.status_code, answer.body.strip(), answer.headers)
        return Posted()

    async def post(self, channel: str, body: dict[str, Any], job: str, part: int) -> Posted:
        """Post a message; its metadata name the job, so that it can be found again."""
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"id": job, "part": part}}
        call = self._api.chat_postMessage(channel=channel, metadata=metadata, **body)
        answer = await self._call(call)
        return Posted(answer.get("ts"), answer.get("channel"))

    async def update(self, channel: str, ts: str, body: dict[str, Any]) -> Posted:
        """Replace a message; twice is the same as once."""
        target = await self._named(channel)
        answer = await self._call(self._api.chat_update(channel=target, ts=ts, **body))
        return Posted(answer.get("ts"), answer.get("channel"))

    async def find(
        self, channel: str, thread: str | None, since: float, job: str, part: int
    ) -> Posted | None:
        """Look for a part of a job among what was posted since a moment (s since 1970).

        Raises:
            CannotLookError: the token may not read that channel.
        """
        try:
            target = await self._id(channel)
            cursor = ""
            for _ in range(_PAGES):
                page = await self._call(self._history(target, thread, since, cursor))
                for one in page.get("messages", []):
                    payload = one.get("metadata", {}).get("event_payload", {})
                    if (payload.get("id"), payload.get("part")) == (job, part):
                        return Posted(one.get("ts"), target)
                cursor = page.get("response_metadata", {}).get("next_cursor") or ""
                if not cursor:
                    return None
        except _REFUSED as error:
            raise CannotLookError(error.word) from None
        raise CannotLookError("too many messages")

    def _history(
        self, channel: str, thread: str | None, since: float, cursor: str
    ) -> Coroutine[Any, Any, Any]:
        window: dict[str, Any] = {
            "oldest": f"{since:.6f}",
            "limit": 200,
            "include_all_metadata": True,
        }
        if cursor:
            window["cursor"] = cursor
        if thread:
            return self._api.conversations_replies(channel=channel, ts=thread, **window)
        return self._api.conversations_history(channel=channel, **window)

    async def upload(self, files: Sequence[Upload]) -> list[dict[str, str | None]]:
        """Bring files to Slack, where nobody sees them yet; returns what `share` takes."""
        made: list[dict[str, str | None]] = []
        for one in files:
            place = await self._call(
                self._api.files_getUploadURLExternal(filename=one.name, length=len(one.content))
            )
            url = str(place.get("upload_url", ""))
            if not self._settings.may_reach(url):
                raise SlackUnavailableError(f"Slack names {urlsplit(url).netloc!r} for an upload")
            await self._send(url, one.content)
            made.append({"id": str(place["file_id"]), "title": one.title or one.name})
        return made

    async def share(
        self, channel: str, thread: str | None, files: list[dict[str, str | None]]
    ) -> None:
        """Show uploaded files in a channel or thread."""
        target = await self._named(channel)
        await self._call(
            self._api.files_completeUploadExternal(files=files, channel_id=target, thread_ts=thread)
        )

    async def is_shared(self, file: str) -> bool:
        """Say whether an uploaded file is shown somewhere; CannotLookError when that is hidden."""
        try:
            answer = await self._call(self._api.files_info(file=file))
        except _REFUSED as error:
            raise CannotLookError(error.word) from None
        shown: dict[str, Any] = answer.get("file", {})
        return any(shown.get(name) for name in ("shares", "channels", "groups", "ims"))

    async def problem(self) -> str | None:
        """Say what is wrong with the way to Slack: the token, or a host that does not answer."""
        if self._web is not None:
            try:
                await self._call(self._api.auth_test())
            except _REFUSED as error:
                return f"Slack refuses the token: {error.word}"
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the cause
                return str(error) or type(error).__name__
        hooks = self._settings.hooks().values()
        url = self._settings.webhook_url
        for one in {urlsplit(u)[:2] for u in (*hooks, *([url.get_secret_value()] if url else []))}:
            if (problem := await self._unreachable(*one)) is not None:
                return problem
        return None

    async def _unreachable(self, scheme: str, host: str) -> str | None:
        try:
            async with self._open_session.get(f"{scheme}://{host}/", allow_redirects=False):
                return None  # any answer: the address itself would post
        except _LOST as error:
            return f"{host} does not answer ({type(error).__name__})"

    @property
    def _api(self) -> AsyncWebClient:
        if self._web is None:
            raise RuntimeError("there is no bot token: channels.route sends nothing this way")
        return self._web

    @property
    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is not open")
        return self._session

    async def _send(self, url: str, content: bytes) -> None:
        try:
            async with self._open_session.post(url, data=content, allow_redirects=False) as answer:
                status = answer.status
        except _LOST as error:
            # A file that is not shared is seen by nobody: repeating the upload is safe.
            raise SlackUnavailableError(f"the upload broke off ({type(error).__name__})") from None
        if status != 200:
            raise SlackUnavailableError(f"the upload was answered with HTTP {status}")

    async def _named(self, channel: str) -> str:
        """Return a channel's id where Slack takes no name."""
        try:
            return await self._id(channel)
        except _REFUSED as error:
            raise MessageRefusedError(
                f"Slack takes an id here, and the token cannot look up names ({error.word}): give "
                "the channel's id",
                field="channel",
            ) from None

    async def _id(self, channel: str) -> str:
        if channel[:1] in "CGD" and channel.isupper():
            return channel
        cursor = ""
        while channel not in self._ids:
            page = await self._call(
                self._api.conversations_list(
                    types="public_channel,private_channel", limit=500, cursor=cursor
                )
            )
            self._ids |= {one["name"]: one["id"] for one in page.get("channels", [])}
            cursor = page.get("response_metadata", {}).get("next_cursor") or ""
            if not cursor:
                break
        if channel not in self._ids:
            raise SlackRefusedError("Slack knows no such channel", word="channel_not_found")
        return self._ids[channel]

    async def _call(self, call: Coroutine[Any, Any, Any]) -> dict[str, Any]:
        method = getattr(call, "__name__", "")
        try:
            answer = await call
        except SlackApiError as error:
            data = error.response.data if isinstance(error.response.data, dict) else {}
            status, word = error.response.status_code, data.get("error")
            _log.info("answer received", system="Slack", method=method, status=status, error=word)
            meaning = of_web_api(status, word)
            raise_for(meaning, status, str(word or ""), error.response.headers, data)
        except _LOST as error:
            raise _lost(error) from None
        _log.info("answer received", system="Slack", method=method, status=200)
        return answer.data if isinstance(answer.data, dict) else {}


def _lost(error: Exception) -> SlackUnavailableError | SlackAnswerLostError:
    kind = type(error).__name__
    if isinstance(error, NEVER_SENT):
        return SlackUnavailableError(f"Slack is not reachable ({kind})")
    return SlackAnswerLostError(f"Slack's answer was lost ({kind})")
