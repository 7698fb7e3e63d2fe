"""Where the competitors live: a venv of their own lock and a folder of node modules."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.environment import ROOT, index

LOCK = ROOT / "requirements/bench-pdf.txt"
VENV = ROOT / ".run/bench-pdf-venv"
NODE = ROOT / ".run/bench-pdf-node"
PUPPETEER = "puppeteer-core@24.43.1"
"""The last line that Node 20 runs."""


def python() -> Path:
    """Return the interpreter that has pyppeteer and Playwright; installs it at the first use."""
    stamp, found = VENV / "stamp", VENV / "bin/python"
    wanted = f"{sys.version}\n{LOCK.read_text('utf-8')}"
    if found.exists() and stamp.exists() and stamp.read_text("utf-8") == wanted:
        return found
    print("bench: installing pyppeteer and Playwright into .run/bench-pdf-venv", file=sys.stderr)
    uv = [sys.executable, "-m", "uv"]
    environment = os.environ | index(os.environ)
    make = [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)]
    subprocess.run(make, check=True, env=environment)
    sync = [*uv, "pip", "sync", "--quiet", "--python", str(found), "--require-hashes", str(LOCK)]
    subprocess.run(sync, check=True, env=environment)
    stamp.write_text(wanted, "utf-8")
    return found


def node_modules() -> Path | None:
    """Return a file whose modules hold puppeteer-core; None where there is no Node."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        print("bench: no Node.js here, puppeteer-core takes no part", file=sys.stderr)
        return None
    stamp = NODE / "stamp"
    if not stamp.exists() or stamp.read_text("utf-8") != PUPPETEER:
        print(f"bench: installing {PUPPETEER} into .run/bench-pdf-node", file=sys.stderr)
        NODE.mkdir(parents=True, exist_ok=True)
        (NODE / "package.json").write_text("{}\n", "utf-8")
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", PUPPETEER]
        subprocess.run(install, check=True, cwd=NODE, stdout=sys.stderr)
        stamp.write_text(PUPPETEER, "utf-8")
    return NODE / "package.json"
