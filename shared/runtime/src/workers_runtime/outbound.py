"""The HTTP client to authorities: limits, a circuit breaker, nothing secret logged."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from functools import cache

import httpx
from opentelemetry import metrics, trace

from .errors import OutcomeUnknownError, TransientError
from .logs import get_logger

_log = get_logger(__name__)
_tracer = trace.get_tracer("workers_runtime")
_duration = metrics.get_meter("workers_runtime").create_histogram(
    "http.client.request.duration",
    unit="s",
    description="Time of a request to an outside system.",
    explicit_bucket_boundaries_advisory=[0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
)

NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
"""Failures before the first byte of the request left: repeating it is safe."""


@cache
def _known_authorities() -> ssl.SSLContext:
    """Return one context for all clients of a worker: each would take a megabyte for the list."""
    return httpx.create_ssl_context(trust_env=False)


class CircuitOpenError(TransientError):
    """The other side failed several times in a row; it is left alone for a while."""

    code = "circuit_open"


class UnreachableError(TransientError):
    """The request certainly never reached the other side, or was a read that may be repeated."""

    code = "unreachable"


class AnswerLostError(OutcomeUnknownError):
    """The request was sent and its answer was lost: it may have had its effect."""

    code = "answer_lost"


@dataclass
class CircuitBreaker:
    """Opens after ``threshold`` failures in a row; lets one try through after ``rest_seconds``."""

    threshold: int = 5
    rest_seconds: float = 30.0
    failures: int = 0
    opened_at: float = 0.0
    trying: bool = False

    @property
    def is_open(self) -> bool:
        """Say whether calls are refused now."""
        return self.failures >= self.threshold

    def check(self, name: str) -> None:
        """Raise CircuitOpenError when no call would be let through now."""
        if not self.is_open:
            return
        rest = self.opened_at + self.rest_seconds - time.monotonic()
        if rest > 0 or self.trying:
            raise CircuitOpenError(
                f"{name} failed {self.failures} times in a row; next try in {max(rest, 1):.0f} s",
                rest=max(rest, 1.0),
            )

    def before(self, name: str) -> None:
        """Let the call through or raise CircuitOpenError."""
        self.check(name)
        self.trying = self.is_open

    def after(self, *, ok: bool) -> None:
        """Note how the call ended."""
        self.trying = False
        self.failures = 0 if ok else self.failures + 1
        if self.is_open:
            self.opened_at = time.monotonic()


class Outbound:
    """An httpx client for one outside system, with its own circuit breaker.

    Args:
        name: the system's name in logs and errors.
        base_url: its origin; the sandbox's in development.
        read_seconds: how long an answer may take.
        tls: with what connections are made, when not as usual: a certificate of ours.
        keep_alive: False opens a connection per request, for hosts that reset reused ones.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        read_seconds: float = 60.0,
        keep_alive: bool = True,
        max_answer_bytes: int = 32 * 1024 * 1024,
        breaker: CircuitBreaker | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self.base_url = base_url
        self.breaker = breaker or CircuitBreaker()
        self._max_answer_bytes = max_answer_bytes
        self._read_seconds = read_seconds
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=5 if keep_alive else 0)
        self._client = httpx.AsyncClient(
            base_url=base_url,
            timeout=httpx.Timeout(connect=10.0, read=read_seconds, write=30.0, pool=30.0),
            limits=limits,
            follow_redirects=False,
            http2=False,
            trust_env=False,
            verify=tls or _known_authorities(),
            headers={"user-agent": "workers-core"},
        )

    def check(self) -> None:
        """Raise CircuitOpenError while the system is left alone.

        For what is written down before a request: it need not be when none will be sent.
        """
        self.breaker.check(self.name)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def request(
        self, method: str, path: str, *, repeatable: bool, **options: object
    ) -> httpx.Response:
        """Send one request and return the whole answer, whatever its status.

        Args:
            method: GET or POST.
            path: below the base address.
            repeatable: True when sending it again does no harm (every read).
            options: what httpx takes: params, content, json, headers, auth.

        Raises:
            TransientError: it may be sent again.
            OutcomeUnknownError: it was sent, is not repeatable, and the answer was lost.
        """
        self.breaker.before(self.name)
        started = time.perf_counter()
        labels: dict[str, str | int] = {"server.address": self.name, "http.request.method": method}
        try:
            # The path only: queries hold fiscal codes. Nothing of the trace is sent outside.
            with _tracer.start_as_current_span(f"{method} {path}", kind=trace.SpanKind.CLIENT):
                response = await self._receive(method, path, options)
            labels["http.response.status_code"] = response.status_code
        except httpx.HTTPError as error:
            self.breaker.after(ok=False)
            raise self._lost(error, repeatable=repeatable) from error
        except BaseException:
            self.breaker.trying = False
            raise
        finally:
            _duration.record(time.perf_counter() - started, labels)
        # An answer that says "I am broken" counts against the other side, whatever we make of it.
        self.breaker.after(ok=response.status_code < 500)
        _log.info(
            "answer received",
            system=self.name,
            method=method,
            path=path,
            status=response.status_code,
            seconds=round(time.perf_counter() - started, 3),
        )
        return response

    async def _receive(self, method: str, path: str, options: dict[str, object]) -> httpx.Response:
        async with self._client.stream(method, path, **options) as response:  # type: ignore[arg-type]
            content = bytearray()
            try:
                # httpx limits each read; an answer that drips needs a limit of its own.
                async with asyncio.timeout(self._read_seconds):
                    async for chunk in response.aiter_bytes():
                        content += chunk
                        if len(content) > self._max_answer_bytes:
                            raise httpx.DecodingError(
                                f"the answer is over {self._max_answer_bytes} bytes"
                            )
            except TimeoutError:
                raise httpx.ReadTimeout("the answer took too long") from None
        return httpx.Response(
            response.status_code,
            headers={k: v for k, v in response.headers.items() if k != "content-encoding"},
            content=bytes(content),
            request=response.request,
        )

    def _lost(self, error: httpx.HTTPError, *, repeatable: bool) -> Exception:
        kind = type(error).__name__
        if repeatable or isinstance(error, NEVER_SENT):
            return UnreachableError(f"{self.name} is not reachable ({kind})")
        return AnswerLostError(f"{self.name} took the request and its answer was lost ({kind})")
