"""The items on their way: what is known of each, until it has ended."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workers_cli.listening import Heard

from .making import Made
from .report import Report
from .source import Place
from .telling import facts_of, outcome_of, state_of


@dataclass(slots=True)
class Followed:
    """One command on its way; items of the same content share it."""

    message_id: str
    sha256: str
    place: Place
    """Where it is read again, when it must be sent again."""
    items: list[str]
    states: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    resumed: bool = False
    """It may have been sent before: what became of it is looked up first."""
    in_window: bool = False
    """It was sent and nothing came back yet."""

    def reached(self, state: str, at: str | None = None) -> bool:
        """Note a state; False when it was known."""
        if any(one["state"] == state for one in self.states):
            return False
        self.states.append({"state": state, "at": at or _now()})
        return True

    def line(self, item: str, command: str, outcome: str) -> dict[str, Any]:
        """Return the item's line of the report."""
        return {
            "item": item,
            "message_id": self.message_id,
            "sha256": self.sha256,
            "command": command,
            "outcome": outcome,
            "states": self.states,
            **self.facts,
        }


class Following:
    """All items on their way, by message id."""

    def __init__(self, command: str, report: Report) -> None:
        self._command = command
        self._report = report
        self.items: dict[str, Followed] = {}

    def begin(self, made: Made, place: Place) -> Followed | None:
        """Follow an item; None when one of the same content is on its way already."""
        known = self.items.get(made.message_id)
        if known is not None:
            if made.name not in known.items:
                known.items.append(made.name)
            return None
        before = self._report.begun(made.message_id)
        followed = Followed(made.message_id, made.sha256, place, [made.name])
        if before is not None:
            followed.resumed = True
            followed.states = before.pop("states", [])
            followed.facts = before
        self.items[made.message_id] = followed
        return followed

    def apply(self, followed: Followed, heard: Heard) -> list[dict[str, Any]]:
        """Take an event in; returns the lines that it adds to the report."""
        outcome = outcome_of(self._command, heard)
        time = (heard.envelope or {}).get("time")
        fresh = followed.reached(state_of(heard), str(time) if time else None)
        if outcome == "pending" and not fresh:
            return []
        followed.facts |= facts_of(heard)
        if outcome != "pending":
            del self.items[followed.message_id]
        lines = [followed.line(item, self._command, outcome) for item in followed.items]
        for line in lines:
            self._report.write(line)
        return lines


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
