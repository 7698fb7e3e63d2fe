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
from dataclasses import dataclass
from pathlib import Path

from .handshake import broker_problem, speaks_amqp
from .ports import LOOPBACK, free_ports
from .process import ServerError, ServerProcess

# Debian's wrapper in sbin insists on root or the rabbitmq user; the launcher does not.
_LAUNCHERS = (
    "/usr/lib/rabbitmq/bin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
    "/opt/rabbitmq/sbin",
)
_BOOT_LIMIT = 90.0
_VHOST_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,80}")


@dataclass(frozen=True)
class _Ports:
    amqp: int
    epmd: int
    dist: int


def broker_programs() -> Path | None:
    """Folder with `rabbitmq-server` and `rabbitmqctl`, or None when RabbitMQ is not installed."""
    found = shutil.which("rabbitmq-server")
    folders = [Path(folder) for folder in _LAUNCHERS]
    if found:
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        # The sbin wrapper's own folder has no rabbitmq-env: it is not usable by other users.
        if (folder / "rabbitmq-server").exists() and (folder / "rabbitmq-env").exists():
            return folder
    return None


class PrivateBroker:
    """One private RabbitMQ node: `start()`, use `url`, `close()`. It dies with this process."""

    def __init__(self, folder: Path | None = None, *, schedulers: int = 1) -> None:
        """Keep data in `folder` (made when missing), or in a temporary one removed by `close()`."""
        self._temporary = folder is None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="workers-rabbitmq-"))
        self._schedulers = schedulers
        self._secret = secrets.token_hex(16)
        # RabbitMQ keeps its data under the node's name: the same folder, the same name.
        mark = hashlib.sha256(str(self._folder.resolve()).encode()).hexdigest()[:8]
        self._name = f"workers-{mark}@localhost"
        self._ports: _Ports | None = None
        self._epmd: ServerProcess | None = None
        self._server: ServerProcess | None = None

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
            self._ports = _Ports(*free_ports(3))
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
            await self.kill()  # nothing is kept, so nothing needs a clean end
        await self.stop()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def __aenter__(self) -> "PrivateBroker":
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def kill(self) -> None:
        """SIGKILL the Erlang machine, as a power cut would; data, ports and URL are kept.

        RabbitMQ 3.10 loses a quorum queue declared less than about a second before this: it comes
        back without a leader and answers nothing. Tests should wait a second before the kill.
        """
        if self._server is not None:
            await self._server.kill()

    async def freeze(self) -> None:
        """SIGSTOP: sockets stay open and nothing answers, as on a hung host."""
        os.kill(self.pid, signal.SIGSTOP)

    async def thaw(self) -> None:
        """SIGCONT after `freeze()`."""
        os.kill(self.pid, signal.SIGCONT)

    async def restart(self, *, clean: bool = True) -> None:
        """Down and up again with the same data and ports; `clean=False` kills instead of asking."""
        if clean and self._server is not None:
            await self._server.end()
        await self.kill()
        await self.start()

    async def ctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` on this node and return what it prints. ServerError when it fails."""
        programs = _require_programs()
        command = [str(programs / "rabbitmqctl"), "-q", "-n", self._name, *arguments]
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
        command = [program, "-e", "-n", self._name, "-c", self._secret]
        return await self._run(command, f"{erlang}\n".encode())

    async def _run(self, command: list[str], text: bytes | None) -> str:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self._environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate(text)
        answer = output.decode(errors="replace").strip()
        if process.returncode or "{error" in answer:
            raise ServerError(f"{Path(command[0]).name} failed on {self._name}: {answer[-800:]}")
        return answer

    async def _boot(self) -> None:
        programs = _require_programs()
        environment = self._environment()
        self._write_files()
        await self._start_epmd(environment)
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
        program = _epmd_program()
        if program is None:
            return
        port = str(self._require_ports().epmd)
        command = [program, "-port", port, "-address", LOOPBACK]
        self._epmd = ServerProcess("epmd", command, environment, self._folder / "epmd.log")
        self._epmd.launch()

    def _write_files(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "enabled_plugins").write_text("[].\n")
        (self._folder / "environment").write_text("")
        (self._folder / "rabbitmq.conf").write_text("log.console = true\nlog.file = false\n")
        cookie = self._folder / ".erlang.cookie"
        cookie.unlink(missing_ok=True)
        cookie.touch(mode=0o600)
        cookie.write_text(self._secret)
        cookie.chmod(0o400)

    def _environment(self) -> dict[str, str]:
        ports, folder = self._require_ports(), self._folder
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),  # where Erlang looks for the cookie
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(ports.epmd),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(ports.amqp),
            "RABBITMQ_DIST_PORT": str(ports.dist),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
            # The launcher then becomes the Erlang machine itself: our signals reach the broker.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} "
                f"+S {self._schedulers}:{self._schedulers} +sbwt none"
            ),
        }

    def _log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def _require_ports(self) -> _Ports:
        if self._ports is None:
            raise ServerError("RabbitMQ has no ports yet: call start()")
        return self._ports


def _require_programs() -> Path:
    programs = broker_programs()
    if programs is None:
        raise ServerError("RabbitMQ is not installed here: install the package rabbitmq-server")
    return programs


def _epmd_program() -> str | None:
    found = shutil.which("epmd")
    if found:
        return found
    erl = shutil.which("erl")
    candidate = Path(erl).resolve().parent / "epmd" if erl else None
    return str(candidate) if candidate and candidate.exists() else None
