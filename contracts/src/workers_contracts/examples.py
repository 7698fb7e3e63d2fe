"""Bodies that each message accepts, bundled with the package from ``contracts/examples``."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

BUNDLE = "examples.json"


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Return the accepted bodies by routing key and case; for events the ``data``."""
    text = files(__package__).joinpath(BUNDLE).read_text(encoding="utf-8")
    bundle: dict[str, dict[str, Any]] = json.loads(text)
    return bundle


def bundled(folder: Path) -> str:
    """Return the bundle's text for a folder of ``<key>/valid-<case>.json`` files."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*/valid-*.json")):
        case = path.stem.removeprefix("valid-")
        body = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(path.parent.name, {})[case] = body
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
