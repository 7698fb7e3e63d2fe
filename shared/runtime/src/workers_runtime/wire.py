"""Messages on their way out: what is recorded in the journal and then published."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from workers_contracts.base import Event, Failed
from workers_contracts.topology import COMMANDS, EVENTS, MAX_MESSAGE_BYTES

from .errors import HandlerContractError
from .identity import CAUSATION, TENANT, TRACEPARENT, Identity, derived_id
from .router import After, Handler, Item, Outcome, Send


@dataclass(frozen=True)
class Wire:
    """One message to publish; everything needed to publish it again, the same."""

    exchange: str
    routing_key: str
    body: str
    message_id: str
    correlation_id: str
    headers: dict[str, str | int] = field(default_factory=dict)
    content_type: str = "application/json"
    type: str = ""
    delay_seconds: float = 0.0
    """Above 0 the message goes to the delay ladder, for the queue named by the routing key."""
    reason: str = ""
    """What a delayed message waits for."""
    aside: bool = False
    """A delayed message for which the public command does not wait."""


def dump(wires: list[Wire]) -> str:
    """Return the wires as text for a journal."""
    # A wire holds plain values only: `asdict` would copy each of them, for every message.
    return to_json([vars(wire) for wire in wires]).decode()


def undump(text: str) -> list[Wire]:
    """Return the wires of a journal's text."""
    return [Wire(**item) for item in json.loads(text)]


def with_id(wire: Wire, event_id: str) -> Wire:
    """Return the same event under another id."""
    body = json.dumps(json.loads(wire.body) | {"id": event_id}, ensure_ascii=False)
    return replace(wire, body=body, message_id=event_id)


def answering(wire: Wire, correlation_id: str) -> Wire:
    """Return a recorded message as the answer to a duplicate that came with another id."""
    if wire.correlation_id == correlation_id:
        return wire
    body = wire.body
    if wire.exchange == EVENTS:
        envelope = json.loads(body)
        envelope["correlationid"] = envelope["data"]["correlation_id"] = correlation_id
        body = to_json(envelope).decode()
    return replace(wire, body=body, correlation_id=correlation_id)


def utc_text(moment: datetime) -> str:
    """Return an RFC 3339 text in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cloud_event(
    event: Event, *, source: str, identity: Identity, event_id: str, time: datetime
) -> dict[str, Any]:
    """Wrap an event as CloudEvents 1.0 structured JSON with the product's extensions."""
    correlation_id = identity.correlation_id or ""
    data = event.model_dump(mode="json") | {"correlation_id": correlation_id}
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/workers/{source}",
        "type": event.key,
        "time": utc_text(time),
        "subject": event.subject(),
        "datacontenttype": "application/json",
        "correlationid": correlation_id,
        "causationid": identity.message_id,
        "tid": identity.tenant,
        "traceparent": identity.traceparent,
        "data": data,
    }
    return {name: value for name, value in envelope.items() if value is not None}


class Outbox:
    """Turns a handler's return value into wires with ids that a repetition makes again."""

    def __init__(self, *, source: str, command: str, identity: Identity, now: datetime) -> None:
        self._source = source
        self._command = command
        self._identity = identity
        self._now = now

    def _seed(self, key: str, index: int) -> str:
        identity = self._identity
        # Two tenants, and two kinds of command, may use the same message ids.
        whose = (self._command, identity.tenant or "", identity.message_id or "")
        return derived_id(*whose, str(identity.replay), key, str(index))

    def event(self, event: Event, index: int = 0) -> Wire:
        """Return the wire of an event."""
        identity = self._identity
        event_id = self._seed(event.key, index)
        envelope = cloud_event(
            event, source=self._source, identity=identity, event_id=event_id, time=self._now
        )
        return Wire(
            exchange=EVENTS,
            routing_key=event.key,
            body=to_json(envelope).decode(),
            message_id=event_id,
            correlation_id=identity.correlation_id or "",
            headers=self._headers(),
            content_type="application/cloudevents+json",
            type=event.key,
        )

    def _headers(self) -> dict[str, str | int]:
        """What another program learns of where a message comes from."""
        identity = self._identity
        named = {TENANT: identity.tenant, TRACEPARENT: identity.traceparent}
        known: dict[str, str | int] = {name: value for name, value in named.items() if value}
        return {CAUSATION: identity.message_id or ""} | known

    def wish(self, send: Send) -> Wire:
        """Return the wire of a command to another worker."""
        return Wire(
            exchange=COMMANDS,
            routing_key=send.command.key,
            body=send.command.short_json(),
            message_id=send.message_id,
            correlation_id=self._identity.correlation_id or "",
            headers=self._headers(),
            type=send.command.key,
        )

    def command(self, after: After, index: int = 0) -> Wire:
        """Return the wire of a follow-up command to the worker itself."""
        command, seconds = after.command, after.seconds
        identity = self._identity
        tenant = identity.tenant if after.tenant is None else after.tenant or None
        follow_up = Identity(
            message_id=None,
            tenant=tenant,
            traceparent=identity.traceparent,
            root_id=identity.root or None,
            first_seen_ms=int((self._now.timestamp() + seconds) * 1000),
        )
        return Wire(
            exchange="",
            routing_key=command.queue(),
            body=command.short_json(),
            message_id=self._seed(command.key, index),
            correlation_id=identity.correlation_id or "",
            headers=follow_up.headers() | {CAUSATION: identity.message_id or ""},
            type=command.key,
            delay_seconds=max(0.0, seconds),
            reason=after.reason,
            aside=command.aside,
        )

    def outcome(self, handler: Handler, returned: Outcome) -> list[Wire]:
        """Return the wires of what a handler returned; refuses what it did not declare."""
        if returned is None:
            items: list[Item] = []
        elif isinstance(returned, Event | After | Send):
            items = [returned]
        elif isinstance(returned, Sequence) and not isinstance(returned, str | bytes):
            items = list(returned)
        else:
            raise HandlerContractError(
                f"the handler of {handler.command.key} returned {type(returned).__name__}; "
                "it may return events, follow-ups, commands to others, a list of them, or None"
            )
        return [self._one(handler, item, index) for index, item in enumerate(items)]

    def _one(self, handler: Handler, item: Item, index: int) -> Wire:
        if isinstance(item, After):
            wire = self.command(item, index)
        elif isinstance(item, Send) and isinstance(item.command, handler.sends):
            wire = self.wish(item)
        elif isinstance(item, handler.emits):
            wire = self.event(item, index)
        else:
            raise HandlerContractError(
                f"the handler of {handler.command.key} returned {_named(item)}, "
                "which it does not declare"
            )
        if len(wire.body.encode()) > MAX_MESSAGE_BYTES:
            raise HandlerContractError(
                f"the message {wire.type} is over {MAX_MESSAGE_BYTES} bytes; "
                "its large part belongs in an artifact"
            )
        return wire

    def failed(self, event: Failed) -> list[Wire]:
        """Return the wire of a failure."""
        return [self.event(event)]


def _named(item: object) -> str:
    return f"Send({type(item.command).__name__})" if isinstance(item, Send) else type(item).__name__
