"""Look-ups against the sandbox: ANAF's register, VIES, cache, several replicas."""

import asyncio
import contextlib
import threading
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anaf_taxpayer import client
from anaf_taxpayer.errors import (
    DayRefusedError,
    RegisterRefusedError,
    RegisterUnavailableError,
    ViesUnavailableError,
)
from anaf_taxpayer.handlers import router, validate_taxpayer
from anaf_taxpayer.lookup import Lookup
from workers_anaf.romania import today
from workers_contracts.taxpayer import EfacturaRegistration, TaxpayerValidated, ValidateTaxpayer
from workers_contracts.types import cui_is_valid
from workers_runtime.errors import TransientError

CODES = [str(n) for n in range(1_000_000, 1_004_000) if cui_is_valid(str(n))]


def calls(sandbox) -> int:
    return len(sandbox.control.requests("taxpayer"))


async def test_known_taxpayer(worker, sandbox):
    event = await worker.ask("RO 12345674")
    assert (event.valid, event.reason, event.source) == (True, None, "anaf")
    assert (event.number, event.country, event.as_of) == ("12345674", "RO", today())
    assert event.taxpayer.vat_registered
    assert event.taxpayer.county == "RO-B"
    assert "ş" not in event.taxpayer.model_dump_json()


@pytest.mark.parametrize(
    ("number", "reason", "found"),
    [
        ("91111118", "inactive", True),
        ("92222220", "struck_off", True),
        ("19", "not_found", False),
    ],
)
async def test_taxpayer_that_may_not_be_used(worker, number, reason, found):
    event = await worker.ask(number)
    assert (event.valid, event.reason) == (False, reason)
    assert (event.taxpayer is not None) is found


@pytest.mark.parametrize(
    ("number", "reason"), [("12345678", "check_digit"), ("nonsense", "malformed")]
)
async def test_wrong_number_asks_nobody(worker, sandbox, number, reason):
    event = await worker.ask(number)
    assert (event.valid, event.reason, event.source) == (False, reason, "local")
    assert sandbox.control.requests() == []


async def test_answer_is_about_the_day_that_was_asked(worker):
    one, two = await asyncio.gather(
        worker.ask("12345674", as_of=date(2026, 10, 5)),
        worker.ask("12345674", as_of=date(2019, 1, 1)),
    )
    assert (one.as_of, two.as_of) == (date(2026, 10, 5), date(2019, 1, 1))
    assert one.taxpayer.vat_registered
    assert not two.taxpayer.vat_registered


@pytest.mark.parametrize("status", [200, 404])
async def test_nothing_found_may_come_with_either_status(worker, sandbox, status):
    sandbox.control.settings(lookup_empty_status=status, null_arrays=True)
    assert (await worker.ask("19")).reason == "not_found"


@pytest.mark.parametrize(
    ("scenario", "options"),
    [
        ("firewall-html-200", {}),
        ("error-500-html", {}),
        ("error-500-html", {"variant": "json"}),
        ("unavailable-503-retry-after", {"retry_after": 7}),
        ("rate-limited-429", {}),
        ("timeout-before-acceptance", {}),
        ("reset-mid-body", {}),
    ],
)
async def test_outage_is_never_not_found(worker, sandbox, scenario, options):
    sandbox.control.scenario(scenario, operation="taxpayer", **options)
    with pytest.raises(TransientError) as told:
        await worker.ask("12345674")
    if scenario == "firewall-html-200":
        assert told.value.retry_after == 60
        assert "support id" in str(told.value)
    if "retry_after" in options:
        assert told.value.retry_after == 7
    assert (await worker.ask("12345674")).valid


@pytest.mark.parametrize("variant", ["new-field", "encoding", "bom", "content-type"])
async def test_drift_of_the_schema_changes_nothing(worker, sandbox, variant):
    sandbox.control.scenario("schema-drift", operation="taxpayer", variant=variant)
    event = await worker.ask("12345674")
    assert event.valid
    assert "�" not in event.taxpayer.model_dump_json()


async def test_250_at_once_are_few_calls_within_the_pace(worker, sandbox):
    events = await asyncio.gather(*(worker.ask(number) for number in CODES[:250]))
    assert {event.reason for event in events} == {"not_found"}
    assert calls(sandbox) in {3, 4}
    assert sandbox.control.violations() == []


async def test_three_replicas_under_load_break_no_rule(make_worker, sandbox):
    replicas = [make_worker() for _ in range(3)]
    asked = [
        replica.ask(number)
        for n, replica in enumerate(replicas)
        for number in [*CODES[n * 60 : n * 60 + 150], "12345674"]
    ]
    events = await asyncio.gather(*asked)
    assert sum(event.valid for event in events) == 3
    assert sandbox.control.violations() == []
    assert calls(sandbox) <= 12


async def test_cached_answer_says_when_the_authority_was_asked(make_worker, sandbox):
    one, two = make_worker(), make_worker()
    first = await one.ask("12345674")
    await asyncio.sleep(0.02)
    assert await two.ask("RO12345674") == first
    assert calls(sandbox) == 1
    assert first.checked_at <= datetime.now(UTC)


async def test_each_day_has_its_own_cached_answer(worker, sandbox):
    await worker.ask("12345674", as_of=date(2026, 10, 5))
    await worker.ask("12345674", as_of=date(2026, 10, 6))
    assert calls(sandbox) == 2


