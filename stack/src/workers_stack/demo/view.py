"""How the demonstration looks in a terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .board import Board, Event, Row
from .document import FINAL

_SHOWN_EVENTS = 10
_GOOD = FINAL - {kind for kind in FINAL if kind.endswith((".failed", ".rejected"))}


def live(board: Board) -> RenderableType:
    """The documents' states and the newest events."""
    newest = board.events[-_SHOWN_EVENTS:]
    lines = [event_line(seconds, event) for seconds, event in newest]
    return Group(_documents(board), Text(""), Text("Events", style="bold"), *lines)


def event_line(seconds: float, event: Event) -> Text:
    """One event on one line."""
    kind = str(event["type"])
    subject = str(event.get("subject") or "")
    return Text.assemble((f"{seconds:6.2f} s  ", "dim"), (f"{kind:<26}", _style(kind)), subject)


def summary(board: Board) -> Table:
    """Each document, its states with times, and where its archive lies."""
    table = Table(title="What became of each document", title_justify="left", show_lines=True)
    table.add_column("Document")
    table.add_column("States (seconds after it was published)", min_width=32)
    table.add_column("Archive, file or reason", overflow="fold")
    for row in board.rows.values():
        table.add_row(_name(row), _states(row), row.archive or row.remark)
    return table


def _documents(board: Board) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Document")
    table.add_column("State")
    table.add_column("Seconds", justify="right")
    for row in board.rows.values():
        kind, seconds = row.states[-1] if row.states else ("", 0.0)
        waiting = "published" if row.published_at is not None else "waiting"
        shown = Text(kind or waiting, style=_style(kind))
        table.add_row(row.document.title, shown, f"{seconds:.2f}" if kind else "")
    return table


def _name(row: Row) -> Text:
    name = Text(row.document.title)
    if row.document.number:
        name.append(f"\n{row.document.number}", style="dim")
    return name


def _states(row: Row) -> Text:
    lines = [
        Text.assemble((f"{kind:<26}", _style(kind)), f"{seconds:6.2f}")
        for kind, seconds in row.states
    ]
    return Text("\n").join(lines) if lines else Text("no event", style="red")


def _style(kind: str) -> str:
    if kind in _GOOD:
        return "green"
    if kind in FINAL:
        return "red" if kind.endswith(".failed") else "yellow"
    return "cyan" if kind else "dim"
