"""What a command means for a document in each state."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from anaf_efactura.life import Filer, State, Step, next_step
from workers_ledger.documents import Document, new_document

ENDED = datetime(2026, 10, 5, 12, tzinfo=UTC)

TABLE = {
    # state, mine, same content, has an index -> step
    (State.NEW, True, True): Step.UPLOAD,
    (State.NEW, True, False): Step.REFILE,
    (State.NEW, False, True): Step.REFILE,
    (State.NEW, False, False): Step.REFILE,
    (State.UPLOADING, True, True): Step.RECONCILE,
    (State.UPLOADING, True, False): Step.RECONCILE,
    (State.UPLOADING, False, True): Step.WAIT,
    (State.UPLOADING, False, False): Step.CONFLICT,
    (State.UPLOADED, True, True): Step.FOLLOW,
    (State.UPLOADED, True, False): Step.FOLLOW,
    (State.UPLOADED, False, True): Step.FOLLOW,
    (State.UPLOADED, False, False): Step.CONFLICT,
    (State.ACCEPTED, True, True): Step.FOLLOW,
    (State.ACCEPTED, True, False): Step.FOLLOW,
    (State.ACCEPTED, False, True): Step.REPEAT,
    (State.ACCEPTED, False, False): Step.CONFLICT,
    (State.REJECTED, True, True): Step.FOLLOW,
    (State.REJECTED, True, False): Step.FOLLOW,
    (State.REJECTED, False, True): Step.REFILE,
    (State.REJECTED, False, False): Step.REFILE,
}


def document(state: State, *, index: str | None = "5000000001") -> Document:
    return new_document(
        "efactura",
        tenant="",
        business_key="k",
        state=state.value,
        content_sha256="a" * 64,
        authority_id=index,
        data={"command": "m1", "ended_at": ENDED.isoformat()},
    )


def filer(*, mine: bool, same: bool, asked_at: datetime = ENDED + timedelta(hours=1)) -> Filer:
    return Filer("m1" if mine else "m2", ("a" if same else "b") * 64, asked_at)


def test_table_is_complete():
    assert TABLE.keys() == set(itertools.product(State, (True, False), (True, False)))


@pytest.mark.parametrize(("key", "step"), TABLE.items(), ids=str)
def test_step(key, step):
    state, mine, same = key
    assert next_step(document(state), filer(mine=mine, same=same)) is step


def test_nothing_that_anaf_has_or_may_have_is_uploaded():
    for (state, _, _), step in TABLE.items():
        if state in {State.UPLOADING, State.UPLOADED, State.ACCEPTED}:
            assert step not in {Step.UPLOAD, Step.REFILE}


def test_refusal_at_the_upload_has_no_index_to_follow():
    refused = document(State.REJECTED, index=None)
    assert next_step(refused, filer(mine=True, same=True)) is Step.REPEAT


def test_command_that_waited_for_a_refusal_gets_it_and_sends_nothing():
    before = filer(mine=False, same=True, asked_at=ENDED - timedelta(minutes=1))
    assert next_step(document(State.REJECTED), before) is Step.REPEAT


def test_correction_sent_before_the_refusal_is_filed():
    before = filer(mine=False, same=False, asked_at=ENDED - timedelta(minutes=1))
    assert next_step(document(State.REJECTED), before) is Step.REFILE
