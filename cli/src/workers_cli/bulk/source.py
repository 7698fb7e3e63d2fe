"""Where the invoices come from: a folder of XML files, or a file with one JSON object a line."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers_cli.errors import InputError

MAX_LINE = 16 * 1024 * 1024
"""Bytes of one line: a document of ANAF's largest size, written as JSON."""
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """One item of the source; its content is read when it is wanted, and not kept."""

    name: str
    path: Path
    offset: int | None = None
    """Where its line begins; None when the whole file is the item."""
    size: int = 0
    number: int = 0
    """Of its line."""

    def read(self) -> bytes:
        """Return its bytes.

        Raises:
            InputError: a line that is over the limit.
        """
        if self.offset is None:
            return self.path.read_bytes()
        if self.size > MAX_LINE:
            raise InputError(
                f"line {self.number} has {self.size} bytes, the limit is {MAX_LINE}",
                "put a large document into a file of its own",
                ro=(
                    f"Linia {self.number} are {self.size} octeți; limita este {MAX_LINE}.",
                    "Puneți un document mare într-un fișier separat.",
                ),
            )
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


def places(source: str) -> list[Place]:
    """Return every item of a folder (its `.xml` files, also in folders inside) or of a file.

    Raises:
        InputError: there is no such folder or file, or nothing in it.
    """
    path = Path(source)
    try:
        found = list(_files(path) if path.is_dir() else _lines(path))
    except FileNotFoundError:
        raise InputError(f"there is no folder or file {source}", f"ls {path.parent}") from None
    except OSError as error:
        which = error.filename or source
        raise InputError(f"{which} cannot be read: {error.strerror}", f"ls -l {which}") from None
    if not found:
        raise InputError(
            f"{source} holds no invoice", "give a folder with .xml files, or a file of JSON lines"
        )
    return found


def _files(folder: Path) -> Iterator[Place]:
    found: list[Path] = []
    # A folder inside that cannot be read is an error: its invoices would be left out unsaid.
    for inside, _, names in os.walk(folder, onerror=_raise):
        found += [Path(inside, name) for name in names]
    for path in sorted(found):
        if path.suffix.lower() == ".xml" and path.is_file():
            yield Place(path.relative_to(folder).as_posix(), path)


def _raise(error: OSError) -> None:
    raise error


def _lines(path: Path) -> Iterator[Place]:
    """Only the places: lines are read when their turn comes, whatever their length."""
    offset = 0
    with path.open("rb") as file:
        for number, (size, blank) in enumerate(_spans(iter(lambda: file.read(_CHUNK), b"")), 1):
            if not blank:
                yield Place(f"{path.name}:{number}", path, offset, size, number)
            offset += size


def _spans(chunks: Iterator[bytes]) -> Iterator[tuple[int, bool]]:
    """Yield the length of each line, its end included, and whether it is blank."""
    size, blank = 0, True
    for chunk in chunks:
        for part in _split(chunk):
            size += len(part)
            blank = blank and not part.strip()
            if part.endswith(b"\n"):
                yield size, blank
                size, blank = 0, True
    if size:
        yield size, blank


def _split(chunk: bytes) -> list[bytes]:
    # Only a line feed ends a line of JSON lines; `splitlines` has more ideas.
    parts = [part + b"\n" for part in chunk.split(b"\n")]
    parts[-1] = parts[-1][:-1]
    return [part for part in parts if part]
