"""A worker as a process of its own: started, asked, killed, frozen."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

START_SECONDS = 30.0


class WorkerProcess:
    """``python -m <module>`` or a script, with its log in a file."""

    def __init__(self, program: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._log_path = folder / f"worker-{time.monotonic_ns()}.log"
        self._port = _free_port()
        defaults = {
            "HTTP_PORT": str(self._port),
            "WORKERS_ENV": "test",
            "LOG_FORMAT": "json",
            "HEARTBEAT_SECONDS": "1",
            "STALL_SECONDS": "4",
            "PYTHONWARNINGS": "default",
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("WORKERS_")}
        arguments = [program] if program.endswith(".py") else ["-m", program]
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, *arguments],
                env={**inherited, **defaults, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything it logged so far."""
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    @property
    def running(self) -> bool:
        """Say whether the process is there."""
        return self._process.poll() is None

    def get(self, path: str) -> httpx.Response:
        """Ask one of its pages."""
        return httpx.get(self.url + path, timeout=10, trust_env=False)

    def wait_ready(self, seconds: float = START_SECONDS) -> "WorkerProcess":
        """Wait until it can take work; fails with its log when it cannot."""
        self.wait_status(200, seconds)
        return self

    def wait_status(self, status: int, seconds: float = START_SECONDS) -> None:
        """Wait until ``/health/ready`` answers with this status."""
        deadline = time.monotonic() + seconds
        last = "no answer"
        while time.monotonic() < deadline:
            if not self.running:
                raise AssertionError(
                    f"the worker ended with {self._process.returncode}:\n{self.log}"
                )
            try:
                answer = self.get("/health/ready")
            except httpx.HTTPError as error:
                last = type(error).__name__
            else:
                if answer.status_code == status:
                    return
                last = answer.text
            time.sleep(0.05)
        raise AssertionError(f"not {status} within {seconds:g} s: {last}\n{self.log[-4000:]}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal: SIGTERM, SIGKILL, SIGSTOP, SIGCONT."""
        self._process.send_signal(number)

    def wait_end(self, seconds: float = 30.0) -> int:
        """Wait for its end; returns the exit code, negative for a signal."""
        return self._process.wait(seconds)

    def ask_to_end(self) -> None:
        """Ask it to end, also when it is frozen; does not wait."""
        if self.running:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()

    def end(self) -> None:
        """Make sure that it is gone."""
        if self.running:
            self.ask_to_end()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
