"""A Redis (or Valkey) of our own: own data folder and loopback port."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import redis.asyncio

from .handshake import redis_problem
from .ports import LOOPBACK, free_port
from .process import ServerError, ServerProcess

_BOOT_LIMIT = 20.0
DATABASES = 512


def redis_program() -> str | None:
    """Path of an installed `redis-server` or `valkey-server`, or None."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


class PrivateRedis:
    """One private Redis. `start()` it, use `url`, `close()` it; it dies with this process."""

    def __init__(self, folder: Path | None = None) -> None:
        """Keep data in `folder` (made when missing), or in a temporary one removed by `close()`."""
        self._temporary = folder is None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="workers-redis-"))
        self._port = 0
        self._server: ServerProcess | None = None

    @property
    def port(self) -> int:
        """Port on loopback; the same after every restart."""
        if not self._port:
            raise ServerError("Redis has no port yet: call start()")
        return self._port

    @property
    def url(self) -> str:
        """URL of database 0; the same after every restart."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def database(self, number: int) -> str:
        """URL of a numbered database, 0 to 511."""
        return f"redis://{LOOPBACK}:{self.port}/{number % DATABASES}"

    @property
    def pid(self) -> int:
        """Process id; ServerError when it is not running."""
        if self._server is None:
            raise ServerError("Redis is not running: call start()")
        return self._server.pid

    @property
    def running(self) -> bool:
        """Whether the process exists (a frozen one does)."""
        return self._server is not None and self._server.running

    @property
    def log(self) -> Path:
        """File with everything the server prints."""
        return self._folder / "redis.log"

    async def start(self) -> None:
        """Start the server and wait until it answers PING: about 0.1 s."""
        if self.running:
            return
        program = redis_program()
        if program is None:
            raise ServerError("Redis is not installed here: install the package redis-server")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._port = self._port or free_port()
        self._server = ServerProcess("Redis", self._command(program), _environment(), self.log)
        self._server.launch()
        await self._wait_until_ready(self._server)

    async def stop(self) -> None:
        """End the server; data (append-only file), port and URL are kept for the next `start()`."""
        if self._server is not None:
            await self._server.end()

    async def close(self) -> None:
        """Stop for good; a temporary folder is removed."""
        if self._temporary:
            await self.kill()  # nothing is kept, so nothing needs a clean end
        await self.stop()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def __aenter__(self) -> "PrivateRedis":
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def kill(self) -> None:
        """SIGKILL, as a power cut would; data, port and URL are kept."""
        if self._server is not None:
            await self._server.kill()

    async def freeze(self) -> None:
        """SIGSTOP: sockets stay open and nothing answers, as on a hung host."""
        os.kill(self.pid, signal.SIGSTOP)

    async def thaw(self) -> None:
        """SIGCONT after `freeze()`."""
        os.kill(self.pid, signal.SIGCONT)

    async def restart(self, *, clean: bool = True) -> None:
        """Down and up again with the same data and port; `clean=False` kills instead of asking."""
        if clean and self._server is not None:
            await self._server.end()
        await self.kill()
        await self.start()

    async def flush(self) -> None:
        """Delete every key of every database."""
        client = redis.asyncio.from_url(self.url)
        try:
            await client.flushall()
        finally:
            await client.aclose()

    def _command(self, program: str) -> list[str]:
        options = {
            "bind": LOOPBACK,
            "port": str(self._port),
            "dir": str(self._folder),
            "databases": str(DATABASES),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "daemonize": "no",
        }
        return [program, *(part for key, value in options.items() for part in (f"--{key}", value))]

    async def _wait_until_ready(self, server: ServerProcess) -> None:
        deadline = time.monotonic() + _BOOT_LIMIT
        problem: str | None = "not asked yet"
        while time.monotonic() < deadline and server.running:
            problem = await redis_problem(self.url, limit=2.0)
            if problem is None:
                return
            await asyncio.sleep(0.03)
        tail = server.last_lines()
        await server.kill()
        raise ServerError(f"Redis did not start: {problem}. Its last lines:\n{tail}")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
