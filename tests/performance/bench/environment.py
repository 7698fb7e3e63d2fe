"""The environment of Celery: made once from its own lock, beside the product's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "requirements/bench.txt"
FOLDER = ROOT / ".run/bench-venv"


def index(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what makes uv look where pip looks; uv does not read pip's settings."""
    if environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL"):
        return {}
    url = environment.get("PIP_INDEX_URL") or _configured()
    return {"UV_DEFAULT_INDEX": url} if url else {}


def _configured() -> str:
    # The interpreter that .venv was made from: .venv itself has no pip.
    python = shutil.which(f"python{sys.version_info.major}", path=f"{sys.base_prefix}/bin")
    command = [python or sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else ""


def celery_python() -> Path:
    """Return the interpreter that has Celery; installs it at the first use or a new lock."""
    stamp, python = FOLDER / "stamp", FOLDER / "bin/python"
    wanted = f"{sys.version}\n{LOCK.read_text('utf-8')}"
    if python.exists() and stamp.exists() and stamp.read_text("utf-8") == wanted:
        return python
    print("bench: installing Celery into .run/bench-venv", file=sys.stderr)
    uv = [sys.executable, "-m", "uv"]
    environment = os.environ | index(os.environ)
    make = [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(FOLDER)]
    subprocess.run(make, check=True, env=environment)
    install = [
        *uv,
        "pip",
        "sync",
        "--quiet",
        "--python",
        str(python),
        "--require-hashes",
        str(LOCK),
    ]
    subprocess.run(install, check=True, env=environment)
    stamp.write_text(wanted, "utf-8")
    return python
