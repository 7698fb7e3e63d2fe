"""The journal's question: was this message handled before, and how did it end?"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from .results import Result

DEATHS_BEFORE_SUSPECT = 2
DEATHS_BEFORE_DEAD = 5
DEATHS_WITHOUT_DOUBT = 12
"""However many workers die of other causes: nothing dies so often by chance."""

COOL_SECONDS = 15
"""A suspect rests before it is tried again: it must not be each new worker's first work."""

STORM_SECONDS = 300
"""For how long a process that died is remembered as evidence for those who died with it."""


@dataclass(frozen=True)
class New:
    """Nobody worked on it, or whoever did gave it back without any effect."""

    token: str


@dataclass(frozen=True)
class InDoubt:
    """A predecessor died, or said that the effect may have happened."""

    token: str
    deaths: int
    """Workers that died with this message in their hands, in a row."""
    crashes: int = 0
    """Worker processes that died in the last minutes, whatever they had in hand."""

    @property
    def is_suspect(self) -> bool:
        """Say whether it should be judged alone."""
        return self.deaths >= DEATHS_BEFORE_SUSPECT

    @property
    def is_killer(self) -> bool:
        """Say whether it kills its workers, rather than being there when they die of something.

        In a storm of crashes (memory runs out, machines go) most processes die without it.
        """
        often = self.deaths >= DEATHS_BEFORE_DEAD and self.deaths * 2 >= self.crashes
        return often or self.deaths >= DEATHS_WITHOUT_DOUBT


@dataclass(frozen=True)
class Busy:
    """A living worker has it now."""


@dataclass(frozen=True)
class Done:
    """It is finished; ``outcome`` is what was published (see `wire.dump`)."""

    outcome: str


Claim = New | InDoubt | Busy | Done


class Claims:
    """What this process works on, and one question a message at a time.

    Two copies of a command may arrive in the same moment. The second, asking between the first
    one's claim and its answer, would take that claim for its own whose answer was lost.
    """

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._asking: dict[str, asyncio.Event] = {}

    async def ask(self, key: str, question: Callable[[], Awaitable[Claim]]) -> Claim:
        """Return the journal's answer; Busy, unasked, for what this process has in hand."""
        while (asked := self._asking.get(key)) is not None:
            await asked.wait()
        if key in self._held:
            return Busy()
        self._asking[key] = answered = asyncio.Event()
        try:
            claim = await question()
            if isinstance(claim, New | InDoubt):
                self._held.add(key)
        finally:
            del self._asking[key]
            answered.set()
        return claim

    def end(self, key: str) -> None:
        """Forget a message that was settled."""
        self._held.discard(key)


class Journal(Protocol):
    """Remembers message ids; Redis for stateless workers, SQL for those that file documents."""

    keeps_results: bool
    """Whether `finish` stores the result as well."""

    async def start(self) -> None:
        """Connect and begin to prove that this instance is alive."""

    async def stop(self) -> None:
        """Stop proving it and disconnect."""

    async def ping(self) -> None:
        """Raise JournalUnavailableError when the journal cannot be asked."""

    async def stamp(self, fingerprint: str, *, redelivered: bool) -> str:
        """Return an id for a message without one; the same id when it is redelivered."""

    async def claim(self, key: str) -> Claim:
        """Take ``key`` for this instance, or learn why not."""

    async def finish(
        self, key: str, token: str, outcome: str, result: Result | None = None
    ) -> bool:
        """Record the outcome; False when another worker took the message over (fenced).

        A journal in Redis stores the result in the same step, which saves a round trip.
        """

    async def release(self, key: str, token: str, *, in_doubt: bool, survived: bool = True) -> None:
        """Give the message back for a later try.

        A worker that ``survived`` its handler clears the message of the deaths before: only deaths
        in a row make a killer, not a bad week of the machines.
        """
