"""What is wrong with the system, each with the command that helps."""

from collections.abc import Iterable
from dataclasses import dataclass

from workers_contracts.catalog import commands
from workers_contracts.topology import UNROUTED, command_queues

from .fleet import Fleet, WorkerState
from .queues import QueueState, dead_queues


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    what: str
    next: str


def expected_tags() -> list[str]:
    """Return the tags of the workers that the contracts know."""
    return sorted({command.tag for command in commands().values()})


def of_workers(fleet: Fleet) -> list[Finding]:
    """Return what the registry's answer shows to be wrong."""
    known = {worker.tag: worker for worker in fleet.workers}
    found = [
        Finding(f"no worker {tag} runs", f"just run {tag.replace('.', '_')}")
        for tag in expected_tags()
        if tag not in known
    ]
    if fleet.stale:
        found.append(
            Finding("the registry answers from memory: its Redis is away", "workers doctor")
        )
    return found + [finding for worker in fleet.workers for finding in _of_worker(worker)]


def _of_worker(worker: WorkerState) -> Iterable[Finding]:
    lost = [instance.id for instance in worker.instances if instance.missing]
    if lost:
        yield Finding(
            f"{worker.tag}: no heartbeat from {', '.join(lost)}", "workers tail --heartbeats"
        )
    elif worker.status in ("error", "stopped"):
        reason = f": {worker.why()}" if worker.why() else ""
        yield Finding(f"{worker.tag} is {worker.status}{reason}", "workers doctor")


def of_queues(states: Iterable[QueueState], backlog: int) -> list[Finding]:
    """Return what the queues show to be wrong."""
    return [finding for state in states for finding in _of_queue(state, backlog)]


def _of_queue(state: QueueState, backlog: int) -> Iterable[Finding]:
    if not state.exists:
        yield Finding(f"the queue {state.name} is missing", "workers topology apply")
    elif state.name == UNROUTED and state.ready:
        yield Finding(f"{state.ready} messages that no queue took", f"workers dead list {UNROUTED}")
    elif state.name in dead_queues() and state.ready:
        yield Finding(
            f"{state.ready} dead letters in {state.name}", f"workers dead list {state.name}"
        )
    elif state.name not in dead_queues() and state.ready > backlog:
        yield Finding(f"{state.ready} messages wait in {state.name}", "workers status")
    if state.name in command_queues() and state.exists and state.consumers == 0:
        yield Finding(f"nobody consumes {state.name}", "workers doctor")
