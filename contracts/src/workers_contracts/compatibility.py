"""Say what a change of the messages breaks, and for whom.

A command is written by other teams, so a schema that accepts less breaks publishers.
An event is read by other teams, so a schema that allows more breaks subscribers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .schema_changes import Change, Effect, changes

Schema = dict[str, Any]
Audience = Literal["publishers", "subscribers", "publishers and subscribers"]

_BREAKS = {
    "command": {Effect.NARROWS, Effect.REPLACES, Effect.REMOVED, Effect.ADDED_REQUIRED},
    "event": {Effect.WIDENS, Effect.REPLACES, Effect.REMOVED},
}
_ADDRESS = {"x-exchange": "exchange", "x-kind": "kind"}


@dataclass(frozen=True)
class Finding:
    """One difference between a released schema and the class of today."""

    key: str
    field: str
    """Path of the field, empty when the whole message is meant."""

    problem: str
    breaks: Audience | None
    """Who stops working; None for a compatible change."""

    advice: str = ""

    @property
    def line(self) -> str:
        """Return the finding as one readable line."""
        where = f'{self.key}: field "{self.field}"' if self.field else f"{self.key}: message"
        if self.breaks is None:
            return f"{where} {self.problem}: compatible"
        return f"{where} {self.problem}; {self.advice}"


def compare(old: dict[str, Schema], new: dict[str, Schema]) -> list[Finding]:
    """List every difference between two sets of schemas by routing key, breaking ones first."""
    findings: list[Finding] = []
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            findings.append(_removed(key))
        elif key not in old:
            findings.append(Finding(key, "", "is new", None))
        else:
            findings += _message(key, old[key], new[key])
    return sorted(findings, key=lambda finding: finding.breaks is None)


def next_version(key: str) -> str:
    """Name the routing key of the next breaking version: v1 is bare, later ones carry it."""
    if match := re.fullmatch(r"(.+)\.v(\d+)", key):
        return f"{match[1]}.v{int(match[2]) + 1}"
    return f"{key}.v2"


def _removed(key: str) -> Finding:
    audience: Audience = "publishers and subscribers"
    return Finding(
        key,
        "",
        f"was removed: breaks {audience} that use it",
        audience,
        "keep it until nobody uses it and announce its end",
    )


def _message(key: str, old: Schema, new: Schema) -> Iterator[Finding]:
    kind: str = old["x-kind"]
    audience: Audience = "publishers" if kind == "command" else "subscribers"
    for name, word in _ADDRESS.items():
        if old.get(name) != new.get(name):
            problem = f"changed its {word} from {old.get(name)} to {new.get(name)}"
            yield Finding(
                key, "", f"{problem}: breaks {audience}", audience, f"publish {next_version(key)}"
            )
    for change in changes(old, new):
        yield _finding(key, kind, audience, change)


def _finding(key: str, kind: str, audience: Audience, change: Change) -> Finding:
    if change.effect not in _BREAKS[kind]:
        return Finding(key, change.field, change.what, None)
    who = change.publishers if kind == "command" else change.subscribers
    return Finding(
        key,
        change.field,
        f"{change.what}: breaks {audience} {who}".rstrip(),
        audience,
        f"{change.remedy} or publish {next_version(key)}",
    )
