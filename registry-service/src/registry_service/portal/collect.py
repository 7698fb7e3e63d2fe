"""Fetches the AsyncAPI document of each living worker, again whenever its process changes."""

import asyncio
import json
from datetime import datetime
from typing import Any

from registry_service.fetch import Fetcher, FetchError
from registry_service.fleet import Instance
from registry_service.registry import Registry
from workers_runtime.logs import get_logger

log = get_logger(__name__)

INTERVAL_SECONDS = 3.0
RETRY_ROUNDS = 10
"""Rounds to wait after a failed fetch of the same process."""

Document = dict[str, Any]


class Collector:
    """Keeps the last good document of each worker."""

    def __init__(self, registry: Registry, fetcher: Fetcher) -> None:
        self._registry = registry
        self._fetcher = fetcher
        self._seen: dict[str, tuple[str, datetime]] = {}
        self._wait: dict[str, int] = {}
        self.documents: dict[str, Document] = {}

    async def run(self) -> None:
        """Collect for ever."""
        while True:
            await self.collect()
            await asyncio.sleep(INTERVAL_SECONDS)

    async def collect(self) -> None:
        """Fetch what is new since the last round."""
        changed = []
        for tag in self._registry.fleet.tags():
            living = [i for i in self._registry.fleet.of(tag) if not i.missing]
            newest = max(living, key=lambda i: i.status.started_at, default=None)
            if newest is not None and self._is_due(tag, newest):
                changed.append(self._fetch(tag, newest))
        await asyncio.gather(*changed)

    def _is_due(self, tag: str, newest: Instance) -> bool:
        if self._seen.get(tag) == _signature(newest):
            return False
        self._wait[tag] = self._wait.get(tag, 0) - 1
        return self._wait[tag] < 0

    async def _fetch(self, tag: str, instance: Instance) -> None:
        try:
            body = await self._fetcher.get(instance.status.health_endpoint, "/asyncapi")
            self.documents[tag] = _document(body)
            self._seen[tag] = _signature(instance)
            self._wait.pop(tag, None)
        except FetchError as error:
            self._wait[tag] = RETRY_ROUNDS
            log.warning("asyncapi not fetched", tag=tag, reason=str(error))


def _signature(instance: Instance) -> tuple[str, datetime]:
    return instance.status.version, instance.status.started_at


def _document(body: bytes) -> Document:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise FetchError("the document is not JSON") from None
    if not isinstance(document, dict) or not str(document.get("asyncapi", "")).startswith("3."):
        raise FetchError("the document is not AsyncAPI 3")
    if _depth_exceeds(document, 40):
        raise FetchError("the document is nested too deeply")
    return document


def _depth_exceeds(value: Any, limit: int) -> bool:
    layer = [value]
    for _ in range(limit):
        layer = [
            inner
            for part in layer
            if isinstance(part, dict | list)
            for inner in (part.values() if isinstance(part, dict) else part)
        ]
        if not layer:
            return False
    return True
