"""`workers dead replay`: do again what could not be done."""

import asyncio
from typing import Annotated

import typer

from workers_cli.addresses import resolve
from workers_cli.body import command_for
from workers_cli.broker import connected
from workers_cli.dead_choice import Choice, chosen_from, confirm
from workers_cli.dead_queues import checked
from workers_cli.errors import ExitCode, UsageError
from workers_cli.letters import Letter
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, line, note
from workers_cli.queues import UNROUTED_QUEUES
from workers_cli.replaying import Replayed, replay


def replay_dead(
    queue: Annotated[str, typer.Argument(help="A queue of `workers dead list`.")],
    message_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[MESSAGE_ID]...", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every message of the queue.")] = False,
    code: Annotated[
        str | None, typer.Option("--code", help="Only those with this error code.")
    ] = None,
    under: Annotated[
        str | None,
        typer.Option("--as", metavar="KEY", help="Under the right key: for mistyped ones."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Publish dead letters to their queue again: same ids, tries counted anew.

    A message leaves the dead letters only when the broker has its copy safe. A crash in between
    sends it twice with the same ids, which the worker does once. Exits with 1 when some stay.
    """
    choice = Choice.of(queue, message_ids, every=every, code=code)
    if as_json and not yes:
        raise UsageError("--json cannot ask for confirmation", "add --yes")
    url, queue = resolve("amqp_url", rmq_url), checked(queue)
    if under is not None:
        _check_key(under, queue)
    chosen, count = asyncio.run(chosen_from(url, queue, choice, "replayed"))
    if chosen and not yes:
        confirm(chosen, f"Replay from {queue}?")
    done = asyncio.run(_replay(url, queue, choice, count, under)) if chosen else Replayed()
    return _report(done, queue, as_json=as_json)


def _check_key(key: str, queue: str) -> None:
    """Refuse a key that nobody takes, and one for letters that had a right one."""
    if queue not in UNROUTED_QUEUES:
        raise UsageError(
            "--as is for commands that no queue took", f"workers dead list {UNROUTED_QUEUES[0]}"
        )
    if not command_for(key).is_public():
        raise UsageError(f"{key} is sent by its worker only", f"workers dead list {queue}")


async def _replay(url: str, queue: str, choice: Choice, count: int, under: str | None) -> Replayed:
    async with connected(url) as connection:
        return await replay(
            connection, queue, count, choice.takes, every_one=choice.every_one, under=under
        )


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
