"""Identity read from AMQP: whatever a publisher sends, every field ends sane."""

import time
import uuid
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers_runtime.identity import MAX_MS, NAMESPACE, Identity, derived_id

HOSTILE = {
    "x-attempt": ["many", "-3", "0", b"\xff", None, [], {"a": 1}, 1.5, True, "9" * 4000, 10**19],
    "x-due-ms": ["soon", "-1", b"", float("inf"), float("nan"), "9" * 4000, MAX_MS + 1],
    "x-first-seen-ms": ["then", -5, "1e9", 10**18, []],
    "x-in-doubt": ["maybe", "true", 2, -1, None],
    "x-replay": ["twice", -5, [], "9" * 400],
}


@pytest.mark.parametrize("header", HOSTILE)
def test_hostile_header_gets_its_default(incoming, header):
    now = int(time.time() * 1000)
    for value in HOSTILE[header]:
        identity = Identity.of(incoming(headers={header: value}))
        assert identity.attempt == 1
        assert identity.due_ms == 0
        assert now - 5000 <= identity.first_seen_ms <= now + 5000
        assert identity.in_doubt is False
        assert identity.replay == 0


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from([*HOSTILE, "tid", "traceparent", "other"])


@given(st.dictionaries(names, values), st.one_of(st.none(), st.text()))
def test_whatever_arrives_can_be_sent_again(incoming_factory, headers, message_id):
    raw = incoming_factory(headers=headers, message_id=message_id, correlation_id=message_id)
    identity = Identity.of(raw).completed("made")
    assert identity.message_id
    assert identity.correlation_id
    assert 1 <= identity.attempt <= MAX_MS
    for value in identity.headers().values():
        assert isinstance(value, str) or 0 <= value < 2**63


@pytest.fixture(scope="module")
def incoming_factory():
    return lambda **properties: SimpleNamespace(
        body=b"", redelivered=False, exchange="", **properties
    )


def test_headers_keep_the_identity(incoming):
    identity = Identity(
        message_id="m", correlation_id="c", tenant="t", attempt=3, first_seen_ms=1000,
        due_ms=5000, in_doubt=True, replay=2, traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
    )  # fmt: skip
    raw = incoming(headers=identity.headers(), message_id="m", correlation_id="c")
    assert Identity.of(raw) == identity


def test_publishers_notes_to_the_kernel_are_not_believed(incoming):
    """Or anybody could have a command judged in doubt, waited with, or done a second time."""
    headers = {"x-attempt": 9, "x-due-ms": MAX_MS, "x-first-seen-ms": 1, "x-in-doubt": 1,
               "x-replay": 1, "x-root-id": "other", "tid": "acme"}  # fmt: skip
    identity = Identity.of(incoming(headers=headers, exchange="workers.commands"))
    assert (identity.attempt, identity.due_ms, identity.replay) == (1, 0, 0)
    assert (identity.in_doubt, identity.root_id) == (False, None)
    assert identity.first_seen_ms > 1
    assert identity.tenant == "acme"
    returned = Identity.of(incoming(headers=headers, exchange=""))
    assert (returned.attempt, returned.in_doubt, returned.root_id) == (9, True, "other")


def test_first_seen_in_the_future_is_now(incoming):
    """Otherwise a command with such a header would be tried again for ever."""
    identity = Identity.of(incoming(headers={"x-first-seen-ms": MAX_MS}))
    assert identity.first_seen_ms <= time.time() * 1000


def test_ids_are_made_once_and_named(incoming):
    bare = Identity.of(incoming(message_id=None, correlation_id=""))
    whole = bare.completed("made")
    assert whole.message_id == "made"
    assert whole.correlation_id == bare.completed("made").correlation_id
    assert whole.made == {"message_id", "correlation_id"}
    given_ids = Identity.of(incoming()).completed("made")
    assert (given_ids.message_id, given_ids.made) == ("m-1", frozenset())


@given(st.lists(st.text(), max_size=4))
def test_derived_ids_are_uuids_of_version_5(parts):
    name = "".join(f"{len(part)}:{part}" for part in parts)
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    assert derived_id(*parts) == str(uuid.uuid5(NAMESPACE, name))


def test_derived_ids_depend_on_every_part_and_its_place():
    assert derived_id("a", "b") == derived_id("a", "b")
    ids = [derived_id("a", "b"), derived_id("b", "a"), derived_id("ab"), derived_id("a", "", "b")]
    assert len(set(ids)) == 4
    assert uuid.UUID(ids[0]).version == 5
