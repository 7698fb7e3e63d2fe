"""The way out, against real sockets: what was certainly not sent, and what may have been."""

import asyncio
import contextlib
import gzip
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from workers_runtime.errors import OutcomeUnknownError, TransientError
from workers_runtime.outbound import (
    AnswerLostError,
    CircuitBreaker,
    CircuitOpenError,
    Outbound,
    UnreachableError,
)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def served() -> AsyncIterator[Callable[[Talk], Awaitable[str]]]:
    """Serve a conversation on a real socket; returns its address."""
    servers: list[asyncio.Server] = []
    talks: set[asyncio.Task[None]] = set()

    async def serve(talk: Talk) -> str:
        async def one(reader, writer):
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await talk(reader, writer)

        def begin(reader, writer):
            task = asyncio.create_task(one(reader, writer))
            talks.add(task)
            task.add_done_callback(lambda _: writer.close())

        server = await asyncio.start_server(begin, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield serve
    for server in servers:
        server.close()
    for task in talks:
        task.cancel()
    await asyncio.gather(*talks, return_exceptions=True)
    await asyncio.sleep(0.01)


@pytest.fixture
async def outbound() -> AsyncIterator[Callable[..., Outbound]]:
    made: list[Outbound] = []

    def make(url: str, **options: object) -> Outbound:
        settings = {"read_seconds": 0.5, **options}
        made.append(Outbound("anaf", url, **settings))
        return made[-1]

    yield make
    for client in made:
        await client.close()


def answers(*parts: bytes, pause: float = 0.0) -> Talk:
    """Read a request, then send the parts with a pause before each but the first."""

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for index, part in enumerate(parts):
            if index:
                await asyncio.sleep(pause)
            writer.write(part)
            await writer.drain()

    return talk


async def test_answer_is_returned_whatever_its_status(served, outbound):
    for status in (200, 404, 503):
        url = await served(answers(f"HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok".encode()))
        answer = await outbound(url).request("GET", "/x", repeatable=True)
        assert (answer.status_code, answer.text) == (status, "ok")


async def test_refused_port_was_certainly_not_reached(outbound):
    client = outbound(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(UnreachableError) as caught:
        await client.request("POST", "/upload", repeatable=False, content=b"x")
    assert isinstance(caught.value, TransientError)


LOST = {
    "accepted and closed": answers(),
    "half a status line": answers(b"HTTP/1.1 20"),
    "half a body": answers(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
    "half a chunk": answers(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"),
    "no HTTP": answers(b"220 smtp ready\r\n\r\n"),
    "a slow answer": answers(b"", OK, pause=5),
    "an answer that drips": answers(
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", *[b"x"] * 30, pause=0.2
    ),
    "a too large answer": answers(b"HTTP/1.1 200 OK\r\ncontent-length: 3000\r\n\r\n" + b"x" * 3000),
    "broken compression": answers(
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nxxxx"
    ),
}


@pytest.mark.parametrize("case", LOST)
async def test_lost_answer_of_a_write_is_unknown_and_of_a_read_may_be_repeated(
    served, outbound, case
):
    client = outbound(await served(LOST[case]), max_answer_bytes=1000)
    started = time.monotonic()
    with pytest.raises(AnswerLostError) as caught:
        await client.request("POST", "/upload?token=s3cret", repeatable=False, content=b"x")
    assert time.monotonic() - started < 3
    assert isinstance(caught.value, OutcomeUnknownError)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(UnreachableError):
        await client.request("GET", "/list", repeatable=True)


async def test_redirect_is_an_answer_and_is_not_followed(served, outbound):
    asked: list[bytes] = []

    async def elsewhere(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))

    target = await served(elsewhere)
    location = f"HTTP/1.1 302 Found\r\nlocation: {target}/\r\ncontent-length: 0\r\n\r\n".encode()
    answer = await outbound(await served(answers(location))).request("GET", "/", repeatable=True)
    assert answer.status_code == 302
    assert not asked


async def test_proxies_of_the_environment_are_not_used(served, outbound, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    client = outbound(await served(answers(OK)))
    assert (await client.request("GET", "/", repeatable=True)).status_code == 200


async def test_compressed_answer_is_unpacked_within_its_limit(served, outbound):
    def packed(content: bytes) -> Talk:
        body = gzip.compress(content)
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(body)}\r\n\r\n"
        return answers(head.encode() + body)

    small = outbound(await served(packed(b"a" * 900)), max_answer_bytes=1000)
    assert len((await small.request("GET", "/", repeatable=True)).content) == 900
    bomb = outbound(await served(packed(b"a" * 5_000_000)), max_answer_bytes=1000)
    with pytest.raises(UnreachableError):
        await bomb.request("GET", "/", repeatable=True)


async def test_without_keep_alive_each_request_has_its_connection(served, outbound):
    connections = 0

    async def talk(reader, writer):
        nonlocal connections
        connections += 1
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)

    client = outbound(await served(talk), keep_alive=False)
    for _ in range(2):
        await client.request("GET", "/", repeatable=True)
    assert connections == 2


async def test_breaker_opens_rests_tries_once_and_closes(served, outbound):
    how = [b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n"]

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(how[0])

    breaker = CircuitBreaker(threshold=2, rest_seconds=0.2)
    client = outbound(await served(talk), breaker=breaker, keep_alive=False)
    for _ in range(2):
        assert (await client.request("GET", "/", repeatable=True)).status_code == 500
    with pytest.raises(CircuitOpenError, match="anaf failed 2 times") as caught:
        await client.request("GET", "/", repeatable=True)
    assert caught.value.rest >= 1
    with pytest.raises(CircuitOpenError):
        client.check()
    await asyncio.sleep(0.25)
    # Half open: one try, and others wait.
    both = [client.request("GET", "/", repeatable=True) for _ in range(2)]
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert first.status_code == 500
    assert isinstance(second, CircuitOpenError)
    with pytest.raises(CircuitOpenError):
        await client.request("GET", "/", repeatable=True)
    await asyncio.sleep(0.25)
    how[0] = OK
    for _ in range(2):
        assert (await client.request("GET", "/", repeatable=True)).status_code == 200
    assert not breaker.is_open


async def test_cancelled_try_does_not_keep_the_breaker_shut(served, outbound):
    breaker = CircuitBreaker(threshold=1, rest_seconds=0.0, failures=1)
    client = outbound(await served(answers(b"", OK, pause=0.3)), breaker=breaker)
    task = asyncio.create_task(client.request("GET", "/", repeatable=True))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert breaker.trying is False
    assert (await client.request("GET", "/", repeatable=True)).status_code == 200
