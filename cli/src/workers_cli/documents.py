"""A file as a command's body: its text where that fits a message, else the artifact store."""

import json
from pathlib import Path
from typing import Any

from workers_runtime.artifacts import Artifacts, ArtifactStoreError

from .addresses import stack_file
from .errors import BodyTooLargeError, ConfigurationError, InputError

MAX_TEXT = 128 * 1024
"""Bytes of a document that a message carries itself; JSON makes them more."""
MAX_FILE = 10 * 1024 * 1024
"""ANAF's limit for an upload."""


async def body_of(file: str, fields: dict[str, Any], artifacts_url: str | None) -> bytes:
    """Return a command's body with the file's document in ``xml`` or ``artifact``.

    Raises:
        InputError: the file cannot be read, is empty, or is over ANAF's limit.
        BodyTooLargeError: it does not fit a message and no artifact store is known.
    """
    return await body_with(file, _content(Path(file)), fields, artifacts_url)


async def body_with(
    name: str, content: bytes, fields: dict[str, Any], artifacts_url: str | None
) -> bytes:
    """Return a command's body with a document's bytes; raises what `body_of` raises."""
    if not content.strip():
        raise InputError(
            f"{name} is empty",
            "give a UBL invoice or credit note",
            ro=(f"{name} este gol.", "Dați o factură sau o notă de creditare UBL."),
        )
    if len(content) > MAX_FILE:
        raise InputError(
            f"{name} has {len(content)} bytes; ANAF takes {MAX_FILE} at most",
            "shrink or remove its attachments",
            ro=(
                f"{name} are {len(content)} octeți; ANAF primește cel mult {MAX_FILE}.",
                "Micșorați sau eliminați atașamentele.",
            ),
        )
    text = _text(content)
    if text is not None and len(content) <= MAX_TEXT:
        return json.dumps(fields | {"xml": text}, ensure_ascii=False).encode()
    reference = await _stored(name, content, artifacts_url)
    return json.dumps(fields | {"artifact": reference}, ensure_ascii=False).encode()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file {path}", f"ls {path.parent}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", f"ls -l {path}") from None


def _text(content: bytes) -> str | None:
    """The text when the bytes are UTF-8; other encodings go to the store as they are."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


async def _stored(file: str, content: bytes, url: str | None) -> dict[str, Any]:
    store = url or _local_store()
    if store is None:
        raise BodyTooLargeError(
            f"{file} is over {MAX_TEXT} bytes or not UTF-8, so it cannot travel in a message",
            "give --artifacts-url or ARTIFACTS_URL: the store that the workers read",
            ro=(
                f"{file} are peste {MAX_TEXT} de octeți sau nu este UTF-8, deci nu încape într-un "
                "mesaj.",
                "Indicați depozitul pe care îl citesc serviciile: --artifacts-url sau "
                "ARTIFACTS_URL.",
            ),
        )
    try:
        artifacts = Artifacts(store)
        reference = await artifacts.put(content, media_type="application/xml", suffix=".xml")
    except (ValueError, ArtifactStoreError) as error:
        raise ConfigurationError(
            f"the artifact store {store}: {error}",
            "check its URL",
            ro=(f"Depozitul de documente {store} nu poate fi folosit.", "Verificați adresa lui."),
        ) from None
    return reference.model_dump(mode="json")


def _local_store() -> str | None:
    """The artifact store of the local stack, beside its file of addresses."""
    path = stack_file()
    folder = path.parent.resolve() / "artifacts" if path else None
    return f"file://{folder}" if folder and folder.is_dir() else None
