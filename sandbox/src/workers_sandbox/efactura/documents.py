"""Documents after acceptance, and the messages they put into the lists.

Nothing runs in the background: a document's verdict and times are fixed when it is accepted, and
every question is answered by comparing them with the clock.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workers_sandbox.misbehaviours.bend import NOK, NOT_TAKEN, OK, Verdict

PROCESSING = "in prelucrare"
LIFE = timedelta(days=60)
"""How long a message is listed and its file kept."""

SENT = "FACTURA TRIMISA"
RECEIVED = "FACTURA PRIMITA"
ERRORS = "ERORI FACTURA"
FROM_BUYER = "MESAJ CUMPARATOR PRIMIT"
TO_SELLER = "MESAJ CUMPARATOR TRANSMIS"

FILTERS = {"T": (SENT,), "P": (RECEIVED,), "E": (ERRORS,), "R": (FROM_BUYER, TO_SELLER)}
"""Message types of each value of `filtru`."""


@dataclass(frozen=True, slots=True)
class Message:
    """An entry of the lists; `listed_at` is data_creare."""

    id: str
    document: "Document"
    cif: str
    type: str
    detail: str
    listed_at: datetime
    shown_at: datetime | None = None
    """When a late entry is first to be seen; `listed_at` when None."""


@dataclass(slots=True, kw_only=True)
class Document:
    """An accepted upload."""

    index: str
    environment: str
    standard: str
    cif: str
    seller: str
    buyer: str
    number: str
    issue_date: str
    body: bytes = field(repr=False)
    uploaded_at: datetime
    ready_at: datetime
    verdict: Verdict
    sealed: bool = True
    past_life: bool = False
    self_billed: bool = False
    answer_lost: bool = False
    inbound: bool = False
    scenario: str | None = None
    download_id: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        self.sha256 = hashlib.sha256(self.body).hexdigest()

    def state(self, now: datetime) -> str:
        """What `stareMesaj` says at that moment."""
        return self.verdict.state if now >= self.ready_at else PROCESSING

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes two uploads the same invoice here; ANAF does not document it."""
        return (self.environment, self.seller, self.number, self.issue_date)


class Documents:
    """All accepted uploads and their messages, test and prod apart."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str], Document] = {}
        self._messages: dict[tuple[str, str], Message] = {}
        self._same_bytes: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Document]:
        return iter(self._documents.values())

    def add(self, document: Document, messages: list[Message]) -> None:
        """Keep an accepted document and its messages."""
        self._documents[document.environment, document.index] = document
        self._same_bytes[document.sha256] += 1
        for message in messages:
            self._messages[document.environment, message.id] = message

    def times_uploaded(self, document: Document) -> int:
        """How many accepted uploads carried exactly these bytes."""
        return self._same_bytes[document.sha256]

    def by_index(self, environment: str, index: str) -> Document | None:
        """The document of an upload index."""
        return self._documents.get((environment, index))

    def message(self, environment: str, message_id: str, now: datetime) -> Message | None:
        """The message of an id, once its document has a final state."""
        message = self._messages.get((environment, message_id))
        return message if message and message.document.ready_at <= now else None

    def valid_twin(self, document: Document) -> Document | None:
        """An earlier upload of the same invoice that is or will be valid."""
        return next(
            (
                one for one in self._documents.values()
                if one.identity == document.identity and one.verdict.state == OK
            ),
            None,
        )  # fmt: skip

    def messages(self) -> list[Message]:
        """All messages, in the order of their making."""
        return list(self._messages.values())

    def listed(self, environment: str, cif: str, start: datetime, end: datetime) -> list[Message]:
        """Messages of a CIF that were listed from `start` to `end`, newest first."""
        found = [
            one for (where, _), one in self._messages.items()
            if where == environment and one.cif == cif and start <= one.listed_at <= end
        ]  # fmt: skip
        return sorted(found, key=lambda one: (one.listed_at, one.id), reverse=True)


__all__ = [
    "ERRORS",
    "FILTERS",
    "LIFE",
    "NOK",
    "NOT_TAKEN",
    "OK",
    "Document",
    "Documents",
    "Message",
]
