"""An authority that is away: older answers, marked; and how old an answer may be."""

from datetime import timedelta

import pytest

from workers_anaf.romania import today
from workers_contracts.taxpayer import TaxpayerValidated
from workers_runtime.errors import TransientError

LAST = "wrk:cache:taxpayer:{}:{}:last"


def calls(sandbox, operation: str = "taxpayer") -> int:
    return len(sandbox.control.requests(operation))


@pytest.fixture
def age(worker):
    """Make what is kept of a number older, and no longer fresh."""

    async def aged(seconds: float, country: str = "RO", number: str = "12345674") -> None:
        key = LAST.format(country, number)
        kept = TaxpayerValidated.model_validate_json(await worker.client.get(key))
        before = kept.checked_at - timedelta(seconds=seconds)
        older = kept.model_copy(update={"checked_at": before, "as_of": today(before)})
        await worker.client.set(key, older.model_dump_json())
        await worker.client.delete(f"wrk:cache:taxpayer:{country}:{number}:{today().isoformat()}")

    return aged


def away(sandbox, operation: str = "taxpayer") -> None:
    sandbox.control.scenario("firewall-html-200", operation=operation, times=None)


async def test_older_answer_serves_while_anaf_is_away_and_says_so(worker, sandbox, age):
    fresh = await worker.ask("12345674")
    await age(3 * 86_400)
    away(sandbox)
    event = await worker.ask("12345674")
    assert event.stale
    assert event.stale_because.code == "anaf_firewall"
    assert "support id" in event.stale_because.message
    assert event.checked_at == fresh.checked_at - timedelta(days=3)
    assert event.as_of == today() - timedelta(days=3)
    assert event.taxpayer == fresh.taxpayer
    # The mark is not kept: the next answer of the authority is a plain one.
    sandbox.control.post("reset", {})
    again = await worker.ask("12345674")
    assert (again.stale, again.stale_because) == (False, None)


async def test_number_that_was_never_seen_waits(worker, sandbox):
    away(sandbox)
    with pytest.raises(TransientError):
        await worker.ask("12345674")


async def test_unknown_number_is_not_answered_from_the_past(worker, sandbox):
    await worker.ask("19")
    await worker.client.delete(f"wrk:cache:taxpayer:RO:19:{today().isoformat()}")
    away(sandbox)
    with pytest.raises(TransientError):
        await worker.ask("19")


async def test_company_that_vanished_is_forgotten(worker, sandbox, age):
    sandbox.control.taxpayer(19, "TRECATOR TEST SRL")
    assert (await worker.ask("19")).valid
    await age(60, number="19")
    sandbox.control.post("reset", {})
    sandbox.control.settings(lookup_policy="refuse", lookup_interval=0.2)
    assert (await worker.ask("19")).reason == "not_found"
    assert await worker.client.get(LAST.format("RO", "19")) is None


async def test_stale_answers_end(make_worker, sandbox):
    worker = make_worker(stale_seconds=300)
    await worker.ask("12345674")
    assert 290 <= await worker.client.ttl(LAST.format("RO", "12345674")) <= 300


async def test_stale_answers_may_be_switched_off(make_worker, sandbox):
    worker = make_worker(found_seconds=0, stale_seconds=0)
    await worker.ask("12345674")
    away(sandbox)
    with pytest.raises(TransientError):
        await worker.ask("12345674")


async def test_answer_about_today_is_none_about_a_past_day(worker, sandbox, age):
    await worker.ask("12345674")
    await age(86_400)
    away(sandbox)
    with pytest.raises(TransientError):
        await worker.ask("12345674", as_of=today() - timedelta(days=2))
    event = await worker.ask("12345674", as_of=today() - timedelta(days=1))
    assert event.stale


async def test_answer_without_the_register_does_not_stand_for_one_with_it(worker, sandbox, age):
    await worker.ask("12345674")
    await age(60)
    away(sandbox, "register")
    with pytest.raises(TransientError):
        await worker.ask("12345674", with_efactura_register=True)


@pytest.mark.parametrize(
    ("fault", "code"),
    [("MS_UNAVAILABLE", "vies_member_state_unavailable"), ("SERVER_BUSY", "vies_busy")],
)
async def test_member_state_that_is_away(worker, sandbox, age, fault, code):
    await worker.ask("DE123456788")
    await age(60, "DE", "123456788")
    sandbox.control.vies_fault(fault)
    event = await worker.ask("DE123456788")
    assert (event.valid, event.stale, event.stale_because.code) == (True, True, code)


async def test_max_age_decides_what_will_do(worker, sandbox):
    first = await worker.ask("12345674")
    assert await worker.ask("12345674", max_age=3600) == first
    assert calls(sandbox) == 1
    second = await worker.ask("12345674", max_age=0)
    assert second.checked_at > first.checked_at
    assert calls(sandbox) == 2
    assert await worker.ask("12345674") == second


async def test_max_age_holds_during_an_outage(worker, sandbox, age):
    await worker.ask("12345674")
    await age(7200)
    away(sandbox)
    with pytest.raises(TransientError):
        await worker.ask("12345674", max_age=3600)
    assert (await worker.ask("12345674", max_age=10_000)).stale


async def test_past_day_is_kept_longer(worker):
    day = today() - timedelta(days=30)
    await worker.ask("12345674", as_of=day)
    await worker.ask("12345674")
    past = await worker.client.ttl(f"wrk:cache:taxpayer:RO:12345674:{day.isoformat()}")
    now = await worker.client.ttl(f"wrk:cache:taxpayer:RO:12345674:{today().isoformat()}")
    assert past > 500
    assert now <= 60
    kept = await worker.client.get(LAST.format("RO", "12345674"))
    assert TaxpayerValidated.model_validate_json(kept).as_of == today()
