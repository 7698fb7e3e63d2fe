"""pytest fixtures on real servers.

`broker`, `redis_server`: shared by the session; `vhost_url`, `redis_url`: a place of the test's own
on them; `private_broker`, `private_redis`: servers to be killed and frozen by one test; `mta`: a
mail server, Postfix; `chromium`: the program that documents are printed with.

The session's servers are started on first use. Set RMQ_URL or REDIS_URL to use given ones instead
(for `vhost_url` the given broker needs its management API, see RMQ_MANAGEMENT_URL).
Where no server can be had, the test is skipped with the reason, and fails when CI is set.
"""

import asyncio
import itertools
import os
import secrets
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
import redis

from .servers import (
    PrivateBroker,
    PrivateMta,
    PrivateRedis,
    ServerError,
    broker_programs,
    chromium_program,
    mta_program,
    redis_program,
)
from .servers.docker import ComposeServers, engine_answers, start_compose
from .servers.given import GivenBroker, GivenRedis
from .servers.keyvalue import DATABASES

T = TypeVar("T")
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def compose_servers() -> Iterator[ComposeServers | None]:
    """Containers with both servers, for a machine with Docker and without the programs."""
    if not _run(engine_answers()):
        yield None
        return
    servers = _run(start_compose())
    yield servers
    _run(servers.close())


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Iterator[PrivateBroker | GivenBroker]:
    """RabbitMQ shared by the whole session; use `vhost_url` for a place of your own on it."""
    url = os.environ.get("RMQ_URL")
    if url:
        yield _checked(GivenBroker(url))
        return
    if broker_programs() is None and (compose := request.getfixturevalue("compose_servers")):
        yield GivenBroker(compose.amqp_url, compose.management_url)
        return
    _need(broker_programs() is not None, "RabbitMQ", "rabbitmq-server")
    server = PrivateBroker()
    _run(server.start())
    yield server
    _run(server.close())


@pytest.fixture(scope="session")
def redis_server(request: pytest.FixtureRequest) -> Iterator[PrivateRedis | GivenRedis]:
    """Redis shared by the whole session; use `redis_url` for a database of your own on it."""
    url = os.environ.get("REDIS_URL")
    if url:
        yield _checked(GivenRedis(url))
        return
    if redis_program() is None and (compose := request.getfixturevalue("compose_servers")):
        yield GivenRedis(compose.redis_url)
        return
    _need(redis_program() is not None, "Redis", "redis-server")
    server = PrivateRedis()
    _run(server.start())
    yield server
    _run(server.close())


@pytest.fixture
def vhost_url(broker: PrivateBroker | GivenBroker) -> Iterator[str]:
    """AMQP URL of a new virtual host, removed after the test."""
    name = f"test-{secrets.token_hex(6)}"
    yield _run(broker.add_vhost(name))
    if broker.running:
        _run(broker.delete_vhost(name))


@pytest.fixture
def redis_url(redis_server: PrivateRedis | GivenRedis) -> Iterator[str]:
    """URL of a Redis database of this test's own, empty before and after."""
    url = redis_server.database(next(_numbers) % (DATABASES - 1) + 1)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
def private_broker() -> Iterator[PrivateBroker]:
    """A RabbitMQ for this test alone, to be killed, frozen and restarted."""
    _need(broker_programs() is not None, "RabbitMQ", "rabbitmq-server")
    server = PrivateBroker()
    _run(server.start())
    yield server
    _run(server.close())


@pytest.fixture
def private_redis() -> Iterator[PrivateRedis]:
    """A Redis for this test alone, to be killed, frozen and flushed."""
    _need(redis_program() is not None, "Redis", "redis-server")
    server = PrivateRedis()
    _run(server.start())
    yield server
    _run(server.close())


@pytest.fixture
def mta() -> Iterator[PrivateMta]:
    """A Postfix of this test's own on loopback, not started: it relays nothing to anybody."""
    _need(mta_program() is not None, "Postfix, and root to start it", "postfix")
    server = PrivateMta()
    yield server
    _run(server.close())


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The program that documents are printed with."""
    found = chromium_program()
    _need(found is not None, "Chromium", "chromium-headless-shell")
    return found or Path()


def _run(work: Coroutine[object, object, T]) -> T:
    # In a thread: a fixture may be set up while the test's own loop is running.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def _need(present: bool, name: str, package: str) -> None:
    if present:
        return
    reason = f"needs {name}: install the package {package} or run `./justw servers`"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _checked(server: "GivenServer") -> "GivenServer":
    problem = _run(server.problem())
    if problem:
        raise ServerError(problem)
    return server


GivenServer = TypeVar("GivenServer", GivenBroker, GivenRedis)