async def test_unknown_code_is_kept_for_a_shorter_time(worker):
    await worker.ask("12345674")
    await worker.ask("19")
    day = today().isoformat()
    found = await worker.client.ttl(f"wrk:cache:taxpayer:RO:12345674:{day}")
    missing = await worker.client.ttl(f"wrk:cache:taxpayer:RO:19:{day}")
    assert 55 <= found <= 60
    assert 25 <= missing <= 30


async def test_cache_may_be_switched_off(make_worker, sandbox):
    worker = make_worker(found_seconds=0, not_found_seconds=0, stale_seconds=0)
    await worker.ask("12345674")
    await worker.ask("12345674")
    assert calls(sandbox) == 2
    assert await worker.client.keys("wrk:cache:*") == []


async def test_spoiled_cache_entry_is_asked_again(worker, sandbox):
    await worker.client.set(f"wrk:cache:taxpayer:RO:12345674:{today().isoformat()}", b"\xff{}")
    assert (await worker.ask("12345674")).valid
    assert calls(sandbox) == 1


async def test_without_redis_the_authority_is_asked_each_time(make_worker, sandbox):
    worker = make_worker(redis_address="redis://127.0.0.1:1/0")
    assert (await worker.ask("12345674")).valid
    assert (await worker.ask("12345674")).valid
    assert calls(sandbox) == 2
    assert sandbox.control.violations() == []


async def test_vies_knows_a_number(worker):
    event = await worker.ask("DE123456788")
    assert (event.valid, event.source, event.country) == (True, "vies", "DE")
    assert event.taxpayer.vat_registered


async def test_first_questions_load_zeep_once_and_beside_the_event_loop(worker, monkeypatch):
    threads = []

    def load(*arguments):
        threads.append(threading.current_thread())
        return open_vies(*arguments)

    open_vies = client._open_vies
    monkeypatch.setattr(client, "_open_vies", load)
    events = await asyncio.gather(worker.ask("DE123456788"), worker.ask("ATU12345620"))
    assert [event.source for event in events] == ["vies", "vies"]
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_vies_does_not_know_a_number(worker):
    event = await worker.ask("ATU12345620")
    assert (event.valid, event.reason, event.source) == (False, "not_registered", "vies")
    assert event.taxpayer is None


async def test_withheld_name_is_empty(worker, sandbox):
    sandbox.control.post("vies", {"vat_id": "DE136695976", "name": "---", "address": "---"})
    event = await worker.ask("DE136695976")
    assert event.valid
    assert (event.taxpayer.name, event.taxpayer.address) == ("", "")


async def test_number_that_vies_calls_malformed(worker, sandbox):
    sandbox.control.vies_fault("INVALID_INPUT")
    event = await worker.ask("DE123456788")
    assert (event.valid, event.reason, event.source) == (False, "malformed", "vies")


async def test_silent_vies_is_unavailable(make_worker, sandbox):
    worker = make_worker(vies_seconds=0.2)
    sandbox.control.scenario("timeout-before-acceptance", operation="vies", seconds=2)
    with pytest.raises(ViesUnavailableError, match="ReadTimeout"):
        await worker.ask("DE123456788")


@pytest.mark.parametrize(
    "scenario",
    ["firewall-html-200", "error-500-html", "unavailable-503-retry-after", "reset-mid-body",
     "rate-limited-429"],
)  # fmt: skip
async def test_page_in_place_of_soap_is_unavailable(worker, sandbox, scenario):
    sandbox.control.scenario(scenario, operation="vies")
    with pytest.raises(ViesUnavailableError):
        await worker.ask("DE123456788")


async def test_nobody_at_the_address_of_vies(make_worker):
    worker = make_worker(vies_url="http://127.0.0.1:1/vies")
    with pytest.raises(ViesUnavailableError, match="ConnectError"):
        await worker.ask("DE123456788")


class NoRegister:
    """Knows every code as unknown; nothing is sent."""

    async def get(self, key):
        return None


class NoRegistrations:
    async def get(self, key):
        return EfacturaRegistration(registered=False)


class NoCache:
    async def get(self, *_args):
        return None

    async def last(self, *_args):
        return None

    async def put(self, _answer):
        return None


class NoVies:
    async def check(self, _country, _number):
        return None


TEXTS = st.text(st.characters(codec="utf-8"), min_size=2, max_size=20)
NUMBERS = TEXTS | st.sampled_from(CODES) | st.from_regex(r"\A[A-Z]{2}[0-9A-Z]{2,12}\Z")


@settings(deadline=None)
@given(NUMBERS, st.none() | st.from_regex(r"\A[A-Z]{2}\Z"), st.none() | st.dates())
def test_every_command_is_answered(number, country, as_of):
    given_ = {} if country is None else {"country": country}
    command = ValidateTaxpayer(number=number, as_of=as_of, **given_)
    lookup = Lookup(NoRegister(), NoRegistrations(), NoVies(), NoCache())
    # A day that nobody answers for is refused; test_history.py holds which.
    with contextlib.suppress(DayRefusedError):
        event = asyncio.run(validate_taxpayer(command, lookup))
        assert not event.valid
        assert event.reason is not None
        assert event.as_of == (as_of or today())
        assert TaxpayerValidated.model_validate_json(event.model_dump_json()) == event


def test_errors_have_their_codes():
    codes = {e.code for e in (RegisterUnavailableError, RegisterRefusedError)}
    assert codes == {"anaf_unavailable", "anaf_call_refused"}
    assert [handler.command.key for handler in router.handlers] == [
        "taxpayer.validate",
        "taxpayer.validate_batch",
    ]
