"""Plays the sandbox: a seal and a list of uploads that the fake worker writes beside the keys."""

import os
import signal
from pathlib import Path

from pages import serve

folder = Path(os.environ["SANDBOX_KEY_DIR"])
folder.mkdir(parents=True, exist_ok=True)


def uploads() -> list[dict[str, str]]:
    written = folder.parent / "uploads.txt"
    numbers = written.read_text().split() if written.exists() else []
    return [{"number": number} for number in numbers]


pages = {
    "/health": dict,
    "/_control/seal.pem": lambda: "A SEAL",
    "/_control/uploads": uploads,
}
serve(int(os.environ["SANDBOX_PORT"]), pages)
signal.pause()
