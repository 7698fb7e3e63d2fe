"""How far a run is: a moving line on a terminal, a remark now and then elsewhere."""

import time
from collections import Counter
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workers_cli.output import console, emit, note

REMARK_SECONDS = 30.0


class Meter:
    """Shows each line of the report as it comes.

    Args:
        total: items of the run.
        as_json: lines go to standard output, and nothing moves.
    """

    def __init__(self, total: int, *, as_json: bool) -> None:
        self._total = total
        self._as_json = as_json
        self._ended: Counter[str] = Counter()
        self._began = self._remarked = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[counts]}"),
            console=console(error=True),
            disable=as_json or not console(error=True).is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("items", total=total, counts="")

    def __enter__(self) -> "Meter":
        """Begin to show."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Take the line away."""
        self._bar.stop()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def told(self, line: dict[str, Any]) -> None:
        """Take one line of the report in."""
        if self._as_json:
            emit(line)
        if line["outcome"] == "pending":
            return
        self._ended[line["outcome"]] += 1
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self._ended.items()))
        self._bar.update(self._task, advance=1, counts=counts)
        if self._bar.disable and not self._as_json:
            self._remark(counts)

    def _remark(self, counts: str) -> None:
        if time.monotonic() - self._remarked >= REMARK_SECONDS:
            self._remarked = time.monotonic()
            note(f"{self._ended.total()} of {self._total}: {counts}")
