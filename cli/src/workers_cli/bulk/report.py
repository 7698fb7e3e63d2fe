"""The report: JSON lines, written as things happen; the last line of an item counts."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from workers_cli.errors import ConfigurationError, InputError

ENDED = frozenset({"accepted", "rejected", "valid", "refused", "broken"})
"""Outcomes that a later run does not ask about again; `failed` may have been replayed since."""


class Report:
    """The report's file; reading an old one tells what is done already.

    Raises:
        ConfigurationError: the file cannot be written, or another run writes it.
        InputError: it is no report.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ends: dict[str, tuple[str, str]] = {}
        self._open: dict[str, dict[str, Any]] = {}
        try:
            self._file: BinaryIO = path.open("a+b")
        except OSError as error:
            raise ConfigurationError(
                f"the report {path} cannot be written: {error.strerror}", "name another --report"
            ) from None
        try:
            self._lock()
            self._recall()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Report":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def outcome(self, item: str, identity: str) -> str | None:
        """Return how an item of this content ended in an earlier run; None when it did not."""
        known, outcome = self._ends.get(item, ("", ""))
        return outcome if known == identity else None

    def begun(self, message_id: str) -> dict[str, Any] | None:
        """Return what an earlier run knew of a command that had not ended."""
        return self._open.get(message_id)

    def write(self, line: dict[str, Any]) -> None:
        """Append one line; it survives the end of this process, however it comes."""
        self._file.write(json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n")
        self._file.flush()

    def _recall(self) -> None:
        self._file.seek(0)
        number, text = 0, b"\n"
        for number, text in enumerate(self._file, 1):
            self._take(number, text)
        if number and not text.endswith(b"\n"):
            # A run was killed while it wrote: its half line is none, and ends here.
            self._file.write(b"\n")

    def _take(self, number: int, text: bytes) -> None:
        line = _line(text)
        if line is None:
            if number == 1 and text.endswith(b"\n"):
                raise InputError(
                    f"{self._path} is not a report of this command", "name another --report"
                )
            return
        identity = str(line.get("message_id") or line.get("sha256") or "")
        outcome = str(line["outcome"])
        if outcome in ENDED:
            self._ends[line["item"]] = (identity, outcome)
            self._open.pop(identity, None)
        else:
            self._ends.pop(line["item"], None)
            self._open[identity] = {name: line[name] for name in _KEPT if name in line}

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        import fcntl  # noqa: PLC0415 - not everywhere

        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(
                f"another run writes the report {self._path}", "wait for it, or stop it"
            ) from None


_KEPT = ("states", "number", "issue_date", "upload_index")


def _line(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    told = isinstance(line, dict) and isinstance(line.get("item"), str) and "outcome" in line
    return line if told else None


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the last line of every item of a report, in the order in which they ended."""
    last: dict[str, dict[str, Any]] = {}
    with path.open("rb") as file:
        for text in file:
            line = _line(text)
            if line is not None:
                last.pop(line["item"], None)
                last[line["item"]] = line
    yield from last.values()
