"""Large contents outside the messages: stored once under their own SHA-256."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from workers_contracts.types import ArtifactRef

from .errors import PermanentError, TransientError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

LONGEST_NAME = 255
"""Bytes of one part of a path, as file systems have it."""


class ArtifactMissingError(PermanentError):
    """The reference names nothing that is there."""

    code = "artifact_missing"


class ArtifactChangedError(PermanentError):
    """The content is not the one that the reference was made for."""

    code = "artifact_changed"


class ArtifactForbiddenError(PermanentError):
    """The reference points outside the artifact store."""

    code = "artifact_forbidden"


class ArtifactStoreError(TransientError):
    """The store does not answer."""

    code = "artifact_store_unavailable"


class Artifacts:
    """A content-addressed store: ``file:///folder``, ``s3://bucket/prefix`` or ``memory://``."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._parts = _checked(self._url)
        # What can be wrong with the setting is told at the start, not at the first document.
        if self._parts.scheme == "file":
            _make(_folder(self._parts))
        elif self._parts.scheme == "s3":
            _ = self._store

    @cached_property
    def _store(self) -> "ObjectStore":
        return _open(self._parts)

    async def put(self, content: bytes, *, media_type: str, suffix: str = "") -> ArtifactRef:
        """Store bytes and return their reference; the same bytes are stored once."""
        reference = self.reference(content, media_type=media_type, suffix=suffix)
        try:
            await self._store.put_async(self._path(reference.uri), content)
        except Exception as error:
            raise ArtifactStoreError(f"cannot store: {type(error).__name__}") from error
        return reference

    def reference(self, content: bytes, *, media_type: str, suffix: str = "") -> ArtifactRef:
        """Return the reference that bytes have when they are stored, without storing them."""
        digest = hashlib.sha256(content).hexdigest()
        return ArtifactRef(
            uri=f"{self._url}/{digest[:2]}/{digest}{suffix}",
            sha256=digest,
            size=len(content),
            media_type=media_type,
        )

    async def get(self, reference: ArtifactRef, *, limit: int) -> bytes:
        """Return the bytes of a reference, checked against its size and SHA-256.

        Raises:
            PermanentError: outside the store, missing, over ``limit`` bytes, or changed.
            TransientError: the store does not answer.
        """
        if reference.size > limit:
            raise PermanentError(f"the artifact has {reference.size} bytes, the limit is {limit}")
        path = self._path(reference.uri)
        try:
            answer = await self._store.get_async(path)
            # The size is known before the content is read: a changed file may be huge.
            size = answer.meta["size"]
            content = bytes(await answer.bytes_async()) if size == reference.size else b""
        except ValueError:
            raise ArtifactForbiddenError(f"{reference.uri!r} cannot be an address here") from None
        except (FileNotFoundError, IsADirectoryError):
            raise ArtifactMissingError(f"there is no artifact at {reference.uri}") from None
        except Exception as error:
            raise ArtifactStoreError(f"cannot read: {type(error).__name__}") from error
        if hashlib.sha256(content).hexdigest() != reference.sha256:
            raise ArtifactChangedError("the artifact's SHA-256 is not the reference's")
        return content

    async def has(self, reference: ArtifactRef) -> bool:
        """Say whether there is something at a reference, without reading it.

        Raises:
            ArtifactForbiddenError: outside the store.
            ArtifactStoreError: the store does not answer.
        """
        path = self._path(reference.uri)
        try:
            await self._store.head_async(path)
        except FileNotFoundError:
            return False
        except Exception as error:
            raise ArtifactStoreError(f"cannot look: {type(error).__name__}") from error
        return True

    async def delete(self, reference: ArtifactRef) -> None:
        """Take the bytes of a reference away; what is gone already is fine.

        Raises:
            ArtifactForbiddenError: it points outside the store, or to what the store did not name.
            ArtifactStoreError: the store does not answer.
        """
        path, digest = self._path(reference.uri), reference.sha256
        if not path.startswith(f"{digest[:2]}/{digest}"):
            raise ArtifactForbiddenError(f"{reference.uri!r} is no artifact that was stored here")
        try:
            await self._store.delete_async(path)
        except FileNotFoundError:
            return
        except ValueError:
            raise ArtifactForbiddenError(f"{reference.uri!r} cannot be an address here") from None
        except Exception as error:
            raise ArtifactStoreError(f"cannot delete: {type(error).__name__}") from error

    def _path(self, uri: str) -> str:
        prefix = f"{self._url}/"
        path = unquote(uri.removeprefix(prefix))
        parts = path.split("/")
        named = all(0 < len(part.encode(errors="replace")) <= LONGEST_NAME for part in parts)
        if not uri.startswith(prefix) or ".." in parts or not named:
            raise ArtifactForbiddenError(
                f"the artifact must lie under {self._url}; store it there and send that address"
            )
        return path


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in {"file", "memory", "s3"}:
        raise ValueError(f"ARTIFACTS_URL must start with file:// or s3://, not {parts.scheme}://")
    if parts.scheme == "file" and (parts.netloc or not parts.path.strip("/")):
        raise ValueError(f"ARTIFACTS_URL is {url}; write file:///folder, with three slashes")
    if parts.scheme == "s3" and not parts.netloc:
        raise ValueError("ARTIFACTS_URL names no bucket; write s3://bucket/prefix")
    return parts


def _open(parts: SplitResult) -> "ObjectStore":
    # Only here: seven megabytes, for a worker that may not meet a large content for hours.
    from obstore.store import LocalStore, MemoryStore, S3Store  # noqa: PLC0415

    match parts.scheme:
        case "file":
            return LocalStore(_folder(parts), mkdir=True)
        case "s3":
            return S3Store(parts.netloc, prefix=parts.path.strip("/") or None)
        case _:
            return MemoryStore()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"ARTIFACTS_URL: the folder {folder} cannot be made ({error.strerror}); "
            "name one where this program may write"
        ) from None


def _folder(parts: SplitResult) -> Path:
    return Path(unquote(parts.path))
