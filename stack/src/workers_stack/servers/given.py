"""Servers that somebody else runs, named by RMQ_URL and REDIS_URL."""

import os
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from .handshake import broker_problem, redis_problem, without_secret
from .process import ServerError


class GivenBroker:
    """A broker at a URL; virtual hosts are made through its management API."""

    running = True

    def __init__(self, url: str, management_url: str | None = None) -> None:
        self.url = url
        parts = urlsplit(url)
        self._login = (parts.username or "guest", parts.password or "guest")
        self._management = (
            management_url
            or os.environ.get("RMQ_MANAGEMENT_URL")
            or f"http://{parts.hostname}:15672"
        ).rstrip("/")

    async def problem(self) -> str | None:
        """None when the URL works, else one sentence that says what does not."""
        reason = await broker_problem(self.url)
        return reason and f"RMQ_URL={without_secret(self.url)} does not work: {reason}"

    async def add_vhost(self, name: str) -> str:
        """Make a virtual host for the URL's own user and return its URL."""
        user = quote(self._login[0], safe="")
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        await self._call("PUT", f"/api/vhosts/{name}", None)
        await self._call("PUT", f"/api/permissions/{name}/{user}", rights)
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def delete_vhost(self, name: str) -> None:
        """Remove a virtual host with all its queues."""
        await self._call("DELETE", f"/api/vhosts/{name}", None)

    async def _call(self, method: str, path: str, body: dict[str, str] | None) -> None:
        try:
            async with httpx.AsyncClient(auth=self._login, timeout=10.0) as client:
                answer = await client.request(method, self._management + path, json=body)
                answer.raise_for_status()
        except httpx.HTTPError as error:
            raise ServerError(
                f"virtual hosts on the given broker need its management API, and {method} on "
                f"{self._management} failed: {error}. Set RMQ_MANAGEMENT_URL, or unset RMQ_URL "
                "to use a private broker"
            ) from error


class GivenRedis:
    """A Redis at a URL."""

    running = True

    def __init__(self, url: str) -> None:
        self.url = url

    async def problem(self) -> str | None:
        """None when the URL works, else one sentence that says what does not."""
        reason = await redis_problem(self.url)
        return reason and f"REDIS_URL={without_secret(self.url)} does not work: {reason}"

    def database(self, number: int) -> str:
        """URL of a numbered database; a server of unknown set-up has the usual sixteen."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{number % 15 + 1}"))
