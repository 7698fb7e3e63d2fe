"""Which event ends a command, and what it means for the exit code."""

import re

from workers_contracts.base import Command
from workers_contracts.catalog import commands, events

from .errors import ExitCode

FINAL = frozenset(
    {
        "accepted", "audited", "confirmed", "erased", "evidence_ready", "extracted", "failed",
        "found", "message_rejected", "message_sent", "receiving", "rejected", "rendered",
        "validated",
    }
)  # fmt: skip
"""Last words of final events of commands that have follow-ups."""


def bare(event_type: str) -> str:
    """Return an event's type without its version: ``efactura.accepted.v2`` is ``.accepted``."""
    return re.sub(r"\.v\d+$", "", event_type)


def has_follow_ups(key: str) -> bool:
    """Say whether the worker goes on with commands of its own after the first event."""
    public = commands().get(key)
    return public is not None and any(
        command.tag == public.tag and not command.is_public() for command in commands().values()
    )


def answers(key: str, event_type: str) -> bool:
    """Say whether an event is of the command's domain, by its key or by their module."""
    if key not in commands() and bare(event_type).endswith(".failed"):
        return True  # by the registry, in the domain of the key that was meant
    if event_type.split(".", 1)[0] == key.split(".", 1)[0]:
        return True
    command, event = commands().get(key), events().get(event_type)
    # An older key of the catalogue begins with another word than its command's.
    return command is not None and event is not None and event.__module__ == command.__module__


def is_final(key: str, event_type: str) -> bool:
    """Say whether nothing more comes after this event for a command with this key."""
    if not answers(key, event_type):
        return False
    return not has_follow_ups(key) or bare(event_type).rsplit(".", 1)[-1] in FINAL


def exit_code(event_type: str) -> ExitCode:
    """Return what the shell should see of a final event."""
    last = bare(event_type).rsplit(".", 1)[-1]
    refused = {"rejected": ExitCode.REJECTED, "message_rejected": ExitCode.REJECTED}
    return (refused | {"failed": ExitCode.FAILED}).get(last, ExitCode.OK)


def event_patterns(command: type[Command]) -> list[str]:
    """Return the binding keys that catch every event of a command's domain."""
    keys = {key for key in events() if answers(command.key, key)}
    return sorted({f"{command.domain()}.#", *keys})
