"""From a command to what goes to Slack: texts within the limits, blocks, one part or several.

No I/O. Source: Slack, `chat.postMessage`: 4000 characters are advised, more than 40 000 are cut.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workers_contracts.notify import NotifySlack

from . import blocks as kit
from . import mentions
from .errors import MessageRefusedError

MAX_TEXT = 4000
"""Characters of one message, as Slack counts them: `&lt;` is four."""

LONG_TEXT = "message.txt"


@dataclass(frozen=True)
class Message:
    """What is posted for one command."""

    parts: tuple[str, ...]
    """Texts, ready for Slack, in order; the blocks go with the first one."""

    blocks: list[dict[str, Any]] | None = None
    attached: str | None = None
    """A text too long for a message, to be shared as a file."""


def compose(command: NotifySlack) -> Message:
    """Return what is posted.

    Raises:
        MessageRefusedError: it does not fit, or nothing of it would be seen.
    """
    if not command.text.strip():
        raise MessageRefusedError("has only blanks: Slack would refuse it", field="text")
    blocks = command.blocks
    if blocks is not None:
        kit.check(blocks)
        if not command.allow_mentions:
            blocks = kit.inert(blocks)
            kit.check(blocks)  # escaping makes a text longer
    ready = _ready(command)
    if len(ready(command.text)) <= MAX_TEXT:
        return Message((ready(command.text),), blocks)
    if command.overflow == "refuse":
        raise MessageRefusedError(
            f"{len(ready(command.text))} characters, one message takes {MAX_TEXT}; shorten it, or "
            'set overflow to "split" or "attach"',
            field="text",
        )
    pieces = split(command.text, ready)
    if command.overflow == "split":
        return Message(tuple(map(ready, pieces)), blocks)
    return Message((ready(pieces[0]),), blocks, attached=command.text)


def _ready(command: NotifySlack) -> Callable[[str], str]:
    form = mentions.markdown if command.markdown else mentions.plain
    return lambda text: form(text, allow_mentions=command.allow_mentions)


def split(text: str, ready: Callable[[str], str], limit: int = MAX_TEXT) -> list[str]:
    """Cut a text at paragraphs, lines or blanks, so that each piece fits once it is ready."""
    pieces: list[str] = []
    rest = text.strip("\n")
    while rest:
        end = _fitting(rest, ready, limit)
        if end < len(rest):
            end = _boundary(rest, end)
        if rest[:end].strip():
            pieces.append(rest[:end].strip("\n"))
        rest = rest[end:].lstrip("\n")
    return pieces


def _fitting(text: str, ready: Callable[[str], str], limit: int) -> int:
    """Return how many characters fit: escaping makes a text longer, never shorter than one."""
    low, high = 1, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(ready(text[:middle])) <= limit else (low, middle - 1)
    return low


def _boundary(text: str, end: int) -> int:
    for mark in ("\n\n", "\n", " "):
        found = text.rfind(mark, end // 2, end)
        if found > 0:
            return found + len(mark)
    return _outside_token(text, end)


def _outside_token(text: str, end: int) -> int:
    """Move a cut out of a `<link|label>`, unless that is all there is."""
    opened = text.rfind("<", 0, end)
    return opened if opened > 0 and text.find(">", opened, end) < 0 else end
