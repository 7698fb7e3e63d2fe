"""`workers dead replay`: do again what could not be done."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

import typer

from workers_cli.addresses import resolve
from workers_cli.broker import connected
from workers_cli.dead_queues import checked, read_all
from workers_cli.errors import ExitCode, NoSuchMessageError, UsageError
from workers_cli.letters import Letter
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, line, note
from workers_cli.replaying import Replayed, replay


@dataclass(frozen=True)
class Choice:
    """Which letters are meant."""

    ids: frozenset[str]
    code: str | None

    @property
    def every_one(self) -> bool:
        """Say whether no letter is left out."""
        return not self.ids and self.code is None

    def takes(self, letter: Letter) -> bool:
        """Say whether a letter is meant."""
        by_id = not self.ids or letter.message_id in self.ids
        return by_id and self.code in (None, letter.code)


def replay_dead(
    queue: Annotated[str, typer.Argument(help="A queue of `workers dead list`.")],
    message_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[MESSAGE_ID]...", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every message of the queue.")] = False,
    code: Annotated[
        str | None, typer.Option("--code", help="Only those with this error code.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Publish dead letters to their queue again: same ids, tries counted anew.

    A message leaves the dead letters only when the broker has its copy safe. A crash in between
    sends it twice with the same ids, which the worker does once. Exits with 1 when some stay.
    """
    if bool(message_ids) == every and not (code and not every):
        raise UsageError(
            "say which: message ids, or --all, or --code CODE", f"workers dead list {queue}"
        )
    if as_json and not yes:
        raise UsageError("--json cannot ask for confirmation", "add --yes")
    url, queue = resolve("amqp_url", rmq_url), checked(queue)
    choice = Choice(frozenset(message_ids or ()), code)
    letters = asyncio.run(_letters(url, queue, choice))
    chosen = [letter for letter in letters if choice.takes(letter)]
    if chosen and not yes:
        _confirm(chosen, queue)
    done = asyncio.run(_replay(url, queue, choice, len(letters))) if chosen else Replayed()
    return _report(done, queue, as_json=as_json)


async def _letters(url: str, queue: str, choice: Choice) -> list[Letter]:
    async with connected(url) as connection:
        letters = await read_all(connection, queue)
    missing = choice.ids - {letter.message_id for letter in letters}
    if missing:
        raise NoSuchMessageError(
            f"{queue} holds no message {', '.join(sorted(missing))}; nothing was replayed",
            f"workers dead list {queue}",
        )
    return letters


def _confirm(chosen: list[Letter], queue: str) -> None:
    counts = Counter((letter.code, letter.queue) for letter in chosen)
    for (code, to), count in counts.items():
        line(f"{count} x {code} -> {to}", error=True)
    typer.confirm(f"Replay from {queue}?", abort=True, err=True)


async def _replay(url: str, queue: str, choice: Choice, count: int) -> Replayed:
    async with connected(url) as connection:
        return await replay(connection, queue, count, choice.takes, every_one=choice.every_one)


def _report(done: Replayed, queue: str, *, as_json: bool) -> int:
    code = ExitCode.WRONG if done.skipped else ExitCode.OK
    if as_json:
        sent = [_row(letter) for letter in done.sent]
        skipped = [_row(letter) | {"why": why} for letter, why in done.skipped]
        emit({"queue": queue, "replayed": sent, "skipped": skipped})
        return code
    for letter in done.sent:
        line(f"replayed {letter.message_id} to {letter.queue} (replay {letter.replays + 1})")
    for letter, why in done.skipped:
        line(f"stays    {letter.message_id or f'number {letter.position}'}: {why}")
    if not done.sent and not done.skipped:
        note(f"nothing to replay in {queue}")
    elif done.sent:
        note("watch the outcome with: workers tail")
    return code


def _row(letter: Letter) -> dict[str, object]:
    return {
        "message_id": letter.message_id,
        "correlation_id": letter.correlation_id,
        "to": letter.queue,
        "code": letter.code,
        "replay": letter.replays + 1,
    }
