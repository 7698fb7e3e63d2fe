"""What is printed: tables and lines for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workers_runtime.redaction import redact_text

PLAIN_WIDTH = 160
"""Columns where there is no terminal: a pipe has no width of its own."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        _reader_left()


def _reader_left() -> NoReturn:
    """End quietly: ``workers tail | head -1`` has what it wants."""
    # What is still in the buffer would raise again when the process ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


def console(*, error: bool = False) -> Console:
    """Return a console on the present standard output (or error)."""
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PLAIN_WIDTH
    return _Console(file=stream, highlight=False, width=width)


def plain(text: object) -> str:
    """Return a text that cannot steer a terminal and holds no secret.

    What another program published is shown to a person: escape sequences and the marks that
    turn the writing direction are spelled out.
    """
    return "".join(
        char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}"
        for char in redact_text(str(text))
    )


def line(text: str, *, style: str = "", error: bool = False) -> None:
    """Print one line, unwrapped."""
    console(error=error).print(Text(plain(text), style=style), soft_wrap=True)


def note(text: str) -> None:
    """Tell the person something beside the result, on standard error."""
    line(text, style="dim", error=True)


def emit(value: Any) -> None:
    """Print one JSON document on one line of standard output."""
    try:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _reader_left()


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; without a terminal it has no frame and no cut-off."""
    out = console()
    shown = Table(
        *columns, box=box.SIMPLE_HEAD if out.is_terminal else None, pad_edge=False, show_edge=False
    )
    for column in shown.columns:
        column.overflow = "fold"
    for row in rows:
        shown.add_row(*(_cell(value) for value in row))
    out.print(shown)


def _cell(value: object) -> Text:
    return Text("-" if value in (None, "") else plain(value))
