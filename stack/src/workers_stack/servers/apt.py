"""Debian and Ubuntu, as root: install the server programs, never start their services."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .process import ServerError

POLICY = Path("/usr/sbin/policy-rc.d")
_REFUSE_TO_START = "#!/bin/sh\n# Written for one installation; removed when it ends.\nexit 101\n"


def can_install() -> bool:
    """Whether this process may install packages here."""
    return (
        os.geteuid() == 0
        and shutil.which("apt-get") is not None
        and Path("/etc/debian_version").exists()
    )


def install(packages: Sequence[str], *, policy: Path = POLICY) -> None:
    """Install packages without starting or enabling their services, else ServerError."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _services_stay_down(policy):
        _apt(["update"], environment)
        _apt(["install", "--no-install-recommends", *packages], environment)
    systemctl = shutil.which("systemctl")
    if systemctl and Path("/run/systemd/system").exists():
        # The packages enable their services for the next boot; only private servers are wanted.
        subprocess.run([systemctl, "disable", *packages], check=False, capture_output=True)


def preset(answer: str) -> None:
    """Answer a question that a package would ask: `package question kind value`."""
    program = shutil.which("debconf-set-selections")
    if program:
        subprocess.run([program], input=answer, text=True, check=True, capture_output=True)


@contextmanager
def _services_stay_down(policy: Path) -> Iterator[None]:
    # Debian asks this file before any package starts a service; somebody else's answer is kept.
    if policy.exists():
        yield
        return
    policy.write_text(_REFUSE_TO_START)
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def _apt(arguments: list[str], environment: Mapping[str, str]) -> None:
    command = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=120", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        tail = (done.stderr.strip() or done.stdout.strip())[-800:]
        raise ServerError(f"`{' '.join(command)}` failed: {tail}")
