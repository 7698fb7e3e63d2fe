"""`workers dead drop`: take away what nobody wants to do again."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from workers_cli.addresses import resolve
from workers_cli.broker import connected
from workers_cli.dead_choice import Choice, chosen_from, confirm
from workers_cli.dead_queues import checked
from workers_cli.errors import ExitCode, UsageError
from workers_cli.letters import Letter, held, letter_of
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, line, note
from workers_cli.replaying import WINDOW


def drop_dead(
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
    """Delete dead letters for good, and print what was deleted; their bodies are gone.

    Their failed events were published when they died: no publisher waits for them.
    """
    choice = Choice.of(queue, message_ids, every=every, code=code)
    if as_json and not yes:
        raise UsageError("--json cannot ask for confirmation", "add --yes")
    url, queue = resolve("amqp_url", rmq_url), checked(queue)
    chosen, count = asyncio.run(chosen_from(url, queue, choice, "dropped"))
    if chosen and not yes:
        confirm(chosen, f"Drop for good what is in {queue}?")
    dropped = asyncio.run(_drop(url, queue, choice, count)) if chosen else []
    if as_json:
        emit({"queue": queue, "dropped": [asdict(letter) for letter in dropped]})
        return ExitCode.OK
    for letter in dropped:
        line(f"dropped {_words(letter)}")
    if not dropped:
        note(f"nothing to drop in {queue}")
    return ExitCode.OK


def _words(letter: Letter) -> str:
    name = letter.message_id or f"number {letter.position}"
    where = f" ({letter.field})" if letter.field else ""
    reason = f": {letter.reason}" if letter.reason else ""
    return f"{name} {letter.command} {letter.code}{where}{reason}"


async def _drop(url: str, queue: str, choice: Choice, count: int) -> list[Letter]:
    """Take the chosen ones of the first ``count``; those that die meanwhile stay."""
    dropped: list[Letter] = []
    at_once = WINDOW if choice.every_one else None
    async with (
        connected(url) as connection,
        held(connection, queue, count, at_once=at_once) as hold,
    ):
        position = 0
        async for raw in hold:
            position += 1
            letter = letter_of(raw, queue, position)
            if choice.takes(letter):
                await hold.take(raw)
                dropped.append(letter)
    return dropped
