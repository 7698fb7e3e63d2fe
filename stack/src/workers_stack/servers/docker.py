"""RabbitMQ and Redis in containers, where a Docker engine answers."""

import asyncio
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .process import ServerError

if TYPE_CHECKING:
    from .containers import Containers

_DETECT_LIMIT = 3.0


@dataclass(frozen=True)
class ComposeServers:
    """Two running containers; `close()` removes them with their data."""

    containers: "Containers"
    amqp_url: str
    management_url: str
    redis_url: str

    async def close(self) -> None:
        """Remove the containers and their volumes."""
        await asyncio.to_thread(self.containers.stop)


async def engine_answers() -> bool:
    """Whether `docker info` reaches an engine and `docker compose` exists; at most 6 s."""
    if shutil.which("docker") is None:
        return False
    for question in (("info",), ("compose", "version")):
        code, _ = await _run("docker", *question, limit=_DETECT_LIMIT)
        if code:
            return False
    return True


async def start_compose() -> ComposeServers:
    """Start both servers and wait until they are healthy. ServerError when they do not come up."""
    return await asyncio.to_thread(_start, f"workers-{secrets.token_hex(4)}")


def _start(project: str) -> ComposeServers:
    # Half a second to load, for the few machines that have an engine.
    from testcontainers.core.exceptions import (  # noqa: PLC0415
        ContainerIsNotRunning,
        NoSuchPortExposed,
    )

    from .containers import Containers  # noqa: PLC0415

    containers = Containers(project)
    try:
        containers.start()
        return ComposeServers(
            containers,
            amqp_url=f"amqp://guest:guest@{containers.address('rabbitmq', 5672)}/",
            management_url=f"http://{containers.address('rabbitmq', 15672)}",
            redis_url=f"redis://{containers.address('redis', 6379)}/0",
        )
    except (ServerError, ContainerIsNotRunning, NoSuchPortExposed) as error:
        with suppress(ServerError):
            containers.stop()
        raise ServerError(str(error)) from error


async def _run(*command: str, limit: float) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), limit)
    except TimeoutError:
        process.kill()
        await process.wait()
        return 124, f"no answer within {limit:g} s"
    code = process.returncode or 0
    return code, (errors if code else output).decode(errors="replace")
