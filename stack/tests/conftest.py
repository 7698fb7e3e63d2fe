"""A small workspace with fake programs, and the stack's commands run on it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

FAKES = Path(__file__).with_name("fakes")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder that looks like the workspace and holds one service, `fake-worker`."""
    service = tmp_path / "workspace" / "services" / "fake-worker"
    service.mkdir(parents=True)
    (service / "pyproject.toml").write_text('[project]\nname = "fake-worker"\n')
    (tmp_path / "workspace" / "justfile").touch()
    return tmp_path / "workspace"


@pytest.fixture
def stack(
    workspace: Path, vhost_url: str, redis_url: str, tmp_path: Path
) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start `python -m workers_stack …` in the workspace, on the session's servers."""
    started = []

    def start(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "workers_stack", *arguments],
            cwd=workspace,
            env={
                **os.environ,
                "PYTHONPATH": str(FAKES),
                "TMPDIR": str(tmp_path),
                "RMQ_URL": vhost_url,
                "REDIS_URL": redis_url,
                "COLUMNS": "160",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
