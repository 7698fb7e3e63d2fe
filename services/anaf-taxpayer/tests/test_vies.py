"""VIES: each fault its own outcome, the countries with a name of their own, the proof."""

import asyncio

import pytest

from anaf_taxpayer import client
from anaf_taxpayer.errors import (
    ViesBlockedError,
    ViesBusyError,
    ViesMemberStateBusyError,
    ViesMemberStateUnavailableError,
    ViesNumberBlockedError,
    ViesRequesterRefusedError,
    ViesTimeoutError,
    ViesUnavailableError,
)
from anaf_taxpayer.vies_faults import FAULTS, fault_error
from workers_runtime.errors import PermanentError, TransientError

OUTCOMES = {
    "INVALID_REQUESTER_INFO": ViesRequesterRefusedError,
    "SERVICE_UNAVAILABLE": ViesUnavailableError,
    "MS_UNAVAILABLE": ViesMemberStateUnavailableError,
    "TIMEOUT": ViesTimeoutError,
    "SERVER_BUSY": ViesBusyError,
    "GLOBAL_MAX_CONCURRENT_REQ": ViesBusyError,
    "GLOBAL_MAX_CONCURRENT_REQ_TIME": ViesBusyError,
    "MS_MAX_CONCURRENT_REQ": ViesMemberStateBusyError,
    "MS_MAX_CONCURRENT_REQ_TIME": ViesMemberStateBusyError,
    "VAT_BLOCKED": ViesNumberBlockedError,
    "IP_BLOCKED": ViesBlockedError,
}


@pytest.mark.parametrize("status", [200, 500])
async def test_fault_of_vies_is_never_invalid(worker, sandbox, status):
    for fault, kind in OUTCOMES.items():
        sandbox.control.vies_fault(fault, status=status)
        with pytest.raises((TransientError, PermanentError), match=fault) as told:
            await worker.ask("DE123456788")
        assert type(told.value) is kind
        if isinstance(told.value, TransientError):
            assert told.value.retry_after == 60
    assert (await worker.ask("DE123456788")).valid


def test_every_fault_is_in_the_table():
    assert OUTCOMES == FAULTS


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", ViesUnavailableError),
        ("Something new", ViesUnavailableError),
        ("env:Server: MS_UNAVAILABLE", ViesMemberStateUnavailableError),
        ("{ 'TIMEOUT' }", ViesTimeoutError),
    ],
)
def test_fault_in_other_words(text, kind):
    assert type(fault_error(text)) is kind


@pytest.mark.parametrize("text", ["INVALID_INPUT", "{ 'INVALID_INPUT' }"])
def test_malformed_is_the_only_fault_about_the_number(text):
    assert fault_error(text) is None


async def test_trouble_of_one_state_is_none_of_another(worker, sandbox):
    sandbox.control.vies_fault("MS_UNAVAILABLE", country="DE", times=None)
    german, austrian = await asyncio.gather(
        worker.ask("DE123456788"), worker.ask("ATU12345675"), return_exceptions=True
    )
    assert isinstance(german, ViesMemberStateUnavailableError)
    assert austrian.valid


async def test_greece_has_two_names_and_vies_knows_one(worker):
    for number, fields in (
        ("EL123456783", {}), ("GR123456783", {}), ("123456783", {"country": "GR"}),
        ("123456783", {"country": "EL"}), ("GR 123456783", {"country": "GR"}),
    ):  # fmt: skip
        event = await worker.ask(number, **fields)
        assert (event.valid, event.country, event.number) == (True, "EL", "123456783")


async def test_northern_ireland_is_asked_about_and_great_britain_is_not(worker, sandbox):
    sandbox.control.post("vies", {"vat_id": "XI980780684", "name": "TEST LTD", "address": "x"})
    assert (await worker.ask("XI980780684")).valid
    asked = len(sandbox.control.requests("vies"))
    event = await worker.ask("980780684", country="GB")
    assert (event.valid, event.reason, event.source) == (False, "malformed", "local")
    assert len(sandbox.control.requests("vies")) == asked


async def test_without_a_requester_there_is_no_proof(worker):
    assert (await worker.ask("ATU12345675")).consultation is None


async def test_requester_gets_a_proof_that_stays_with_the_answer(make_worker, sandbox):
    worker = make_worker(requester=("RO", "12345674"))
    event = await worker.ask("ATU12345675")
    assert event.taxpayer.name == "MUSTER HANDEL GMBH"
    proof = event.consultation
    assert (len(proof.identifier), proof.requester) == (16, "RO12345674")
    assert proof.requested_on is not None
    assert await worker.ask("ATU12345675") == event
    newer = await worker.ask("ATU12345675", max_age=0)
    assert newer.consultation.identifier != proof.identifier


async def test_refusal_has_a_proof_too(make_worker):
    event = await make_worker(requester=("RO", "12345674")).ask("ATU12345620")
    assert event.reason == "not_registered"
    assert event.consultation.identifier


async def test_requester_that_vies_does_not_know_is_told_by_its_setting(make_worker):
    worker = make_worker(requester=("GB", "123"))
    with pytest.raises(ViesRequesterRefusedError, match="VIES_REQUESTER"):
        await worker.ask("ATU12345675")


async def test_hundred_numbers_at_once_keep_few_connections(make_worker, sandbox):
    worker = make_worker()
    numbers = ["DE123456788", "ATU12345675", "EL123456783", "HU12345676"] * 15
    events = await asyncio.gather(*(worker.ask(number, max_age=0) for number in numbers))
    assert all(event.valid for event in events)


async def test_call_whose_turn_does_not_come_is_an_outage(worker, sandbox, monkeypatch):
    assert (await worker.ask("DE123456788")).valid
    await worker.client.delete(*await worker.client.keys("wrk:cache:taxpayer:DE:123456788:2*"))
    monkeypatch.setattr(client, "VIES_QUEUE_SECONDS", 0.1)
    for _ in range(client.VIES_AT_ONCE):
        await worker.vies._places.acquire()
    stale = await worker.ask("DE123456788")
    assert (stale.stale, stale.stale_because.code) == (True, "vies_unavailable")
    with pytest.raises(ViesUnavailableError, match="too slowly"):
        await worker.ask("ATU12345675")
    for _ in range(client.VIES_AT_ONCE):
        worker.vies._places.release()
    assert (await worker.ask("ATU12345675")).valid
