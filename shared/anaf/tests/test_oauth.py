"""The log-in of all replicas: renewed once, stored first, never locked out in silence."""

import asyncio
import re
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
import redis.asyncio as redis
from sqlalchemy import text

from workers_anaf import oauth
from workers_anaf.calls import AuthorisedCalls
from workers_anaf.limits import Pace
from workers_anaf.login import LoginRefusedError, ask
from workers_anaf.oauth import LoginRequiredError, TokenEndpointError
from workers_anaf.tokens import Tokens, TokenStore, claims, moment
from workers_ledger.documents import LedgerUnavailableError

HELLO = "/TestOauth/jaxrs/hello"


class NoPace:
    """Lets every call through at once."""

    @asynccontextmanager
    async def call(self):
        yield


def asked(sandbox) -> int:
    return len(sandbox.control.requests("token"))


async def test_first_use_trades_the_configured_token_and_keeps_the_new_ones(replica, sandbox):
    token = await replica.keeper.access_token()
    assert await replica.keeper.access_token() == token
    assert asked(sandbox) == 1
    stored = "\n".join(await replica.stored())
    assert replica.keeper.credential in stored
    assert token not in stored
    assert not re.search(r"eyJ[\w-]+\.", stored)  # what is encrypted may hold these letters too
    assert sandbox.refresh_token not in stored


async def test_another_replica_uses_what_the_first_one_got(make_replica, sandbox):
    one, two = await make_replica(), await make_replica()
    assert await one.keeper.access_token() == await two.keeper.access_token()
    assert asked(sandbox) == 1


async def test_chain_goes_on_over_restarts(make_replica, sandbox):
    for _ in range(4):
        keeper = (await make_replica()).keeper
        token = await keeper.access_token()
        await keeper.taken(token)
        assert await keeper.renew(token) != token
    assert asked(sandbox) == 5
    assert sandbox.control.violations() == []


async def test_three_replicas_with_twenty_jobs_each_renew_once(make_replica, sandbox):
    replicas = [await make_replica() for _ in range(3)]
    old = await replicas[0].keeper.access_token()
    for replica in replicas:
        assert await replica.keeper.access_token() == old
    sandbox.control.scenario("token-expired-401", operation="hello")
    sandbox.control.scenario("token-endpoint-slow-or-500", variant="slow", seconds=1)
    calls = [AuthorisedCalls(replica.outbound, replica.keeper, NoPace()) for replica in replicas]
    jobs = [
        call.send("GET", HELLO, repeatable=True, params={"name": "x"})
        for call in calls
        for _ in range(20)
    ]
    replies = await asyncio.gather(*jobs)
    assert [reply.status for reply in replies] == [200] * 60
    assert asked(sandbox) == 2
    assert sandbox.control.violations() == []


async def test_token_near_its_end_is_renewed_before_it_is_used(replica, sandbox, monkeypatch):
    old = await replica.keeper.access_token()
    ends = replica.keeper._known.expires_at
    monkeypatch.setattr(oauth, "now", lambda: ends - 60)
    assert await replica.keeper.access_token() != old
    assert asked(sandbox) == 2


async def test_lost_log_in_is_told_and_never_asked_for_again(make_replica, sandbox):
    one, two = await make_replica(), await make_replica()
    sandbox.control.scenario("refresh-token-expired", times=None)
    for replica in (one, two) * 5:
        with pytest.raises(LoginRequiredError, match="ANAF_REFRESH_TOKEN") as told:
            await replica.keeper.access_token()
        assert told.value.retry_after == 900
    assert asked(sandbox) == 1
    assert "log in at ANAF with the certificate" in str(await two.keeper.problem())


async def test_new_log_in_heals_and_old_processes_do_not_spoil_it(
    make_replica, sandbox, new_log_in
):
    old = await make_replica()
    sandbox.control.scenario("refresh-token-expired")
    with pytest.raises(LoginRequiredError):
        await old.keeper.access_token()
    new = await make_replica(refresh=new_log_in())
    before = asked(sandbox)
    token = await new.keeper.access_token()
    # A worker that is not restarted yet still has the old setting.
    with pytest.raises(LoginRequiredError):
        await old.keeper.access_token()
    assert await new.keeper.renew(token) != token
    restarted = await make_replica(refresh=new.keeper._configured)
    assert await restarted.keeper.access_token() == await new.keeper.access_token()
    assert asked(sandbox) == before + 2
    assert await new.keeper.problem() is None


async def test_rolling_change_of_the_token_leaves_both_chains_working(
    make_replica, sandbox, new_log_in
):
    old = await make_replica()
    first = await old.keeper.access_token()
    new = await make_replica(refresh=new_log_in())
    other = await new.keeper.access_token()
    assert await old.keeper.access_token() == first != other
    await old.keeper.renew(first)
    await new.keeper.renew(other)
    assert sandbox.control.violations() == []


