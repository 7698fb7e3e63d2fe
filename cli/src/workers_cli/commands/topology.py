"""`workers topology`: is the broker as the product needs it; make it so."""

import asyncio
import re
from dataclasses import asdict, dataclass

import typer

from workers_cli.addresses import resolve
from workers_cli.broker import connected, reason
from workers_cli.errors import ConflictError, ExitCode
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, line, note, table
from workers_contracts.topology import topology as wanted_topology
from workers_runtime.declare import Difference, declare, differences

topology = typer.Typer(no_args_is_help=True, help="Exchanges and queues: compare, declare.")

MISSING = "missing"
_WORDS = re.compile(r"inequivalent arg '([^']+)' .*?: received (.*?) but current is (.*)", re.S)


@dataclass(frozen=True)
class Row:
    """A difference in columns."""

    kind: str
    name: str
    problem: str
    argument: str = ""
    wanted: str = ""
    found: str = ""


def row(difference: Difference) -> Row:
    """Read the broker's words: it names the first argument that differs, and both values."""
    kind, name = difference.kind, difference.name
    if difference.problem == MISSING:
        return Row(kind, name, MISSING)
    words = _WORDS.search(difference.problem)
    if words is None:
        return Row(kind, name, reason(Exception(difference.problem)))
    argument, ours, theirs = (part.strip() for part in words.groups())
    return Row(kind, name, "differs", argument, _bare(ours), _bare(theirs))


def _bare(value: str) -> str:
    quoted = re.search(r"'([^']*)'", value)
    return quoted.group(1) if quoted else value


@topology.command()
def diff(rmq_url: RmqUrl = None, as_json: Json = False) -> int:
    """Compare the broker with what the product needs; exits with 1 when they differ.

    Bindings cannot be read over AMQP; `apply` makes them again.
    """
    rows = asyncio.run(_diff(resolve("amqp_url", rmq_url)))
    if as_json:
        emit({"equal": not rows, "differences": [asdict(one) for one in rows]})
    elif rows:
        _print(rows)
        note("RabbitMQ names the first argument that differs; further ones show after it is mended")
    else:
        line("equal")
    return ExitCode.WRONG if rows else ExitCode.OK


async def _diff(url: str) -> list[Row]:
    async with connected(url) as connection:
        return [row(difference) for difference in await differences(connection)]


def _print(rows: list[Row]) -> None:
    columns = ["kind", "name", "problem", "argument", "wanted", "found"]
    table(columns, [tuple(asdict(one).values()) for one in rows])


@topology.command()
def apply(rmq_url: RmqUrl = None, as_json: Json = False) -> int:
    """Declare what is missing; changes nothing when something differs."""
    made = asyncio.run(_apply(resolve("amqp_url", rmq_url), as_json=as_json))
    if as_json:
        emit({"declared": [{"kind": one.kind, "name": one.name} for one in made]})
        return ExitCode.OK
    for one in made:
        line(f"declared {one.kind} {one.name}")
    line(f"equal: {len(made)} made, all bindings in place")
    return ExitCode.OK


async def _apply(url: str, *, as_json: bool) -> list[Row]:
    async with connected(url) as connection:
        rows = [row(difference) for difference in await differences(connection)]
        conflicts = [one for one in rows if one.problem != MISSING]
        if conflicts:
            raise _refusal(conflicts, as_json=as_json)
        channel = await connection.channel()
        await declare(channel, wanted_topology())
        return rows


def _refusal(conflicts: list[Row], *, as_json: bool) -> ConflictError:
    if not as_json:
        _print(conflicts)
    told = "; ".join(
        f"{one.kind} {one.name}"
        + (f": {one.argument} is {one.found}, not {one.wanted}" if one.argument else "")
        for one in conflicts
    )
    names = ", ".join(one.name for one in conflicts)
    return ConflictError(
        f"the broker holds these with other arguments, so nothing was changed: {told}",
        f"stop the publishers and let the workers drain {names}; when `workers status` shows them "
        "empty delete them by hand (rabbitmqctl delete_queue NAME), then `workers topology apply`",
    )
