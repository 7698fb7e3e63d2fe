"""What goes out: ids a repetition makes again, CloudEvents, refusals of what was not declared."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_contracts.base import Command, Event
from workers_contracts.taxpayer import TaxpayerFailed, TaxpayerValidated, ValidateTaxpayer
from workers_contracts.topology import COMMANDS, EVENTS, MAX_MESSAGE_BYTES
from workers_runtime.errors import HandlerContractError
from workers_runtime.identity import TENANT, Identity
from workers_runtime.router import After, Handler, Send
from workers_runtime.wire import Outbox, Wire, dump, undump, utc_text

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
WHO = Identity(
    message_id="m-1",
    correlation_id="c-1",
    tenant="t-1",
    first_seen_ms=1,
    traceparent="00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
)


async def validate(command: ValidateTaxpayer) -> None:
    """A handler."""


HANDLER = Handler(ValidateTaxpayer, validate, (TaxpayerValidated,))
ASKED = {"number": "12345674"}
"""Nothing at its default: a worker of the version before need not know every field."""


def outbox(command: str = "taxpayer.validate", **changes: object) -> Outbox:
    values = {**WHO.__dict__, **changes}
    return Outbox(source="anaf.taxpayer", command=command, identity=Identity(**values), now=NOW)


def validated(number: str = "12345674") -> TaxpayerValidated:
    return TaxpayerValidated(
        number=number, country="RO", valid=True, source="local", as_of=NOW.date(), checked_at=NOW
    )


def failed() -> TaxpayerFailed:
    return TaxpayerFailed(
        command="taxpayer.validate", message_id="m-1", code="x", message="y", attempts=1,
        dead_letter_queue="anaf.taxpayer.dead", failed_at=NOW,
    )  # fmt: skip


def test_event_is_a_cloud_event_with_allowed_attribute_names():
    wire = outbox().event(validated())
    envelope = json.loads(wire.body)
    assert set(envelope) == {
        "specversion", "id", "source", "type", "time", "subject", "datacontenttype",
        "correlationid", "causationid", "tid", "traceparent", "data",
    }  # fmt: skip
    # CloudEvents 1.0: names are lower-case letters and digits, values are not null.
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in envelope)
    assert None not in envelope.values()
    assert envelope["time"] == "2026-03-01T12:30:15.123Z"
    assert envelope["id"] == wire.message_id == str(uuid.UUID(wire.message_id))
    assert envelope["data"]["correlation_id"] == wire.correlation_id == "c-1"
    assert envelope["subject"] == "12345674"
    assert wire.exchange == EVENTS
    assert wire.headers["causationid"] == "m-1"


def test_absent_extensions_are_left_out():
    envelope = json.loads(outbox(tenant=None, traceparent=None).event(validated()).body)
    assert {"tid", "traceparent"}.isdisjoint(envelope)


def test_repetition_makes_the_same_ids_whatever_the_time():
    later = Outbox(
        source="anaf.taxpayer", command="taxpayer.validate", identity=WHO,
        now=NOW + timedelta(days=1),
    )  # fmt: skip
    returned = [validated(), validated(), After(ValidateTaxpayer(number="12345674"), 5)]
    first = [wire.message_id for wire in outbox().outcome(HANDLER, returned)]
    assert first == [wire.message_id for wire in later.outcome(HANDLER, returned)]
    assert len(set(first)) == 3


def test_another_tenant_command_replay_or_message_makes_other_ids():
    """Subscribers drop events whose id they know: two facts must never share one."""
    same = outbox().event(validated()).message_id
    others = [
        outbox(tenant="t-2"),
        outbox(tenant=None),
        outbox(command="taxpayer.other"),
        outbox(replay=1),
        outbox(message_id="m-2"),
    ]
    ids = {box.event(validated()).message_id for box in others}
    assert len(ids) == len(others)
    assert same not in ids


def test_follow_up_is_a_delayed_command_to_its_own_queue_without_the_old_attempts():
    after = After(ValidateTaxpayer(number="12345674"), 30)
    (wire,) = outbox(attempt=7, in_doubt=True, replay=3).outcome(HANDLER, after)
    assert (wire.exchange, wire.routing_key, wire.delay_seconds) == ("", "anaf.taxpayer", 30)
    assert wire.headers["x-attempt"] == 1
    assert {"x-in-doubt", "x-replay"}.isdisjoint(wire.headers)
    assert wire.headers["x-first-seen-ms"] == int((NOW.timestamp() + 30) * 1000)
    assert wire.headers["causationid"] == "m-1"
    assert json.loads(wire.body) == ASKED


def test_command_to_another_worker_is_published_as_another_team_would():
    send = Send(ValidateTaxpayer(number="12345674"), "wish-1")
    asks = Handler(ValidateTaxpayer, validate, (), (ValidateTaxpayer,))
    (wire,) = outbox(attempt=7, in_doubt=True, replay=3).outcome(asks, send)
    assert (wire.exchange, wire.routing_key) == (COMMANDS, "taxpayer.validate")
    assert (wire.message_id, wire.correlation_id) == ("wish-1", "c-1")
    assert wire.delay_seconds == 0
    # None of the kernel's own notes: it is a new command, of the same tenant and trace.
    assert wire.headers == {"causationid": "m-1", "tid": "t-1", "traceparent": WHO.traceparent}
    assert json.loads(wire.body) == ASKED


def test_command_to_another_worker_must_be_declared():
    with pytest.raises(HandlerContractError, match=r"returned Send\(ValidateTaxpayer\)"):
        outbox().outcome(HANDLER, Send(ValidateTaxpayer(number="12345674"), "wish-1"))


def test_negative_wait_is_none():
    after = After(ValidateTaxpayer(number="12345674"), -5)
    assert outbox().outcome(HANDLER, after)[0].delay_seconds == 0


def test_nothing_returned_is_nothing_sent():
    assert outbox().outcome(HANDLER, None) == []
    assert outbox().outcome(HANDLER, []) == []


@pytest.mark.parametrize("returned", [failed(), [validated(), failed()], 5, "text", {"a": 1}, b""])
def test_undeclared_return_is_refused(returned):
    with pytest.raises(HandlerContractError, match=r"taxpayer\.validate returned"):
        outbox().outcome(HANDLER, returned)


class Big(Event):
    """An event that may be too large."""

    key = "big.done"
    text: str


class BigCheck(Command):
    """A follow-up that may be too large."""

    key = "big.check"
    tag = "big"
    text: str


@pytest.mark.parametrize("make", [Big, lambda text: After(BigCheck(text=text), 1)])
def test_what_is_over_the_limit_is_refused_by_its_bytes(make):
    handler = Handler(ValidateTaxpayer, validate, (Big,))
    fits = MAX_MESSAGE_BYTES - 1000
    assert outbox().outcome(handler, make(text="x" * fits))
    with pytest.raises(HandlerContractError, match="artifact"):
        outbox().outcome(handler, make(text="ș" * fits))


@pytest.mark.parametrize(
    ("asked", "tenant"), [({}, "acme"), ({"tenant": "beta"}, "beta"), ({"tenant": ""}, None)]
)
def test_follow_up_is_of_the_same_tenant_unless_it_says_otherwise(asked, tenant):
    identity = Identity(message_id="m", correlation_id="c", tenant="acme")
    box = Outbox(source="big", command="big", identity=identity, now=datetime.now(UTC))
    wire = box.command(After(BigCheck(text="x"), 1, **asked))
    assert wire.headers.get(TENANT) == tenant


texts = st.text(st.characters(codec="utf-8"), max_size=30)
wires = st.builds(
    Wire,
    exchange=texts,
    routing_key=texts,
    body=texts,
    message_id=texts,
    correlation_id=texts,
    headers=st.dictionaries(texts, st.one_of(texts, st.integers(-(2**62), 2**62)), max_size=4),
    content_type=texts,
    type=texts,
    delay_seconds=st.floats(0, 10**9),
)


@given(st.lists(wires, max_size=4))
def test_recorded_wires_come_back_the_same(given_wires):
    assert undump(dump(given_wires)) == given_wires


def test_time_is_written_in_utc_whatever_its_zone():
    moment = datetime.fromisoformat("2026-03-01T14:30:15.5+02:00")
    assert utc_text(moment) == "2026-03-01T12:30:15.500Z"