async def test_other_client_secret_does_not_destroy_the_chain(make_replica, sandbox):
    good = await make_replica()
    token = await good.keeper.access_token()
    wrong = await make_replica(secret="another-secret")
    with pytest.raises(TokenEndpointError, match="invalid_client"):
        await wrong.keeper.access_token()
    back = await make_replica()
    assert await back.keeper.access_token() == token


@pytest.mark.parametrize("variant", ["500", "slow"])
async def test_log_in_that_does_not_answer_is_tried_later(make_replica, sandbox, variant):
    replica = await make_replica(read_seconds=0.3)
    sandbox.control.scenario(
        "token-endpoint-slow-or-500", variant=variant, seconds=1, operation="token"
    )
    with pytest.raises(TokenEndpointError) as told:
        await replica.keeper.access_token()
    assert told.value.retry_after >= 30
    if variant == "500":
        assert await replica.keeper.access_token()


@pytest.mark.parametrize(
    ("scenario", "options"),
    [
        ("firewall-html-200", {}),
        ("error-500-html", {"variant": "json"}),
        ("unavailable-503-retry-after", {"retry_after": 77}),
        ("rate-limited-429", {}),
        ("timeout-before-acceptance", {}),
    ],
)
async def test_every_other_trouble_keeps_the_refresh_token(replica, sandbox, scenario, options):
    sandbox.control.scenario(scenario, operation="token", **options)
    with pytest.raises(TokenEndpointError) as told:
        await replica.keeper.access_token()
    if "retry_after" in options:
        assert told.value.retry_after == 77
    assert await replica.keeper.access_token()
    assert sandbox.control.violations() == []


async def test_renewal_takes_less_than_its_lease(replica, sandbox, monkeypatch):
    monkeypatch.setattr(oauth, "ASK_SECONDS", 0.2)
    sandbox.control.scenario("token-endpoint-slow-or-500", variant="slow", seconds=2)
    with pytest.raises(TokenEndpointError, match=r"within 0\.2 s"):
        await replica.keeper.access_token()
    assert oauth.LEASE_SECONDS > 60


async def test_answer_lost_before_it_was_stored_is_seen_by_an_operator(
    make_replica, sandbox, monkeypatch
):
    # The process dies between ANAF's answer and the database: the refresh token is used up.
    dying, other = await make_replica(), await make_replica()

    class DiedError(BaseException):
        pass

    async def die(*_args):
        raise DiedError

    monkeypatch.setattr(dying.keeper._store, "write", die)
    with pytest.raises(DiedError):
        await dying.keeper.access_token()
    monkeypatch.setattr(oauth, "LEASE_SECONDS", 1)
    # Its lease ends by itself; the real one takes 90 seconds.
    async with other.database.transaction() as session:
        await session.execute(text("UPDATE secret SET locked_until = '2020-01-01 00:00:00'"))
    for _ in range(3):
        with pytest.raises(LoginRequiredError):
            await other.keeper.access_token()
    assert asked(sandbox) == 2
    assert "certificate" in str(await other.keeper.problem())


async def test_database_gone_at_the_moment_of_storing_loses_nothing(
    make_replica, sandbox, monkeypatch
):
    replica = await make_replica()
    with monkeypatch.context() as patch:

        async def gone(*_args, **_more):
            raise LedgerUnavailableError("away")

        patch.setattr(replica.keeper._store._secrets, "write", gone)
        with pytest.raises(LedgerUnavailableError):
            await replica.keeper.access_token()
    token = await replica.keeper.access_token()
    other = await make_replica()
    assert await other.keeper.access_token() == token
    assert asked(sandbox) == 1


async def test_job_that_is_cancelled_does_not_cut_a_renewal_in_two(make_replica, sandbox):
    replica, other = await make_replica(), await make_replica()
    sandbox.control.scenario("token-endpoint-slow-or-500", variant="slow", seconds=0.5)
    job = asyncio.create_task(replica.keeper.access_token())
    while not asked(sandbox):
        await asyncio.sleep(0.02)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert await replica.keeper.access_token() == await other.keeper.access_token()
    assert asked(sandbox) == 1
    assert sandbox.control.violations() == []


async def test_days_left_are_counted_from_the_log_in(replica, monkeypatch):
    assert await replica.keeper.days_left() is None
    assert await replica.keeper.problem() is None
    await replica.keeper.access_token()
    left = await replica.keeper.days_left()
    assert 364 < left <= 365
    login = replica.keeper._known.login_at
    monkeypatch.setattr(oauth, "now", lambda: login + 350 * 86_400)
    assert await replica.keeper.problem() == "ANAF log-in ends in 15 days"


