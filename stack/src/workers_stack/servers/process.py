"""One server program of ours: in its own process group, signalled, ended, never orphaned."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .guard import guard


class ServerError(RuntimeError):
    """A server could not be started, reached or stopped; the message says what to do."""


class ServerProcess:
    """A child process that writes its output to a file and dies with this process."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._env = dict(env)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id; raises ServerError when it is not running."""
        if self._process is None or self._process.poll() is not None:
            raise ServerError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process exists (a frozen one does)."""
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Start the program; returns at once."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                cwd=self.log.parent,
            )
        guard.add(self._process.pid)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program itself."""
        os.kill(self.pid, number)

    async def end(self, *, limit: float = 20.0) -> None:
        """SIGTERM, then SIGKILL after `limit` seconds. Ends a frozen program too."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            await self._wait(process, limit)
        await self.kill()

    async def kill(self) -> None:
        """SIGKILL the program and its children, and wait until they are gone."""
        process, self._process = self._process, None
        if process is None:
            return
        # The group may hold helpers after its leader ended, or be empty: both are fine.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.poll()
        await self._wait(process, 10.0)
        guard.remove(process.pid)

    def last_lines(self, count: int = 15) -> str:
        """The end of its output, for an error message."""
        if not self.log.exists():
            return "(no output)"
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-count:]) or "(no output)"

    @staticmethod
    async def _wait(process: "subprocess.Popen[bytes]", limit: float) -> None:
        deadline = time.monotonic() + limit
        # Polled: asyncio's own child watching is bound to one event loop, a server is not.
        while process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
