"""Many numbers in one command: one event, a result for each."""

import json
from datetime import date, timedelta

import pytest

from anaf_taxpayer.errors import DayRefusedError, LookupTimeoutError, RegisterFirewallError
from anaf_taxpayer.many import NAME_BYTES, PATIENT_TRIES, _short, validate_many
from workers_anaf.romania import today
from workers_contracts.taxpayer import TaxpayerResult, TaxpayersValidated, ValidateTaxpayers
from workers_contracts.topology import MAX_MESSAGE_BYTES
from workers_contracts.types import cui_is_valid

KNOWN = "12345674"


async def ask(
    worker, *numbers, attempt=PATIENT_TRIES, seconds=30.0, **fields
) -> TaxpayersValidated:
    command = ValidateTaxpayers(numbers=list(numbers), **fields)
    return await validate_many(command, worker.lookup, attempt=attempt, seconds=seconds)


def told(event) -> list[tuple]:
    return [(each.asked, each.valid, each.reason or each.error) for each in event.results]


async def test_each_number_has_its_result_in_the_order_given(worker, sandbox):
    event = await ask(worker, "DE123456788", "RO12345674", "19", "12345678", "x?", KNOWN)
    assert told(event) == [
        ("DE123456788", True, None),
        ("RO12345674", True, None),
        ("19", False, "not_found"),
        ("12345678", False, "check_digit"),
        ("x?", False, "malformed"),
        (KNOWN, True, None),
    ]
    assert (event.valid_count, event.invalid_count, event.unanswered_count) == (3, 3, 0)
    assert event.results[1].name == "FURNIZOR TEST SRL"
    assert event.results[1].vat_registered
    # Two ways to write one number are one question, and so at most two calls for two codes.
    assert len(sandbox.control.requests("taxpayer")) <= 2


async def test_five_hundred_numbers_are_few_calls(make_worker, sandbox):
    worker = make_worker()
    numbers = [str(n) for n in range(1_000_000, 1_006_000) if cui_is_valid(str(n))][:500]
    event = await ask(worker, *numbers)
    assert event.invalid_count == 500
    assert 5 <= len(sandbox.control.requests("taxpayer")) <= 9
    assert sandbox.control.violations() == []


async def test_state_that_is_away_is_waited_for_and_then_told(worker, sandbox):
    sandbox.control.vies_fault("MS_UNAVAILABLE", country="DE", times=None)
    for attempt in range(1, PATIENT_TRIES):
        with pytest.raises(Exception, match="MS_UNAVAILABLE"):
            await ask(worker, KNOWN, "DE123456788", attempt=attempt)
    event = await ask(worker, KNOWN, "DE123456788")
    assert told(event) == [
        (KNOWN, True, None),
        ("DE123456788", None, "vies_member_state_unavailable"),
    ]
    assert event.unanswered_count == 1
    # What was known after the first try was not asked again.
    assert len(sandbox.control.requests("taxpayer")) == 1


async def test_nobody_to_be_asked_about_anything_waits(worker, sandbox):
    sandbox.control.scenario("firewall-html-200", operation="taxpayer", times=None)
    with pytest.raises(RegisterFirewallError):
        await ask(worker, KNOWN, "87654329", attempt=9)


async def test_older_answer_stands_in_and_says_so(worker, sandbox):
    await ask(worker, KNOWN)
    await worker.client.delete(f"wrk:cache:taxpayer:RO:{KNOWN}:{today().isoformat()}")
    sandbox.control.scenario("firewall-html-200", operation="taxpayer", times=None)
    (result,) = (await ask(worker, KNOWN)).results
    assert (result.valid, result.stale, result.error) == (True, True, "anaf_firewall")


async def test_day_and_register_are_for_all(worker):
    event = await ask(
        worker, "87654329", "DE123456788", as_of=date(2025, 1, 1), with_efactura_register=True
    )
    one, other = event.results
    assert (one.efactura_registered, one.as_of) == (True, date(2025, 1, 1))
    assert (other.valid, other.error) == (None, "taxpayer_day_refused")


async def test_day_to_come_is_refused(worker):
    with pytest.raises(DayRefusedError) as refused:
        await ask(worker, KNOWN, as_of=today() + timedelta(days=1))
    assert refused.value.field == "as_of"


async def test_number_that_takes_too_long_holds_no_other(make_worker, sandbox):
    worker = make_worker(vies_seconds=20)
    sandbox.control.scenario("timeout-before-acceptance", operation="vies", seconds=20)
    event = await ask(worker, KNOWN, "DE123456788", seconds=3)
    assert told(event)[1] == ("DE123456788", None, LookupTimeoutError.code)
    assert event.results[0].valid


@pytest.mark.parametrize("name", ["Ș" * 300, '"' * 300, "\u0001" * 300, "ana", ""])
def test_name_is_cut_by_what_it_costs(name):
    short = _short(name)
    assert name.startswith(short)
    assert len(json.dumps(short, ensure_ascii=False).encode()) <= NAME_BYTES + 2
    assert name == short or len(short) >= NAME_BYTES // 7


def test_largest_event_fits_a_message():
    result = TaxpayerResult(
        asked="RO 1234567890 / 1234", number="1234567890123456", country="RO", valid=True,
        error="vies_member_state_unavailable", stale=True, as_of=today(),
        checked_at="2026-03-02T09:15:04.123456Z", name=_short("Ș" * 300), vat_registered=False,
        vat_on_collection=False, split_vat=False, efactura_registered=False,
    )  # fmt: skip
    event = TaxpayersValidated(
        results=[result] * 500, valid_count=500, invalid_count=0, unanswered_count=0
    )
    # The envelope is below two thousand bytes.
    assert len(event.model_dump_json().encode()) < MAX_MESSAGE_BYTES - 2_000
