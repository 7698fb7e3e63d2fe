"""What is wrong with the system, each with the command that helps."""

from collections.abc import Iterable
from dataclasses import dataclass

from workers_contracts.catalog import commands
from workers_contracts.topology import UNROUTED, command_queues

from .fleet import Deduction, Fleet, WorkerState
from .next_steps import of_deduction
from .queues import QueueState, dead_queues
from .waits import Group, Waits

MAX_REASON = 160


@dataclass(frozen=True)
class Finding:
    """One thing that a person should know."""

    what: str
    next: str
    acts: bool = True
    """Whether it is wrong, and a person must act; False for what ends by itself."""


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
    yield from of_beats(worker)


def of_beats(worker: WorkerState) -> list[Finding]:
    """Return what a worker's own heartbeats say is wrong with it, each reason once."""
    bad = f" is {worker.status}" if worker.status in ("error", "stopped") else ""
    found = [
        Finding(f"{worker.tag}{bad}: {told.words()}", of_deduction(told.reason))
        for told in _deductions(worker)
    ]
    lost = any(instance.missing for instance in worker.instances)
    if bad and not found and not lost:
        reason = f": {worker.reason}" if worker.reason else ""
        found = [Finding(f"{worker.tag}{bad}{reason}", "look into the worker's log")]
    return found


def _deductions(worker: WorkerState) -> list[Deduction]:
    """Return why the scores of the instances that beat are below 100."""
    told = [one for instance in worker.instances for one in instance.deductions]
    # That an instance is missing is said apart, by its name.
    by_reason = {
        one.reason: one for one in (told or worker.deductions) if one.reason != "heartbeat_missing"
    }
    return list(by_reason.values())


def of_waits(waits: Waits) -> list[Finding]:
    """Return what waits: wrong where a person must act, said where the other side is away."""
    found = [
        Finding(
            f"{count} commands of {tag} are overdue by more than a minute: "
            "it does not run, or is behind",
            f"workers waiting {tag}",
        )
        for tag, count in waits.late
    ]
    told = [group for group in waits.groups if group.code != "follow_up"]
    found += [_of_group(group) for group in told if group.step.acts]
    return found + [_of_group(group) for group in told if not group.step.acts]


def _of_group(group: Group) -> Finding:
    wait = "waits" if group.count == 1 else "wait"
    reason = group.reason if len(group.reason) <= MAX_REASON else f"{group.reason[:MAX_REASON]}…"
    return Finding(
        f"{group.count} × {group.code} {wait} in {group.tag} since "
        f"{group.since:%d %b %H:%M} UTC: {reason}",
        f"workers waiting {group.tag}" if group.step.acts else group.step.next,
        group.step.acts,
    )


def of_queues(states: Iterable[QueueState], backlog: int) -> list[Finding]:
    """Return what the queues show to be wrong."""
    return [finding for state in states for finding in _of_queue(state, backlog)]


def _of_queue(state: QueueState, backlog: int) -> Iterable[Finding]:
    if not state.exists:
        yield Finding(f"the queue {state.name} is missing", "workers topology apply")
    elif state.name == UNROUTED and state.ready:
        yield Finding(
            f"{state.ready} messages that no queue took wait for the registry's answer",
            f"start the registry, or: workers dead list {UNROUTED}",
        )
    elif state.name in dead_queues() and state.ready:
        yield Finding(
            f"{state.ready} dead letters in {state.name}", f"workers dead list {state.name}"
        )
    elif state.name not in dead_queues() and state.ready > backlog:
        yield Finding(f"{state.ready} messages wait in {state.name}", "workers status")
    if state.name in command_queues() and state.exists and state.consumers == 0:
        yield Finding(f"nobody consumes {state.name}", "workers doctor")
