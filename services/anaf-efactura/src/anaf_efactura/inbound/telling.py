"""Events of messages in SPV, made from the ledger's rows: the same row, the same event."""

from datetime import datetime
from typing import Any

from anaf_efactura.archive import Kind
from anaf_efactura.draft import anaf_errors
from anaf_efactura.messages import MessageType
from anaf_efactura.sealing import told_of
from workers_contracts.efactura_inbound import (
    BuyerMessageReceived,
    ErrorsReceived,
    FetchedMessage,
    InvoiceReceived,
    InvoiceSentElsewhere,
    MessageExpired,
    MessagesReceiving,
    ReceivingDelayed,
)
from workers_contracts.types import ArtifactRef
from workers_ledger.inbound_values import InboundMessage, InboundState
from workers_ledger.inboxes import Inbox
from workers_runtime.errors import WorkerError

from . import wording
from .facts import Facts
from .plan import days_left

MAX_REASON = 500

STORED: dict[str, type[FetchedMessage]] = {
    event.key: event
    for event in (InvoiceReceived, InvoiceSentElsewhere, BuyerMessageReceived, ErrorsReceived)
}
"""Events of a message whose archive is stored, by the key that its row holds."""


def fetched(
    message: InboundMessage, facts: Facts, archive: ArtifactRef, at: datetime, **known: Any
) -> FetchedMessage:
    """Return the event of a message that was just fetched; its archive decides which."""
    seal = facts.seal
    values = facts.values | known | _common(message)
    values |= {
        "archive": archive,
        "fetched_at": at,
        "problem": facts.problem,
        "seal": seal and told_of(seal),
    }
    kind = facts.kind or _expected(message)
    if kind is Kind.ERRORS:
        errors = {"errors": values.get("errors") or anaf_errors((facts.problem or "",))}
        return ErrorsReceived.model_validate(values | errors)
    if kind is Kind.BUYER_MESSAGE:
        return BuyerMessageReceived.model_validate({"text": ""} | values)
    values = {"kind": "unreadable", "self_billed": _self_billed(message, facts)} | values
    sent = _is_sent(message, facts)
    return (InvoiceSentElsewhere if sent else InvoiceReceived).model_validate(values)


def kept(event: FetchedMessage) -> dict[str, Any]:
    """Return an event as the ledger keeps it, to tell it again after a crash."""
    return {"event": event.key, "fields": event.model_dump(mode="json")}


def ended(message: InboundMessage) -> FetchedMessage | MessageExpired | None:
    """Return the event of a message that has ended; None when it is told as a document of ours."""
    match InboundState(message.state):
        case InboundState.STORED:
            # An erasure by law empties the row: there is nothing left to tell again.
            event = STORED.get(message.data.get("event", ""))
            return event.model_validate(message.data["fields"]) if event else None
        case InboundState.EXPIRED:
            return expired(message)
        case _:
            return None


def expired(message: InboundMessage) -> MessageExpired:
    """Return ``efactura.receive_expired``."""
    return MessageExpired.model_validate(
        _common(message) | {"message": wording.expired(message), "action": wording.EXPIRED_ACTION}
    )


def delayed(message: InboundMessage, now: datetime) -> ReceivingDelayed:
    """Return ``efactura.receive_delayed`` of a message that is listed and not stored."""
    left = days_left(message.listed_at, now)
    return ReceivingDelayed.model_validate(
        {
            "what": "message",
            "cif": message.cif,
            "download_id": message.message_id,
            "message_type": message.type,
            "upload_index": message.upload_index,
            "since": message.listed_at,
            "days_left": left,
            "code": message.error_code or None,
            "reason": message.error[:MAX_REASON] or None,
            "message": wording.delayed(message, left),
            "action": wording.action(message.error_code, message.tenant),
        }
    )


def unread(inbox: Inbox, error: WorkerError, now: datetime) -> ReceivingDelayed:
    """Return ``efactura.receive_delayed`` of lists that cannot be read."""
    since = inbox.read_at or inbox.followed_at
    left = days_left(since, now)
    return ReceivingDelayed(
        what="list",
        cif=inbox.cif,
        since=since,
        days_left=left,
        code=error.code,
        reason=str(error)[:MAX_REASON],
        message=wording.unread(inbox.cif, since, left, ever=inbox.read_at is not None),
        action=wording.action(error.code, inbox.tenant),
    )


def receiving(inbox: Inbox, counts: dict[str, int]) -> MessagesReceiving:
    """Return ``efactura.receiving``."""
    return MessagesReceiving(
        cif=inbox.cif,
        active=inbox.active,
        since=inbox.followed_at,
        read_at=inbox.read_at,
        stored=counts.get(InboundState.STORED.value, 0),
        outstanding=counts.get(InboundState.LISTED.value, 0),
        expired=counts.get(InboundState.EXPIRED.value, 0),
        code=inbox.error_code or None,
        reason=inbox.error[:MAX_REASON] or None,
    )


def _common(message: InboundMessage) -> dict[str, Any]:
    return {
        "cif": message.cif,
        "download_id": message.message_id,
        "message_type": message.type,
        "upload_index": message.upload_index,
        "listed_at": message.listed_at,
    }


def _expected(message: InboundMessage) -> Kind:
    """What an archive should hold that cannot be opened."""
    if message.type == MessageType.ERRORS.value:
        return Kind.ERRORS
    is_message = message.type == MessageType.BUYER_MESSAGE.value
    return Kind.BUYER_MESSAGE if is_message else Kind.ORIGINAL


def _is_sent(message: InboundMessage, facts: Facts) -> bool:
    if message.type in (MessageType.SENT.value, MessageType.RECEIVED.value):
        return message.type == MessageType.SENT.value
    seller: str | None = facts.values.get("seller", {}).get("cif")
    return seller == message.cif


def _self_billed(message: InboundMessage, facts: Facts) -> bool:
    return bool(message.data.get("self_billed")) or facts.values.get("type_code") == "389"
