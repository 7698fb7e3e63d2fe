"""`workers status`: is everything well, in one look."""

import asyncio
from dataclasses import asdict, dataclass, field
from typing import Annotated

import typer

from workers_cli.addresses import resolve
from workers_cli.broker import connected
from workers_cli.errors import CliError, ExitCode, RegistryError
from workers_cli.findings import Finding, of_queues, of_waits, of_workers
from workers_cli.fleet import Fleet, age, read_fleet
from workers_cli.options import Json, RedisUrl, RegistryUrl, RmqUrl, Token
from workers_cli.output import emit, line, note, table
from workers_cli.queues import QueueState, dead_queues, states
from workers_cli.waits import Waits, counted, read, tags
from workers_contracts.topology import DELAYS_SECONDS, command_queues, delay_name, suspect_queue


@dataclass
class Look:
    """What registry, broker and Redis said."""

    fleet: Fleet | None = None
    queues: list[QueueState] | None = None
    waits: Waits | None = None
    errors: list[CliError] = field(default_factory=list)

    def findings(self, backlog: int) -> list[Finding]:
        """Return everything that a person should know."""
        silent = [Finding(error.message, error.next_step) for error in self.errors]
        workers = of_workers(self.fleet) if self.fleet else []
        waits = of_waits(self.waits) if self.waits else []
        return silent + workers + waits + of_queues(self.queues or (), backlog)


def status(
    backlog: Annotated[
        int, typer.Option("--backlog", min=0, help="More waiting messages are a problem.")
    ] = 1000,
    token: Token = None,
    registry_url: RegistryUrl = None,
    rmq_url: RmqUrl = None,
    redis_url: RedisUrl = None,
    as_json: Json = False,
) -> int:
    """Show workers, queues, what waits, and problems.

    Exits with 0 when nobody must act, 1 when something is wrong, 2 when neither the registry nor
    RabbitMQ answers. An authority that is down is said, and is no problem: what waits for it goes
    on by itself.
    """
    registry, broker = resolve("registry_url", registry_url), resolve("amqp_url", rmq_url)
    redis = resolve("redis_url", redis_url)
    look = asyncio.run(_look(registry, broker, redis, token))
    if look.fleet is None and look.queues is None:
        both = "; ".join(error.message for error in look.errors)
        raise RegistryError(both, "workers doctor")
    found = look.findings(backlog)
    problems = [one for one in found if one.acts]
    notices = [one for one in found if not one.acts]
    if as_json:
        _emit(look, problems, notices)
    else:
        _print(look)
        _tell(problems, notices)
    return ExitCode.WRONG if problems else ExitCode.OK


async def _look(registry: str, broker: str, redis: str, token: str | None) -> Look:
    look = Look()
    try:
        look.fleet = await read_fleet(registry, token)
    except CliError as error:
        look.errors.append(error)
    try:
        async with connected(broker) as connection:
            look.queues = await states(connection, shown_queues())
    except CliError as error:
        look.errors.append(error)
    try:
        look.waits = counted(await read(redis, tags()))
    except CliError as error:
        look.errors.append(error)
    return look


def shown_queues() -> list[str]:
    """Return the queues that a person wants to see: work, waits, suspects, dead letters."""
    work = command_queues()
    waits = [delay_name(seconds) for seconds in DELAYS_SECONDS]
    return [*work, *waits, *(suspect_queue(name) for name in work), *dead_queues()]


def _emit(look: Look, problems: list[Finding], notices: list[Finding]) -> None:
    emit(
        {
            "ok": not problems,
            "stale": look.fleet.stale if look.fleet else None,
            "workers": look.fleet.model_dump(mode="json")["workers"] if look.fleet else None,
            "queues": [asdict(queue) for queue in look.queues] if look.queues else None,
            "problems": [_words(problem) for problem in problems],
            "notices": [_words(notice) for notice in notices],
        }
    )


def _words(finding: Finding) -> dict[str, str]:
    return {"what": finding.what, "next": finding.next}


def _print(look: Look) -> None:
    if look.fleet is not None:
        _workers(look.fleet)
    else:
        note("the registry does not answer: this is what RabbitMQ tells")
    if look.queues is not None:
        waiting = [queue for queue in look.queues if queue.name in command_queues() or queue.ready]
        table(
            ["queue", "messages", "consumers"],
            [(q.name, q.ready if q.exists else "missing", q.consumers) for q in waiting],
        )
    if look.fleet is not None and any(worker.waiting for worker in look.fleet.workers):
        note("what waits, why and until when: workers waiting")


def _tell(problems: list[Finding], notices: list[Finding]) -> None:
    for problem in problems:
        line(f"problem: {problem.what}", style="bold red")
        line(f"   next: {problem.next}")
    for notice in notices:
        line(f"waiting: {notice.what}", style="yellow")
        line(f"   next: {notice.next}")
    if not problems:
        line("nobody has to act" if notices else "all is well", style="green")


def _workers(fleet: Fleet) -> None:
    columns = ["worker", "status", "instances", "score", "queue", "waiting", "last seen",
               "why"]  # fmt: skip
    rows = [
        (
            worker.tag,
            worker.status + (" (stale)" if worker.stale else ""),
            worker.instance_count,
            worker.health_score,
            worker.queue_size,
            worker.waiting,
            age(worker.last_seen, fleet.as_of),
            worker.why(),
        )
        for worker in fleet.workers
    ]
    table(columns, rows)
