"""A RabbitMQ of our own: own data folder, node name, cookie and loopback ports; no root needed."""

import asyncio
import hashlib
import os
import re
import secrets
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from .handshake import broker_problem, speaks_amqp
from .node import Node, Ports, epmd_program, require_programs
from .ports import LOOPBACK, free_ports
from .process import ServerError, ServerProcess

_BOOT_LIMIT = 90.0
_WRITE_TABLES = "[dets:sync(Table) || Table <- dets:all()]."
_VHOST_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,80}")


class PrivateBroker:
    """One private RabbitMQ node: `start()`, use `url`, `close()`. It dies with this process."""

    def __init__(self, folder: Path | None = None, *, schedulers: int = 1) -> None:
        """Keep data in `folder` (made when missing), or in a temporary one removed by `close()`."""
        self._temporary = folder is None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="workers-rabbitmq-"))
        # RabbitMQ keeps its data under the node's name: the same folder, the same name.
        mark = hashlib.sha256(str(self._folder.resolve()).encode()).hexdigest()[:8]
        self._node = Node(
            self._folder, f"workers-{mark}@localhost", secrets.token_hex(16), schedulers
        )
        self._ports: Ports | None = None
        self._epmd: ServerProcess | None = None
        self._server: ServerProcess | None = None
        self._frozen = False

    @property
    def url(self) -> str:
        """AMQP URL of the default virtual host; the same after every restart."""
        return f"amqp://guest:guest@{LOOPBACK}:{self._require_ports().amqp}/"

    @property
    def port(self) -> int:
        """AMQP port on loopback; the same after every restart."""
        return self._require_ports().amqp

    @property
    def pid(self) -> int:
        """Process id of the Erlang machine; ServerError when it is not running."""
        if self._server is None:
            raise ServerError("RabbitMQ is not running: call start()")
        return self._server.pid

    @property
    def running(self) -> bool:
        """Whether the broker's process exists (a frozen one does)."""
        return self._server is not None and self._server.running

    @property
    def log(self) -> Path:
        """File with everything the node prints."""
        return self._folder / "rabbitmq.log"

    async def start(self) -> None:
        """Boot the node and wait until it accepts a log-in (about 5 s), else ServerError."""
        if self.running:
            return
        if self._ports is not None:
            await self._boot()
            return
        for attempt in range(3):
            self._ports = Ports(*free_ports(3))
            try:
                await self._boot()
            except ServerError:
                # Another program may have taken a port in between: only then new ports help.
                if attempt == 2 or "eaddrinuse" not in self._log_text():
                    raise
            else:
                return

    async def stop(self) -> None:
        """End the node cleanly; data, ports and URL are kept for the next `start()`."""
        if self._server is not None:
            await self._server.end()
        if self._epmd is not None:
            await self._epmd.kill()

    async def close(self) -> None:
        """Stop for good; a temporary folder is removed."""
        if self._temporary:
            await self.kill(settle=False)  # nothing is kept, so nothing needs a clean end
        await self.stop()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def __aenter__(self) -> "PrivateBroker":
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def kill(self, *, settle: bool = True) -> None:
        """SIGKILL the Erlang machine, as a power cut would; data, ports and URL are kept.

        RabbitMQ 3.10 writes its list of quorum queues every half second: one declared just before
        comes back without a leader and answers nothing. `settle` has the list written first.
        """
        if settle and self.running and not self._frozen:
            # A broker too ill to answer is killed as it is.
            with suppress(ServerError, TimeoutError):
                await asyncio.wait_for(self._evaluate(_WRITE_TABLES), 3.0)
        if self._server is not None:
            await self._server.kill()

    async def freeze(self) -> None:
        """SIGSTOP: sockets stay open and nothing answers, as on a hung host."""
        os.kill(self.pid, signal.SIGSTOP)
        self._frozen = True

    async def thaw(self) -> None:
        """SIGCONT after `freeze()`."""
        os.kill(self.pid, signal.SIGCONT)
        self._frozen = False

    async def restart(self, *, clean: bool = True) -> None:
        """Down and up again with the same data and ports; `clean=False` kills instead of asking."""
        if clean and self._server is not None:
            await self._server.end()
        await self.kill()
        await self.start()

    async def ctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` on this node and return what it prints. ServerError when it fails."""
        programs = require_programs()
        command = [str(programs / "rabbitmqctl"), "-q", "-n", self._node.name, *arguments]
        return await self._run(command, None)

    async def add_vhost(self, name: str) -> str:
        """Make a virtual host that guest may use and return its URL (about 0.1 s)."""
        if not _VHOST_NAME.fullmatch(name):
            raise ValueError(f"virtual host name {name!r}: use letters, digits, '.', '_' and '-'")
        await self._evaluate(
            f'rabbit_vhost:add(<<"{name}">>, <<"workers-stack">>), '
            f'ok = rabbit_auth_backend_internal:set_permissions(<<"guest">>, <<"{name}">>, '
            '<<".*">>, <<".*">>, <<".*">>, <<"workers-stack">>).'
        )
        return f"{self.url}{name}"

    async def delete_vhost(self, name: str) -> None:
        """Remove a virtual host with all its queues; its connections are closed by the broker."""
        if not _VHOST_NAME.fullmatch(name):
            raise ValueError(f"virtual host name {name!r}: use letters, digits, '.', '_' and '-'")
        await self._evaluate(f'rabbit_vhost:delete(<<"{name}">>, <<"workers-stack">>).')

    async def _evaluate(self, erlang: str) -> str:
        # erl_call needs no Erlang machine of its own: 20 ms instead of 500 ms for rabbitmqctl.
        program = shutil.which("erl_call")
        if program is None:
            return await self.ctl("eval", erlang)
        command = [program, "-e", "-n", self._node.name, "-c", self._node.secret]
        return await self._run(command, f"{erlang}\n".encode())

    async def _run(self, command: list[str], text: bytes | None) -> str:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self._node.environment(self._require_ports()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await process.communicate(text)
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        answer = output.decode(errors="replace").strip()
        if process.returncode or "{error" in answer:
            raise ServerError(
                f"{Path(command[0]).name} failed on {self._node.name}: {answer[-800:]}"
            )
        return answer

    async def _boot(self) -> None:
        programs = require_programs()
        environment = self._node.environment(self._require_ports())
        self._node.write_files()
        await self._start_epmd(environment)
        self._frozen = False
        self._server = ServerProcess(
            "RabbitMQ", [str(programs / "rabbitmq-server")], environment, self.log
        )
        self._server.launch()
        problem = await self._wait_until_ready(self._server)
        if problem:
            tail = self._server.last_lines()
            await self._server.kill()
            raise ServerError(f"RabbitMQ did not start: {problem}. Its last lines:\n{tail}")

    async def _wait_until_ready(self, server: ServerProcess) -> str | None:
        deadline = time.monotonic() + _BOOT_LIMIT
        while time.monotonic() < deadline:
            if not server.running:
                return "its process ended"
            if await speaks_amqp(LOOPBACK, self.port):
                return await broker_problem(self.url, limit=15.0)
            await asyncio.sleep(0.05)
        return f"not ready after {_BOOT_LIMIT:g} s"

    async def _start_epmd(self, environment: dict[str, str]) -> None:
        # Erlang's name server would otherwise be started as a daemon and outlive us.
        if self._epmd is not None and self._epmd.running:
            return
        program = epmd_program()
        if program is None:
            return
        port = str(self._require_ports().epmd)
        command = [program, "-port", port, "-address", LOOPBACK]
        self._epmd = ServerProcess("epmd", command, environment, self._folder / "epmd.log")
        self._epmd.launch()

    def _log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def _require_ports(self) -> Ports:
        if self._ports is None:
            raise ServerError("RabbitMQ has no ports yet: call start()")
        return self._ports
