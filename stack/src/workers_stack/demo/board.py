"""What is known of each document so far; fed with events, asked for the outcome."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .document import FINAL, Data, Document

Event = Mapping[str, Any]


@dataclass
class Row:
    """One document's story: its states with the seconds since it was published."""

    document: Document
    published_at: float | None = None
    states: list[tuple[str, float]] = field(default_factory=list)
    last: Event | None = None

    @property
    def final(self) -> bool:
        """Whether its final event has come."""
        return self.last is not None and self.last["type"] in FINAL

    @property
    def archive(self) -> str:
        """URI of the archive or artifact that the final event names, or nothing."""
        data: Mapping[str, Any] = self.last["data"] if self.last else {}
        kept = data.get("archive") or data.get("artifact") or data.get("result")
        return str(kept["uri"]) if kept else ""

    @property
    def remark(self) -> str:
        """The first reason of a refusal or failure."""
        data: Mapping[str, Any] = self.last["data"] if self.last else {}
        errors = data.get("errors") or []
        if errors:
            return f"{errors[0]['rule']}: {errors[0]['message']}"
        return str(data.get("reason") or data.get("message") or "")

    def problem(self) -> str | None:
        """None when the expected outcome is there, else what is missing."""
        if self.published_at is None and self.document.after:
            return f"{self.document.title}: not sent, for it follows '{self.document.after.title}'"
        if self.last is None or not self.final:
            so_far = ", ".join(name for name, _ in self.states) or "no event"
            return (
                f"{self.document.title}: no final event ({so_far}); missing {self.document.final}"
            )
        kind = self.last["type"]
        finals = sum(name in FINAL for name, _ in self.states)
        if kind != self.document.final:
            return f"{self.document.title}: {kind}, expected {self.document.final} ({self.remark})"
        if finals > 1:
            return f"{self.document.title}: {finals} final events, expected one"
        reason = self.document.check(self.last["data"])
        return reason and f"{self.document.title}: {reason}"


class Board:
    """All documents by correlation id, and every event that arrived."""

    def __init__(self, documents: list[Document]) -> None:
        self.rows = {document.id: Row(document) for document in documents}
        self.events: list[tuple[float, Event]] = []
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the board was made."""
        return time.monotonic() - self._start

    @property
    def done(self) -> bool:
        """Whether every document that will be published has its final event."""
        return all(row.final or self._barred(row) for row in self.rows.values())

    def _barred(self, row: Row) -> bool:
        """Whether what a document follows, or that one's own, ended otherwise than it must."""
        before = self._before(row.document)
        if before is None or row.published_at is not None:
            return False
        return self._barred(before) or (before.final and before.problem() is not None)

    def _before(self, document: Document) -> Row | None:
        return self.rows[document.after.id] if document.after else None

    def ready(self) -> list[tuple[Document, Data]]:
        """Return the documents that can be published now, with their bodies."""
        return [
            (row.document, body)
            for row in self.rows.values()
            if row.published_at is None and (body := self._body(row.document)) is not None
        ]

    def _body(self, document: Document) -> Data | None:
        if not callable(document.body):
            return document.body
        before = self._before(document)
        if before is None or before.last is None or not before.final or before.problem():
            return None
        return document.body(before.last["data"])

    def published(self, document: Document) -> None:
        """Note that the broker confirmed a document's command."""
        self.rows[document.id].published_at = self.seconds

    def add(self, event: Event) -> bool:
        """Take in an event; False when it belongs to none of these documents."""
        row = self.rows.get(str(event.get("correlationid")))
        if row is None or _of_another(event, row.document):
            return False
        now = self.seconds
        self.events.append((now, event))
        row.states.append((str(event["type"]), now - (row.published_at or 0.0)))
        # A later non-final event must not hide the outcome.
        if not row.final or event["type"] in FINAL:
            row.last = event
        return True

    def problems(self) -> list[str]:
        """What is missing or other than expected; empty when all is well."""
        return [problem for row in self.rows.values() if (problem := row.problem())]

    def counts(self) -> dict[str, int]:
        """How many documents ended in which way."""
        ends = Counter(
            str(row.last["type"]) for row in self.rows.values() if row.last and row.final
        )
        return {
            "documents": len(self.rows),
            "validated": ends["anaf.taxpayer.validated"],
            "accepted": ends["efactura.accepted"],
            "rejected": ends["efactura.rejected"],
            "received": ends["efactura.received"],
            "rendered": ends["pdf.rendered"],
            "read": ends["ocr.extracted"],
            "mailed": ends["email.sent"],
            "announced": ends["slack.notified"],
            "failed": sum(count for kind, count in ends.items() if kind.endswith(".failed")),
            "events": len(self.events),
        }


def _of_another(event: Event, document: Document) -> bool:
    """Whether an invoice was received that is not the expected one: a box holds others too."""
    is_received = event["type"] == "efactura.received"
    return is_received and bool(event["data"].get("number") != document.number)
