"""ANAF refuses every token that it gives: it is asked seldom, and its refresh tokens are spared."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from workers_anaf import oauth, refusal_notes
from workers_anaf.calls import AuthorisedCalls
from workers_anaf.oauth import LoginRequiredError, TokenRefusedError

STATE = "/prod/FCTEL/rest/stareMesaj"
MINUTE, HOUR = 60.0, 3600.0


class NoPace:
    """Lets every call through at once."""

    @asynccontextmanager
    async def call(self):
        yield


@pytest.fixture
def later(monkeypatch):
    """Let time pass for the log-in."""
    real, passed = oauth.now, [0.0]

    def shift(seconds):
        passed[0] += seconds

    for module in (oauth, refusal_notes):
        monkeypatch.setattr(module, "now", lambda: real() + passed[0])
    return shift


@pytest.fixture
def refusing(sandbox):
    """Refuse every call from now on, whatever its token."""
    refuse(sandbox)


def refuse(sandbox):
    sandbox.control.scenario(
        "answer-verbatim", operation="stareMesaj", message="{}", status=401, times=None
    )


def calls_of(replica):
    return AuthorisedCalls(replica.outbound, replica.keeper, NoPace())


async def ask(calls):
    """Make a call; returns its status, or why it was not made."""
    try:
        reply = await calls.send(
            "GET", STATE, repeatable=True, params={"id_incarcare": "5000000001"}
        )
    except (TokenRefusedError, LoginRequiredError) as error:
        return error
    return reply.status


def count(sandbox, operation="token") -> int:
    return len(sandbox.control.requests(operation))


async def test_many_messages_of_two_replicas_renew_once(make_replica, sandbox, refusing):
    one, two = await make_replica(), await make_replica()
    for _ in range(4):
        told = await asyncio.gather(*(ask(calls_of(each)) for each in (one, two) * 5))
        assert {getattr(each, "code", each) for each in told} == {"anaf_token_refused"}
        assert all(0 < each.retry_after <= 15 * MINUTE for each in told)
    # The first use, and the one renewal that a 401 asks for.
    assert count(sandbox) == 2
    assert sandbox.control.violations() == []


async def test_in_the_pause_nothing_is_called(make_replica, sandbox, refusing):
    one, two = await make_replica(), await make_replica()
    await ask(calls_of(one))
    assert count(sandbox, "stareMesaj") == 2
    # It has not heard of the refusal, and reads of it where all replicas do.
    for replica in (one, two) * 5:
        told = await ask(calls_of(replica))
        assert "does not take them since" in str(told)
        assert "the clock" in str(told)
    assert count(sandbox, "stareMesaj") <= 3


async def test_it_is_asked_every_quarter_and_renewed_ever_more_seldom(
    make_replica, sandbox, refusing, later
):
    one, two = await make_replica(), await make_replica()
    renewed = []
    for quarter in range(4 * 8):
        before = count(sandbox)
        assert (await ask(calls_of((one, two)[quarter % 2]))).code == "anaf_token_refused"
        if count(sandbox) > before:
            renewed.append(quarter / 4)
        later(15 * MINUTE)
    assert renewed == [0.0, 1.0, 3.0, 7.0]


def test_the_pause_between_renewals_ends_at_six_hours():
    pauses = [
        refusal_notes.Note("of", 0.0, tries).renewed_again_at / HOUR for tries in (1, 2, 3, 4, 5000)
    ]
    assert pauses == [1, 2, 4, 6, 6]


async def test_served_again_everything_is_as_before(make_replica, sandbox, refusing, later):
    one, two = await make_replica(), await make_replica()
    await ask(calls_of(one))
    await ask(calls_of(two))
    lost = await two.keeper.lost()
    assert (lost.cause, lost.reason) == ("token_refused", "HTTP 401")
    assert "does not take them" in str(await two.keeper.problem())
    sandbox.control.clear_scenarios()
    # Within the pause nobody asks; then the token that is there is good, and nothing is renewed.
    assert (await ask(calls_of(one))).code == "anaf_token_refused"
    later(15 * MINUTE)
    assert await ask(calls_of(one)) == 200
    assert await ask(calls_of(two)) == 200
    assert count(sandbox) == 2
    assert await two.keeper.lost() is await one.keeper.problem() is None
    # An ordinary end of a token is an ordinary renewal.
    sandbox.control.scenario("token-expired-401", operation="stareMesaj")
    assert await ask(calls_of(two)) == 200
    assert count(sandbox) == 3


async def test_another_trouble_is_another_one(make_replica, sandbox, refusing, later):
    replica = await make_replica()
    await ask(calls_of(replica))
    first = await replica.keeper.lost()
    later(15 * MINUTE)
    await ask(calls_of(replica))
    assert (await replica.keeper.lost()).since == first.since
    sandbox.control.clear_scenarios()
    later(15 * MINUTE)
    assert await ask(calls_of(replica)) == 200
    refuse(sandbox)
    await ask(calls_of(replica))
    assert (await replica.keeper.lost()).since > first.since


async def test_process_that_begins_in_the_pause_waits_too(make_replica, sandbox, refusing):
    await ask(calls_of(await make_replica()))
    asked = count(sandbox, "stareMesaj")
    told = await ask(calls_of(await make_replica()))
    assert told.code == "anaf_token_refused"
    assert count(sandbox, "stareMesaj") == asked


async def test_application_that_was_revoked_is_a_lost_log_in(make_replica, sandbox, refusing):
    sandbox.control.scenario("refresh-token-expired", times=None)
    replica = await make_replica()
    told = await ask(calls_of(replica))
    assert told.code == "anaf_login_required"
    assert (await replica.keeper.lost()).cause == "refused"


async def test_token_that_ends_before_its_first_use_is_no_refused_one(make_replica, sandbox, later):
    one = await make_replica()
    first = await one.keeper.access_token()
    # Made because of a refusal, and nobody has called with it since.
    second = await one.keeper.renew(first)
    tokens = await one.keeper._store.read()
    await one.keeper._store.write(replace(tokens, expires_at=oauth.now() + MINUTE), "")
    one.keeper._known = None
    assert await one.keeper.access_token() != second
    assert await one.keeper.lost() is None
