"""The way out: gets pages of the sites that the operator allowed, and nothing else.

Chromium itself reaches no network: what it asks for is fetched here, after the same check.
"""

from types import TracebackType
from urllib.parse import unquote

import httpx

from workers_runtime.logs import get_logger

from .chromium.job import Asset
from .errors import (
    AddressForbiddenError,
    DocumentTooHeavyError,
    PageRefusedError,
    PageUnavailableError,
)

_log = get_logger(__name__)
_SECONDS = 15.0
_MOST_BYTES = 32 * 2**20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT = ("content-security-policy", "content-language")


class WebClient:
    """Fetches from allowed origins.

    Args:
        origins: as the setting has them: ``https://host``, ``http://host:port``.
        largest: bytes of one answer.
    """

    def __init__(self, origins: tuple[str, ...], *, largest: int = _MOST_BYTES) -> None:
        self._origins = frozenset(_origin(httpx.URL(one)) for one in origins)
        self._largest = largest
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> "WebClient":
        """Open the connections."""
        if self._origins:
            self._http = httpx.AsyncClient(
                timeout=_SECONDS, trust_env=False, follow_redirects=False
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them."""
        if self._http is not None:
            await self._http.aclose()

    def allowed(self, url: str) -> str:
        """Return the address as it will be asked. Raises AddressForbiddenError."""
        try:
            parts = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            raise AddressForbiddenError("this is no address", field="url") from None
        # A name or password in it would make another host look like the allowed one.
        if parts.userinfo or _origin(parts) not in self._origins:
            raise AddressForbiddenError(
                "pages of this site may not be rendered here; the operator allows sites with "
                "PDF_RENDER_ALLOWED_ORIGINS",
                field="url",
            )
        return str(parts.copy_with(fragment=None))

    async def fetch(self, url: str) -> Asset | None:
        """Get what a page asked for; None when it is not allowed.

        Raises:
            PageUnavailableError: no answer.
            DocumentTooHeavyError: too large an answer.
        """
        try:
            address = self.allowed(url)
        except AddressForbiddenError:
            return None
        if self._http is None:
            return None
        try:
            async with self._http.stream("GET", address) as answer:
                content = await self._content(answer)
        except httpx.HTTPError as error:
            host = httpx.URL(address).host
            raise PageUnavailableError(
                f"{host} does not answer ({type(error).__name__})"
            ) from error
        _log.debug("page part fetched", status=answer.status_code, size=len(content))
        headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
        if answer.status_code in _REDIRECTS and "location" in answer.headers:
            headers["location"] = answer.headers["location"]
        media_type = answer.headers.get("content-type", "application/octet-stream")
        return Asset(media_type, content, answer.status_code, headers)

    async def page(self, url: str) -> Asset | None:
        """Get the page itself, or what it leads to; as `fetch`, and a refusal is an error.

        Raises:
            AddressForbiddenError: it leads to a site that is not allowed.
            PageRefusedError: 4xx.
            PageUnavailableError: 5xx or no answer.
        """
        found = await self.fetch(self.allowed(url))
        if found is not None and found.status >= 500:
            raise PageUnavailableError(f"the site answered with {found.status}")
        if found is not None and found.status >= 400:
            raise PageRefusedError(f"the site answered with {found.status}", field="url")
        return found

    async def _content(self, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > self._largest:
                raise DocumentTooHeavyError(
                    f"the site's answer is over {self._largest // 2**20} MiB", field="url"
                )
            parts.append(part)
        return b"".join(parts)


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    port = url.port or {"https": 443, "http": 80}.get(url.scheme, 0)
    return url.scheme, unquote(url.host).lower(), port
