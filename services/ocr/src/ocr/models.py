"""The models that are there: where they lie, and what tells them apart."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

NEEDED = ("det", "rec_ro", "rec_latin")


def missing(folder: str) -> str | None:
    """Return what a person has to do before anything can be recognised; None when all is there."""
    absent = [
        name
        for name in NEEDED
        for file in ("inference.onnx", "inference.yml")
        if not (Path(folder) / name / file).is_file()
    ]
    if not absent:
        return None
    return (
        f"no models in {folder} ({', '.join(dict.fromkeys(absent))}): run `./justw install`, or "
        "name another folder in OCR_MODELS_DIR"
    )


def hashes(folder: str) -> Mapping[str, str]:
    """Return the SHA-256 of each model; those beside NOTICE.json are taken from it."""
    notice = Path(folder) / "NOTICE.json"
    if notice.is_file():
        known: dict[str, str] = json.loads(notice.read_text("utf-8"))["sha256"]
        return known
    files = {name: Path(folder) / name / "inference.onnx" for name in NEEDED}
    return {
        name: hashlib.sha256(file.read_bytes()).hexdigest()
        for name, file in files.items()
        if file.is_file()
    }
