"""RabbitMQ and Redis in containers, where a Docker engine answers."""

import asyncio
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from .process import ServerError

_FILE = Path(__file__).with_name("compose.yaml")
_DETECT_LIMIT = 3.0
_UP_LIMIT = 300.0  # the first start downloads two images


@dataclass(frozen=True)
class ComposeServers:
    """Two running containers; `close()` removes them with their data."""

    project: str
    amqp_url: str
    management_url: str
    redis_url: str

    async def close(self) -> None:
        """Remove the containers and their volumes."""
        await _compose(self.project, "down", "--volumes", "--timeout", "3", limit=60.0)


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
    project = f"workers-{secrets.token_hex(4)}"
    try:
        await _compose(project, "up", "--detach", "--wait", limit=_UP_LIMIT)
        amqp = await _compose(project, "port", "rabbitmq", "5672", limit=10.0)
        management = await _compose(project, "port", "rabbitmq", "15672", limit=10.0)
        redis = await _compose(project, "port", "redis", "6379", limit=10.0)
    except ServerError:
        await _run(*_command(project, "down", "--volumes"), limit=60.0)
        raise
    return ComposeServers(
        project=project,
        amqp_url=f"amqp://guest:guest@{amqp}/",
        management_url=f"http://{management}",
        redis_url=f"redis://{redis}/0",
    )


def _command(project: str, *arguments: str) -> list[str]:
    return ["docker", "compose", "--project-name", project, "--file", str(_FILE), *arguments]


async def _compose(project: str, *arguments: str, limit: float) -> str:
    code, output = await _run(*_command(project, *arguments), limit=limit)
    if code:
        raise ServerError(f"docker compose {arguments[0]} failed: {output[-800:]}")
    return output.strip()


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
