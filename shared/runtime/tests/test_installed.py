"""A worker that is tried as in its image finds the packages of its lock file and no others."""

import os
import subprocess
import sys

import pytest

from workers_runtime.testing import as_installed


@pytest.mark.parametrize(("module", "found"), [("pydantic", True), ("pytest", False)])
def test_only_what_the_lock_names_is_found(module, found, tmp_path):
    lock, everything = tmp_path / "worker.txt", tmp_path / "dev.txt"
    lock.write_text("pydantic==2.0 \\\n    --hash=sha256:0\n")
    everything.write_text(lock.read_text() + "pytest==8.0\n")
    environment = os.environ | as_installed(lock, everything)
    command = [sys.executable, "-c", f"import {module}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert (done.returncode == 0) is found, done.stderr