async def test_renewing_does_not_extend_the_year(replica, sandbox):
    await replica.keeper.access_token()
    began = replica.keeper._known.login_at
    await replica.keeper.renew(replica.keeper._known.access)
    assert replica.keeper._known.login_at == began


async def test_damaged_row_is_reported_and_the_configured_token_tried(replica, sandbox, capsys):
    await replica.keeper.access_token()
    async with replica.database.transaction() as session:
        await session.execute(text("UPDATE secret SET value = 'rubbish'"))
    with pytest.raises(LoginRequiredError):
        await replica.keeper.renew("")
    assert "damaged" in "".join(capsys.readouterr())


async def test_no_token_is_ever_logged_or_shown(make_replica, sandbox, capsys, new_log_in):
    replica = await make_replica()
    token = await replica.keeper.access_token()
    sandbox.control.scenario("refresh-token-expired", times=None)
    with pytest.raises(LoginRequiredError) as told:
        await replica.keeper.renew(token)
    shown = "".join(capsys.readouterr()) + str(told.value) + repr(replica.keeper._known)
    for secret in ("eyJ", token, sandbox.refresh_token):
        assert secret not in shown
    assert "renewed" in shown


async def test_unauthorised_in_the_middle_renews_once_and_asks_once_more(replica, sandbox):
    calls = AuthorisedCalls(replica.outbound, replica.keeper, NoPace())
    sandbox.control.scenario("token-expired-401", operation="hello")
    reply = await calls.send("GET", HELLO, repeatable=True, params={"name": "x"})
    assert reply.status == 200
    assert [one["status"] for one in sandbox.control.requests("hello")] == [401, 200]


async def test_calls_of_all_replicas_share_one_pace(make_replica, sandbox, redis_url):
    replicas = [await make_replica() for _ in range(3)]
    shared = redis.Redis.from_url(redis_url)
    calls = [
        AuthorisedCalls(each.outbound, each.keeper, Pace(shared, "anaf.calls", seconds=0.03))
        for each in replicas
    ]
    began = time.monotonic()
    sent = (call.send("GET", HELLO, repeatable=True, params={"name": "x"}) for call in calls * 8)
    assert {reply.status for reply in await asyncio.gather(*sent)} == {200}
    assert time.monotonic() - began >= 23 * 0.03
    await shared.aclose()


class Canned:
    """A token endpoint that gives one answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self._answer = httpx.Response(status, content=body)

    async def request(self, *_args, **_more):
        return self._answer


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"access_token": ""}'),
        (200, b'{"access_token": 5, "refresh_token": "r"}'),
        (200, b"[]"),
        (400, b'{"error":"invalid_client"}'),
        (400, b'{"error":"invalid_request"}'),
        (503, b'{"error":"session expired"}'),
        (302, b""),
        (200, b"<html><title>Log in</title></html>"),
    ],
)
async def test_answer_that_decides_nothing_is_tried_later(status, body):
    with pytest.raises(TokenEndpointError):
        await ask(Canned(status, body), ("id", "secret"), "r0", login_at=None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":"invalid_grant"}',
        b'{"error":"x","error_description":"Refresh Token status is expired"}',
    ],
)
async def test_refusal_of_the_grant_needs_a_person(body):
    with pytest.raises(LoginRefusedError):
        await ask(Canned(400, body), ("id", "secret"), "r0", login_at=None)


async def test_answer_without_a_new_refresh_token_keeps_the_old_one():
    body = b'{"access_token":"opaque","expires_in":100}'
    tokens = await ask(Canned(200, body), ("id", "secret"), "r0", login_at=7.0)
    assert (tokens.access, tokens.refresh, tokens.login_at) == ("opaque", "r0", 7.0)
    assert 90 < tokens.expires_at - datetime.now(UTC).timestamp() < 110


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.!!.c", "a.bnVsbA.c", "a.W10.c"])
def test_token_that_is_no_jwt_has_no_claims(token):
    assert claims(token) == {}
    assert moment(token, "exp", 5.0) == 5.0


def test_row_name_tells_nothing_and_changes_with_the_configuration():
    names = {
        TokenStore(None, *configured).name
        for configured in (("i", "s", "r"), ("i", "s", "r2"), ("i", "s2", "r"), ("i2", "s", "r"))
    }
    assert len(names) == 4
    assert all(len(name) <= 64 for name in names)


def test_tokens_are_not_shown():
    assert "geheim" not in repr(Tokens("geheim-a", "geheim-r", 1.0, 2.0))
