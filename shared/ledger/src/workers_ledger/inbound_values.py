"""A message in a box as a list shows it and as the ledger has it, and how it is handed out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class InboundState(StrEnum):
    """Where a message is."""

    LISTED = "listed"
    STORED = "stored"
    EXPIRED = "expired"
    OURS = "ours"
    """It belongs to a document that these workers filed: they archive it there."""


@dataclass(frozen=True)
class Listed:
    """A message as a list shows it."""

    message_id: str
    upload_index: str | None
    type: str
    listed_at: datetime
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InboundMessage:
    """A message as the ledger has it."""

    id: str
    inbox_id: str
    tenant: str
    cif: str
    message_id: str
    upload_index: str | None
    type: str
    state: str
    listed_at: datetime
    hand: int
    tries: int
    error_code: str
    error: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Doubt:
    """Messages that may tell of an upload whose answer was lost; they do not say of which."""

    type: str
    ended: Sequence[str]
    """States of documents that are in doubt no more."""
    after: datetime
    """What is older waits for no document."""


@dataclass(frozen=True)
class Hands:
    """How messages are handed out."""

    by: str
    """Id of the message that hands out."""
    now: datetime
    until: datetime
    """When a hand that was not heard of is taken for lost."""
    oldest: datetime
    """What was listed before is past its life."""
    later: Sequence[str] = ()
    """Types that may still turn out to be our own documents'."""
    settled: datetime | None = None
    """Those are handed out when they were listed before this moment."""
    refusals: Doubt | None = None
    """What waits for documents that may be behind it."""
    most: int = 500
