"""Checks of the workers: registry, heartbeats, clocks."""

import asyncio
from datetime import UTC, datetime

from workers_cli.broker import connected
from workers_cli.errors import CliError, RegistryError
from workers_cli.findings import expected_tags, of_beats
from workers_cli.fleet import Fleet, age, read_fleet
from workers_cli.listening import listening
from workers_contracts.heartbeat import WorkerStatus
from workers_contracts.topology import HEARTBEATS

from .result import Check, ok, unchecked, wrong

FRESH_SECONDS = 90.0
"""Three heartbeats."""

SKEW_SECONDS = 5.0


async def fleet_checks(
    registry: str, token: str | None, broker: str, seconds: float
) -> list[Check]:
    """Check the registry's answer, and the clocks by a heartbeat heard within ``seconds``."""
    heard = asyncio.create_task(clock_offset(broker, seconds))
    try:
        fleet = await read_fleet(registry, token)
    except RegistryError as error:
        first = wrong("registry", error.message, error.next_step)
        rest = [unchecked(name, "the registry does not tell") for name in ("heartbeats", "workers")]
        return [first, *rest, _clock(await heard)]
    told = f"answers at {registry}" + (", from memory: its Redis is away" if fleet.stale else "")
    state = wrong("registry", told, "start Redis") if fleet.stale else ok("registry", told)
    return [state, heartbeats(fleet), *conditions(fleet), _clock(await heard, fleet)]


def heartbeats(fleet: Fleet) -> Check:
    """Check that every worker is known and beats."""
    now = fleet.as_of
    absent = [tag for tag in expected_tags() if tag not in {w.tag for w in fleet.workers}]
    old = [
        f"{instance.id} ({age(instance.last_seen, now)})"
        for worker in fleet.workers
        for instance in worker.instances
        if instance.missing or (now - instance.last_seen).total_seconds() > FRESH_SECONDS
    ]
    if absent or old:
        parts = [f"never heard: {', '.join(absent)}"] if absent else []
        parts += [f"silent: {', '.join(old)}"] if old else []
        return wrong("heartbeats", "; ".join(parts), "workers tail --heartbeats")
    return ok("heartbeats", f"all {len(fleet.workers)} workers beat")


def conditions(fleet: Fleet) -> list[Check]:
    """Check what the workers say of themselves: a line for each thing that is wrong."""
    found = [finding for worker in fleet.workers for finding in of_beats(worker)]
    return [wrong("workers", one.what, one.next) for one in found] or [
        ok("workers", "none says that something is wrong with it")
    ]


async def clock_offset(url: str, seconds: float) -> float | None:
    """Return how many seconds a heartbeat's clock is behind ours; None when none came."""
    try:
        async with (
            asyncio.timeout(seconds),
            connected(url) as connection,
            listening(connection, [(HEARTBEATS, WorkerStatus.key)]) as listener,
        ):
            told = str(((await listener.next()).envelope or {}).get("time"))
            return (datetime.now(UTC) - datetime.fromisoformat(told)).total_seconds()
    except (CliError, TimeoutError, ValueError, TypeError):
        return None


def _clock(offset: float | None, fleet: Fleet | None = None) -> Check:
    source = "a heartbeat"
    if offset is None and fleet is not None:
        source = "the registry"
        offset = (datetime.now(UTC) - fleet.as_of).total_seconds()
    if offset is None:
        return unchecked("clocks", "no heartbeat was heard; --listen 35 waits for one")
    if abs(offset) > SKEW_SECONDS:
        side = "behind" if offset > 0 else "ahead of"
        return wrong(
            "clocks",
            f"the clock of {source} is {abs(offset):.0f} s {side} this machine's",
            "set both clocks by NTP (timedatectl)",
        )
    return ok("clocks", f"{source} agrees within {SKEW_SECONDS:g} s")
