"""Takes what an event refers to from the artifact store to a file here."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from workers_contracts.types import ArtifactRef
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import WorkerError

from .errors import ConfigurationError, UsageError

LARGEST = 128 * 1024 * 1024


def fetch(reference: dict[str, Any], out: Path, store: str | None) -> None:
    """Write an artifact to a file; its SHA-256 is compared on the way.

    Raises:
        ConfigurationError: the store cannot be read from here.
        UsageError: the file cannot be written.
    """
    artifact = ArtifactRef.model_validate(reference)
    url = store or _store_of(artifact.uri)
    try:
        content = asyncio.run(Artifacts(url).get(artifact, limit=LARGEST))
    except (ValueError, WorkerError) as error:
        raise ConfigurationError(
            f"{artifact.uri} cannot be read from here: {error}",
            "give --artifacts-url or ARTIFACTS_URL, or run this where the workers run",
        ) from None
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written: {error.strerror}", f"ls -ld {out.parent}"
        ) from None


def _store_of(uri: str) -> str:
    """The store that an address lies in: above its two last parts."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and not Path(unquote(parts.path)).is_file():
        # Asking the store would make its folder.
        raise ConfigurationError(
            f"there is no {uri} on this machine",
            "give --artifacts-url or ARTIFACTS_URL, or run this where the workers run",
        )
    return uri.rsplit("/", 2)[0]
