"""The whole of workers-core on this machine: servers, sandbox, registry, workers."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from .layout import Layout, service_environment
from .programs import Print, Programs
from .servers.chromium import install_chromium
from .servers.find import Say, Servers, find_servers

_SANDBOX_LIMIT = 30.0
_READY_LIMIT = 45.0
_PRINTS = "pdf-render"
Environment = Callable[[dict[str, str]], dict[str, str]]


@dataclass(frozen=True)
class Addresses:
    """Where everything is, for people and for other programs."""

    amqp_url: str
    redis_url: str
    sandbox_url: str
    registry_url: str | None
    workers: dict[str, str]

    @property
    def portal_url(self) -> str | None:
        """The portal that describes every message."""
        return self.registry_url and f"{self.registry_url}/portal"

    def as_dict(self) -> dict[str, str]:
        """Flat names, as `.run/stack.json` holds them."""
        named = {
            "amqp_url": self.amqp_url,
            "redis_url": self.redis_url,
            "registry_url": self.registry_url,
            "portal_url": self.portal_url,
            "sandbox_url": self.sandbox_url,
            **{f"{module}_url": url for module, url in self.workers.items()},
        }
        return {name: url for name, url in named.items() if url}


class LocalStack:
    """Starts and stops everything; `folder` holds all its data."""

    def __init__(self, layout: Layout, folder: Path, say: Say, out: Print) -> None:
        self._layout = layout
        self._folder = folder
        self._say = say
        self._programs = Programs(out)
        self._servers: Servers | None = None

    async def start(self, *, environment: Environment = dict) -> Addresses:
        """Start all and wait until it is ready; `environment` may change the workers' own."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # The sandbox needs no server: it starts while RabbitMQ boots.
        sandbox = asyncio.create_task(self._start_sandbox())
        try:
            if any(service.name == _PRINTS for service in self._layout.workers):
                await asyncio.to_thread(install_chromium, self._say)
            servers = await find_servers(self._folder, self._say)
            self._servers = servers
            await sandbox
        finally:
            sandbox.cancel()
            await asyncio.gather(sandbox, return_exceptions=True)
        await self._start_services(servers, environment)
        return self._addresses(servers)

    async def stop(self) -> None:
        """End the programs, then the servers that were started for us."""
        for name in await self._programs.stop():
            self._say(f"{name} did not end when asked and was killed")
        if self._servers is not None:
            await self._servers.close()

    async def keep_running(self) -> None:
        """Start again what ends by itself, for ever; raises when a server does not come back."""
        servers = self._servers.keepers(self._say) if self._servers else []
        keepers = [*self._programs.keepers(self._say), *servers]
        tasks = [asyncio.create_task(keeper) for keeper in keepers]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def kill(self) -> None:
        """SIGKILL every program now; the servers die with this process."""
        self._programs.kill()

    async def _start_sandbox(self) -> None:
        self._say(f"sandbox: {self._layout.sandbox_url}")
        program = self._layout.sandbox(self._folder)
        await self._programs.start_ready([program], limit=_SANDBOX_LIMIT)
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            answer = await client.get(f"{self._layout.sandbox_url}/_control/seal.pem")
        answer.raise_for_status()
        (self._folder / "seal.pem").write_bytes(answer.content)

    async def _start_services(self, servers: Servers, change: Environment) -> None:
        services = self._layout.services
        if not services:
            return
        self._say(f"starting {', '.join(service.name for service in services)}")
        environment = change(
            service_environment(
                self._layout,
                self._folder,
                amqp_url=servers.amqp_url,
                redis_url=servers.redis_url,
                signing_key=secrets.token_hex(32),
            )
        )
        programs = [service.program(environment) for service in services]
        await self._programs.start_ready(programs, limit=_READY_LIMIT)

    def _addresses(self, servers: Servers) -> Addresses:
        registry = self._layout.registry
        return Addresses(
            amqp_url=servers.amqp_url,
            redis_url=servers.redis_url,
            sandbox_url=self._layout.sandbox_url,
            registry_url=registry.url if registry else None,
            workers={worker.module: worker.url for worker in self._layout.workers},
        )
