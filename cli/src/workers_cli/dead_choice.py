"""Which dead letters of a queue are meant, and asking whether they really are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from .broker import connected
from .dead_queues import read_all
from .errors import NoSuchMessageError, UsageError
from .letters import Letter
from .output import line


@dataclass(frozen=True)
class Choice:
    """Which letters are meant."""

    ids: frozenset[str]
    code: str | None

    @classmethod
    def of(
        cls, queue: str, ids: Sequence[str] | None, *, every: bool, code: str | None
    ) -> "Choice":
        """Return what the arguments mean.

        Raises:
            UsageError: they say nothing, or two things.
        """
        if bool(ids) == every and not (code and not every):
            raise UsageError(
                "say which: message ids, or --all, or --code CODE", f"workers dead list {queue}"
            )
        return cls(frozenset(ids or ()), code)

    @property
    def every_one(self) -> bool:
        """Say whether no letter is left out."""
        return not self.ids and self.code is None

    def takes(self, letter: Letter) -> bool:
        """Say whether a letter is meant."""
        by_id = not self.ids or letter.message_id in self.ids
        return by_id and self.code in (None, letter.code)


async def chosen_from(url: str, queue: str, choice: Choice, done: str) -> tuple[list[Letter], int]:
    """Return the letters that are meant, and how many the queue has.

    Raises:
        NoSuchMessageError: an id is not there; nothing was ``done``.
    """
    async with connected(url) as connection:
        letters = await read_all(connection, queue)
    missing = choice.ids - {letter.message_id for letter in letters}
    if missing:
        raise NoSuchMessageError(
            f"{queue} holds no message {', '.join(sorted(missing))}; nothing was {done}",
            f"workers dead list {queue}",
        )
    return [letter for letter in letters if choice.takes(letter)], len(letters)


def confirm(chosen: list[Letter], question: str) -> None:
    """Show how many of which are meant, and ask; a no ends the program."""
    counts = Counter((letter.code, letter.queue) for letter in chosen)
    for (code, queue), count in counts.items():
        line(f"{count} x {code} -> {queue}", error=True)
    typer.confirm(question, abort=True, err=True)
