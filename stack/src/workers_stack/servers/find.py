"""Find RabbitMQ and Redis, or start them; the first that works, and one line that says which."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from . import apt
from .broker import PrivateBroker
from .docker import ComposeServers, engine_answers, start_compose
from .given import GivenBroker, GivenRedis
from .handshake import broker_problem, redis_problem
from .keyvalue import PrivateRedis, redis_program
from .mta import PACKAGE as MTA_PACKAGE
from .mta import mta_program
from .node import broker_programs
from .process import ServerError

LOCAL_BROKER = "amqp://guest:guest@127.0.0.1:5672/"
LOCAL_REDIS = "redis://127.0.0.1:6379/0"
_LOCAL_LIMIT = 2.0
_LOOK_SECONDS = 0.5

NOTHING_WORKS = (
    "No {names} to work with. One of these helps:\n"
    "  - name running ones:      export RMQ_URL=amqp://user:password@host:5672/"
    " REDIS_URL=redis://host:6379/0\n"
    "  - start Docker, then run this again\n"
    "  - install the programs:   sudo apt-get install --no-install-recommends {packages}\n"
    "                            brew install rabbitmq redis"
)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Servers:
    """Where the two servers are, and what ends those that were started for us."""

    amqp_url: str
    redis_url: str
    close: Callable[[], Awaitable[None]]
    private: tuple[PrivateBroker | PrivateRedis, ...] = ()
    """Those that were started as programs of our own."""

    def keepers(self, say: Say) -> list[Coroutine[object, object, None]]:
        """Return one endless task a private server: it starts a killed one with its data again."""
        return [_keep(server, say) for server in self.private]


async def _keep(server: PrivateBroker | PrivateRedis, say: Say) -> None:
    name = "RabbitMQ" if isinstance(server, PrivateBroker) else "Redis"
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if not server.running:
            say(f"{name} ended; started again with its data")
            await server.start()


async def find_servers(
    folder: Path, say: Say, environment: Mapping[str, str] | None = None
) -> Servers:
    """Both servers, found or started with data under `folder`. ServerError when there is no way."""
    env = os.environ if environment is None else environment
    private: list[PrivateBroker | PrivateRedis] = []
    async with AsyncExitStack() as started:
        amqp_url = await _named_or_local_broker(env, say)
        redis_url = await _named_or_local_redis(env, say)
        if not (amqp_url and redis_url):
            compose = await _containers(say)
            if compose:
                started.push_async_callback(compose.close)
                amqp_url = amqp_url or compose.amqp_url
                redis_url = redis_url or compose.redis_url
        _install_missing(amqp_url is None, redis_url is None, say)
        if amqp_url is None:
            broker = await started.enter_async_context(PrivateBroker(folder / "rabbitmq"))
            amqp_url = broker.url
            private.append(broker)
            say(f"RabbitMQ: private server on port {broker.port}")
        if redis_url is None:
            server = await started.enter_async_context(PrivateRedis(folder / "redis"))
            redis_url = server.url
            private.append(server)
            say(f"Redis: private server on port {server.port}")
        return Servers(amqp_url, redis_url, started.pop_all().aclose, tuple(private))


def install_programs(say: Say, environment: Mapping[str, str] | None = None) -> None:
    """Make sure that private servers can be started, unless both URLs are given."""
    env = os.environ if environment is None else environment
    _install_missing(not env.get("RMQ_URL"), not env.get("REDIS_URL"), say)
    if mta_program() is None and apt.can_install():
        # For the tests alone: without it they say so.
        say(f"installing {MTA_PACKAGE} with apt-get, a mail server for the tests; it stays down")
        apt.preset("postfix postfix/main_mailer_type select No configuration")
        apt.install([MTA_PACKAGE])


async def _named_or_local_broker(env: Mapping[str, str], say: Say) -> str | None:
    url = env.get("RMQ_URL")
    if url:
        await _must_work(GivenBroker(url))
        say("RabbitMQ: the one that RMQ_URL names")
        return url
    if await broker_problem(LOCAL_BROKER, limit=_LOCAL_LIMIT) is None:
        say("RabbitMQ: the one already running on port 5672")
        return LOCAL_BROKER
    return None


async def _named_or_local_redis(env: Mapping[str, str], say: Say) -> str | None:
    url = env.get("REDIS_URL")
    if url:
        await _must_work(GivenRedis(url))
        say("Redis: the one that REDIS_URL names")
        return url
    if await redis_problem(LOCAL_REDIS, limit=_LOCAL_LIMIT) is None:
        say("Redis: the one already running on port 6379")
        return LOCAL_REDIS
    return None


async def _must_work(server: GivenBroker | GivenRedis) -> None:
    # What somebody named on purpose is used or refused, never quietly replaced.
    problem = await server.problem()
    if problem:
        raise ServerError(f"{problem}. Correct it or unset it")


async def _containers(say: Say) -> ComposeServers | None:
    if not await engine_answers():
        return None
    say("RabbitMQ and Redis: containers of the local Docker engine")
    try:
        return await start_compose()
    except ServerError as error:
        say(f"containers did not start ({error}); trying installed programs")
        return None


def _install_missing(broker: bool, keyvalue: bool, say: Say) -> None:
    missing = []
    if broker and broker_programs() is None:
        missing.append(("RabbitMQ", "rabbitmq-server"))
    if keyvalue and redis_program() is None:
        missing.append(("Redis", "redis-server"))
    if not missing:
        return
    packages = [package for _, package in missing]
    if not apt.can_install():
        names = " and ".join(name for name, _ in missing)
        raise ServerError(NOTHING_WORKS.format(names=names, packages=" ".join(packages)))
    say(f"installing {' and '.join(packages)} with apt-get (about half a minute)")
    apt.install(packages)
