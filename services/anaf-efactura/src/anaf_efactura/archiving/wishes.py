"""Wishes to the worker pdf.render: sent once, asked after with growing pauses, given up in time."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from anaf_efactura.errors import PdfFailedError, PdfUnansweredError
from workers_contracts.efactura_archive import CollectPdf
from workers_contracts.pdf import PdfFailed, PdfRendered, RenderPdf
from workers_contracts.types import ArtifactRef
from workers_runtime.identity import Task, derived_id
from workers_runtime.results import answer_to
from workers_runtime.router import After, Item, Send

PAUSES: Final = (1.0, 1.0, 1.0, 2.0, 3.0, 5.0)
"""Seconds before each question; the last repeats. A page takes about one second."""
AGAIN_EVERY: Final = 12
"""After so many questions the wish is sent again: an answer lives in Redis, which may be emptied.
The same id and content: a worker that has done it only says so again."""


@dataclass(frozen=True)
class Wish:
    """A PDF that is wanted, and why; the same for the same request."""

    render: RenderPdf
    seed: str

    @property
    def message_id(self) -> str:
        """Made of the request and the content: other content is another wish."""
        content = hashlib.sha256(self.render.short_json().encode()).hexdigest()
        return derived_id("efactura.pdf", self.seed, content)


def seed_of(task: Task) -> str:
    """Return what makes the ids of a request, the same when it is handled again."""
    return derived_id("efactura.pdf", task.tenant, task.message_id, str(task.replay))


class Wishes:
    """Asks pdf.render by a command and reads its answer from the results in Redis."""

    def __init__(self, redis: "Redis", *, patience_seconds: float) -> None:
        self._redis = redis
        self._rounds = _rounds(patience_seconds)

    async def answer(self, command: CollectPdf, task: Task) -> ArtifactRef | None:
        """Return the PDF, or None while there is none.

        Raises:
            PdfFailedError: it cannot be printed.
            PdfUnansweredError: pdf.render is silent for too long.
            ResultsUnavailableError: Redis is away; it is tried again.
        """
        for event in reversed(await answer_to(self._redis, command.wish, task.tenant)):
            data = event.get("data", {})
            if event.get("type") == PdfRendered.key:
                return PdfRendered.model_validate(data).artifact
            if event.get("type") == PdfFailed.key and not task.replay:
                raise PdfFailedError(
                    f"pdf.render: {data.get('code')}: {data.get('message')}. When that is put "
                    "right, replay this command"
                )
        if command.round >= self._rounds and not task.replay:
            raise PdfUnansweredError(
                "pdf.render did not answer; start it, or look what it waits for with "
                "`workers status`, then replay this command"
            )
        return None

    def begin(self, wish: Wish, first: CollectPdf) -> list[Item]:
        """Send a wish, and ask after it."""
        return [Send(wish.render, wish.message_id), self._after(first)]

    def go_on(self, wish: Wish, command: CollectPdf, task: Task) -> Sequence[Item]:
        """Ask again; a person who replays it begins anew, with an id that has no answer yet."""
        if task.replay:
            wish = Wish(wish.render, derived_id("efactura.pdf", wish.seed, str(task.replay)))
        round_ = 1 if task.replay else command.round + 1
        update = {"round": round_, "wish": wish.message_id, "seed": wish.seed}
        after = self._after(command.model_copy(update=update))
        lost = task.replay or wish.message_id != command.wish or not round_ % AGAIN_EVERY
        return [Send(wish.render, wish.message_id), after] if lost else [after]

    def _after(self, command: CollectPdf) -> After:
        return After(command, _pause(command.round), reason="the PDF of pdf.render")


def _pause(round_: int) -> float:
    return PAUSES[min(round_, len(PAUSES)) - 1]


def _rounds(seconds: float) -> int:
    total, count = 0.0, 0
    while total < seconds:
        count += 1
        total += _pause(count)
    return count
