"""Who a message is: the AMQP properties and headers that travel beside the body."""

import hashlib
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aio_pika.abc import AbstractIncomingMessage

from workers_contracts.topology import COMMANDS

NAMESPACE = uuid.UUID("5b0c1c36-92a5-5d0c-9f0a-1c8a0c3f7a11")
"""Namespace of ids derived from other ids (RFC 9562, version 5)."""

_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""RFC 9562: the two highest bits of this digit are 1 and 0."""

ATTEMPT = "x-attempt"
DUE = "x-due-ms"
FIRST_SEEN = "x-first-seen-ms"
IN_DOUBT = "x-in-doubt"
REPLAY = "x-replay"
TENANT = "tid"
CAUSATION = "causationid"
ROOT = "x-root-id"
"""Message id of the public command that a follow-up goes back to."""
TRACEPARENT = "traceparent"
NOTES = frozenset({ATTEMPT, DUE, FIRST_SEEN, IN_DOUBT, REPLAY, ROOT})
"""Headers by which the kernel tells itself something; only its own copies carry them."""


def derived_id(*parts: str) -> str:
    """Return the same UUID for the same parts: a repeated step repeats its ids."""
    # With their lengths: no choice of characters makes two lists of parts look the same.
    name = "".join(f"{len(part)}:{part}" for part in parts)
    # `uuid.uuid5` goes by way of a 128-bit number and back: three times the cost, for every id.
    digest = hashlib.sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = _VARIANT[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return str(value) if value not in (None, "") else None


_TENANT = re.compile(r"[A-Za-z0-9._:@/+-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def names_a_tenant(text: str) -> bool:
    """Say whether a text can be the header ``tid``; a message with another one is refused."""
    return _TENANT.fullmatch(text) is not None


MAX_MS = 253_402_300_799_000
"""The end of the year 9999; a header's number above it is as good as none."""


def _number(value: object, default: int) -> int:
    if value is None:
        return default
    try:
        number = int(str(value)[:20])
    except ValueError:
        return default
    return number if 0 <= number <= MAX_MS else default


@dataclass(frozen=True)
class Identity:
    """What identifies a delivery, read from AMQP; times are milliseconds since 1970, UTC."""

    message_id: str | None
    correlation_id: str | None = None
    tenant: str | None = None
    attempt: int = 1
    first_seen_ms: int = 0
    due_ms: int = 0
    in_doubt: bool = False
    replay: int = 0
    redelivered: bool = False
    traceparent: str | None = None
    root_id: str | None = None
    bad_tenant: bool = False
    """The header ``tid`` is not usable; the message is refused."""
    made: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, raw: AbstractIncomingMessage) -> "Identity":
        """Read the identity of a delivery; what is missing or malformed gets its default.

        The ``x-`` headers are the kernel's own notes. They count on what comes back by the delay
        ladder, the lane for suspects or a replay, never on what a publisher sends.
        """
        headers: Mapping[str, Any] = raw.headers or {}
        if raw.exchange == COMMANDS:
            headers = {name: value for name, value in headers.items() if name not in NOTES}
        now = int(time.time() * 1000)
        tenant = _text(headers.get(TENANT))
        usable = tenant is None or names_a_tenant(tenant)
        trace = _text(headers.get(TRACEPARENT)) or ""
        return cls(
            message_id=_text(raw.message_id),
            correlation_id=_text(raw.correlation_id),
            tenant=tenant if usable else None,
            bad_tenant=not usable,
            root_id=_text(headers.get(ROOT)),
            attempt=max(1, _number(headers.get(ATTEMPT), 1)),
            first_seen_ms=min(now, _number(headers.get(FIRST_SEEN), now)),
            due_ms=_number(headers.get(DUE), 0),
            in_doubt=_number(headers.get(IN_DOUBT), 0) == 1,
            replay=_number(headers.get(REPLAY), 0),
            redelivered=bool(raw.redelivered),
            traceparent=trace if _TRACEPARENT.fullmatch(trace) else None,
        )

    @property
    def root(self) -> str:
        """Message id of the public command that this one is, or goes back to."""
        return self.root_id or self.message_id or ""

    def completed(self, message_id: str) -> "Identity":
        """Return an identity with both ids; ``made`` names those the runtime had to make."""
        if self.message_id and self.correlation_id:
            return self
        made = {n for n in ("message_id", "correlation_id") if getattr(self, n) is None}
        message_id = self.message_id or message_id
        return replace(
            self,
            message_id=message_id,
            correlation_id=self.correlation_id or derived_id("correlation", message_id),
            made=frozenset(made),
        )

    def headers(self) -> dict[str, str | int]:
        """Return the headers that keep this identity on a copy of the message."""
        values: dict[str, str | int | None] = {
            TENANT: self.tenant,
            ATTEMPT: self.attempt,
            FIRST_SEEN: self.first_seen_ms,
            DUE: self.due_ms or None,
            IN_DOUBT: 1 if self.in_doubt else None,
            REPLAY: self.replay or None,
            TRACEPARENT: self.traceparent,
            ROOT: self.root_id,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Task:
    """What a handler may know about the delivery it works on."""

    message_id: str
    correlation_id: str
    tenant: str
    """The header ``tid``; empty when the publisher gave none."""
    attempt: int
    """1 at the first try."""
    in_doubt: bool
    """True when an earlier try may have had its effect: ask the authority before repeating."""
    first_seen_ms: int
    replay: int = 0
    """How often a person sent it again from the dead letters."""
