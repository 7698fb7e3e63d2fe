"""GET to addresses that workers announce: nothing but what they announced, nothing large."""

import asyncio
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

MAX_BYTES = 2 * 1024 * 1024


class FetchError(Exception):
    """The address was not fetched; the text says why."""


class RefusedError(FetchError):
    """The announced address is not one that we call."""


class UnreachableError(FetchError):
    """Nobody listens there."""


def target(endpoint: str, path: str) -> httpx.URL:
    """Return the address of ``path`` at the host and port that an instance announced.

    Raises:
        RefusedError: the announced address is not a plain http(s) address of a host.
    """
    try:
        parts = urlsplit(endpoint)
        url = httpx.URL(f"{endpoint.rstrip('/')}{path}")
        same = (url.scheme, url.host, url.port) == (
            parts.scheme,
            parts.hostname,
            _port(parts.port, url),
        )
    except (ValueError, httpx.InvalidURL):
        raise RefusedError("the announced address is malformed") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RefusedError("the announced address is not http:// or https:// with a host")
    if "@" in parts.netloc or parts.query or parts.fragment or not same:
        raise RefusedError(
            "the announced address must be scheme, host and port, with a path at most"
        )
    _refuse_special(parts.hostname)
    return url


def _port(port: int | None, url: httpx.URL) -> int | None:
    # httpx leaves the scheme's own port out.
    return None if port == {"http": 80, "https": 443}.get(url.scheme) else port


def _refuse_special(host: str) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        return
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified:
        raise RefusedError(f"{host} is no address of a worker; set its HTTP_PUBLIC_URL")


class Fetcher:
    """One HTTP client for all workers: no redirects, no proxies, bounded size and time."""

    def __init__(self, limit_seconds: float = 5.0) -> None:
        self._limit = limit_seconds
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=limit_seconds,
            headers={"accept-encoding": "identity", "user-agent": "workers-registry"},
            limits=httpx.Limits(max_connections=50, max_keepalive_connections=0),
        )

    async def get(
        self,
        endpoint: str,
        path: str,
        limit_seconds: float | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> bytes:
        """Return the body of an answer 200; all of it arrives within the limit.

        Raises:
            FetchError: refused, unreachable, late, too large, or not 200.
        """
        url = target(endpoint, path)
        try:
            async with asyncio.timeout(limit_seconds or self._limit):
                return await self._read(url, max_bytes)
        except TimeoutError:
            raise FetchError(f"no answer within {limit_seconds or self._limit:g} s") from None
        except httpx.TimeoutException:
            raise FetchError(f"no answer within {limit_seconds or self._limit:g} s") from None
        except httpx.ConnectError as error:
            raise UnreachableError("connection refused or host unknown") from error
        except httpx.HTTPError as error:
            raise FetchError(f"HTTP failed: {type(error).__name__}") from error

    async def _read(self, url: httpx.URL, max_bytes: int) -> bytes:
        async with self._client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                raise FetchError(f"answered {response.status_code}")
            if "content-encoding" in response.headers:
                raise FetchError("answered compressed, which was not asked for")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > max_bytes:
                    raise FetchError(f"answered more than {max_bytes} bytes")
            return bytes(body)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
