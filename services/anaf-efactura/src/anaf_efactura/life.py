"""The life of a filed invoice: its states, and what a command means for a document in each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workers_ledger.documents import Document


class State(StrEnum):
    """Where a document is."""

    NEW = "new"
    """Known, and certainly not at ANAF."""
    UPLOADING = "uploading"
    """An upload was begun; without a recorded end it is in doubt."""
    UPLOADED = "uploaded"
    """ANAF has it under an index and has not decided."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Step(StrEnum):
    """What to do with a command to file a document."""

    UPLOAD = "upload"
    """Send it."""
    REFILE = "refile"
    """Take the document over for this command, then send it."""
    RECONCILE = "reconcile"
    """Find out whether ANAF has it, before anything is sent."""
    FOLLOW = "follow"
    """It is at ANAF through this command: say so and go on asking."""
    REPEAT = "repeat"
    """It ended before: say so again."""
    WAIT = "wait"
    """Another command is filing the same bytes."""
    CONFLICT = "conflict"
    """ANAF has, or may have, another content under this number."""


@dataclass(frozen=True)
class Filer:
    """Who asks: the command's id, the digest of what it wants filed, when it was first seen."""

    command: str
    content_sha256: str
    asked_at: datetime
    replay: int = 0
    """How often a person sent a message again from the dead letters."""

    @property
    def action(self) -> str:
        """Name of an upload in the ledger: another one once a person has asked again."""
        return f"upload.{self.replay}" if self.replay else "upload"


def is_mine(document: Document, filer: Filer) -> bool:
    """Say whether this command was the one that filed it."""
    return bool(document.data.get("command") == filer.command)


def has_left(document: Document) -> bool:
    """Say whether ANAF has it, or may have it."""
    return State(document.state) in {State.UPLOADING, State.UPLOADED, State.ACCEPTED}


def next_step(document: Document, filer: Filer) -> Step:
    """Decide what a command means for a document that the ledger knows."""
    mine = is_mine(document, filer)
    same = document.content_sha256 == filer.content_sha256
    match State(document.state):
        case State.NEW:
            return Step.UPLOAD if mine and same else Step.REFILE
        case State.UPLOADING if mine:
            return Step.RECONCILE
        case State.UPLOADED if mine:
            return Step.FOLLOW
        case State.UPLOADED:
            # Whoever filed it may have stopped asking; each command follows it to its own end.
            return Step.FOLLOW if same else Step.CONFLICT
        case State.UPLOADING:
            return Step.WAIT if same else Step.CONFLICT
        case State.ACCEPTED:
            if mine:
                return Step.FOLLOW
            return Step.REPEAT if same else Step.CONFLICT
        case State.REJECTED if mine:
            return Step.FOLLOW if document.authority_id else Step.REPEAT
        case State.REJECTED:
            return Step.REPEAT if same and _waited(document, filer) else Step.REFILE


def _waited(document: Document, filer: Filer) -> bool:
    """Say whether the command came before the document's end: then that end is its answer."""
    ended_at: str | None = document.data.get("ended_at")
    return ended_at is not None and filer.asked_at < datetime.fromisoformat(ended_at)
