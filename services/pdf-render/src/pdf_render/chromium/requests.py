"""Answers every request of one document from its bundle; nothing else is ever asked."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

from pdf_render.errors import DocumentInvalidError
from workers_runtime.errors import WorkerError

from .connection import PageSession
from .job import Asset, Job

MOST_REQUESTS = 2000
MOST_MISSING = 50
_LONGEST_ADDRESS = 200
_MOST_PAGES = 10
"""Redirections of a page on an allowed site."""
_INNER = ("data:", "blob:", "about:")


def policy(*, scripts: bool) -> str:
    """Return the Content-Security-Policy of a document of ours."""
    own = "data: blob: https://doc.invalid"
    parts = [
        "default-src 'none'",
        f"img-src {own}",
        f"font-src {own}",
        "style-src 'unsafe-inline' data: https://doc.invalid",
        "base-uri 'none'",
        "webrtc 'block'",
    ]
    if scripts:
        parts.append("script-src 'unsafe-inline' 'unsafe-eval' https://doc.invalid")
    return "; ".join(parts)


class Requests:
    """What a document asks for, and what it is told."""

    def __init__(self, session: PageSession, job: Job, *, main_frame: str) -> None:
        self._session = session
        self._job = job
        self._documents = 0
        self._count = 0
        self._missing: dict[str, None] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._main_frame = main_frame
        self.changed = asyncio.Event()
        self.trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails when a request shows that the document cannot be printed."""
        self.trouble.add_done_callback(lambda done: done.cancelled() or done.exception())
        session.on("Fetch.requestPaused", self._paused)
        session.on("Audits.issueAdded", self._issue)

    @property
    def missing(self) -> tuple[str, ...]:
        """What it did not get."""
        return tuple(self._missing)

    @property
    def waiting(self) -> bool:
        """Whether an answer is still due."""
        return bool(self._running)

    def _paused(self, event: Mapping[str, Any]) -> None:
        self._count += 1
        self.changed.set()
        url: str = event["request"]["url"]
        # Not by its address: Chromium writes addresses in its own way, and sites lead to others.
        main = event.get("resourceType") == "Document" and event["frameId"] == self._main_frame
        if main:
            self._documents += 1
            if self._leads_away(url):
                self._stop(DocumentInvalidError("the document leads to another page; print that"))
                return
        if self._count > MOST_REQUESTS:
            self._stop(DocumentInvalidError(f"the document makes over {MOST_REQUESTS} requests"))
            return
        held = self._job.files.get(url.partition("#")[0])
        if held is not None or self._job.fetch is None:
            self._tell(event["requestId"], url, held)
            return
        task = asyncio.create_task(self._fetched(event["requestId"], url, main=main))
        self._running.add(task)
        task.add_done_callback(self._done)

    def _leads_away(self, url: str) -> bool:
        if self._job.fetch is not None:
            return self._documents > _MOST_PAGES
        return self._documents > 1 or url.partition("#")[0] != self._job.url

    def _stop(self, error: WorkerError) -> None:
        if not self.trouble.done():
            self.trouble.set_exception(error)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.changed.set()
        if not task.cancelled():
            task.exception()

    async def _fetched(self, request: str, url: str, *, main: bool) -> None:
        asset = None
        try:
            asset = await self._job.fetch(url, main) if self._job.fetch else None
        except WorkerError as error:
            if main:
                self._stop(error)
        self._tell(request, url, asset)

    def _tell(self, request: str, url: str, asset: Asset | None) -> None:
        if asset is None:
            self._note(url)
            refusal = {"requestId": request, "errorReason": "BlockedByClient"}
            self._session.send("Fetch.failRequest", refusal)
            return
        if asset.status >= 400:
            self._note(url)
        headers = {"Content-Type": asset.media_type, **asset.headers}
        answer = {
            "requestId": request,
            "responseCode": asset.status,
            "responseHeaders": [{"name": k, "value": v} for k, v in headers.items()],
            "body": base64.b64encode(asset.content).decode(),
        }
        self._session.send("Fetch.fulfillRequest", answer)

    def _issue(self, event: Mapping[str, Any]) -> None:
        """Note what the policy refused before it became a request."""
        details = event.get("issue", {}).get("details", {})
        url = details.get("contentSecurityPolicyIssueDetails", {}).get("blockedURL")
        if url:
            self._note(url)

    def _note(self, url: str) -> None:
        if not url.startswith(_INNER) and len(self._missing) < MOST_MISSING:
            self._missing[url[:_LONGEST_ADDRESS]] = None

    def close(self) -> None:
        """Stop everything that is under way."""
        for task in list(self._running):
            task.cancel()
        if not self.trouble.done():
            self.trouble.cancel()
