"""GET to addresses that workers announce: nothing but what they announced, nothing large."""

import asyncio
import re
from ipaddress import ip_address

import httpx

MAX_BYTES = 2 * 1024 * 1024

_PLAIN = re.compile(
    r"https?://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?(/[A-Za-z0-9._~/-]*)?"
)
"""Nothing in it that two readers of addresses could read differently."""
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]*|[0-9]+")


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
    match = _PLAIN.fullmatch(endpoint)
    if match is None or int(match["port"] or 1) not in range(1, 65536):
        raise RefusedError(
            "the announced address must be http:// or https://, a host, a port and a path at most"
        )
    _refuse_special(match["host"].strip("[]"))
    try:
        return httpx.URL(f"{endpoint.rstrip('/')}{path}")
    except httpx.InvalidURL:
        raise RefusedError("the announced address has no valid host") from None


def _refuse_special(host: str) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        # Resolvers read 2852039166 and 0x7f.1 as addresses, too.
        if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise RefusedError("write the announced IP address in its usual form") from None
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
