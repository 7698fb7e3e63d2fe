"""The Redis journal on a real Redis: who may work, who must wait, whose outcome counts."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import redis as blocking_redis
import redis.asyncio as redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from workers_runtime import journal_redis
from workers_runtime.errors import JournalUnavailableError
from workers_runtime.journal import Busy, Done, InDoubt, New
from workers_runtime.journal_redis import RedisJournal
from workers_runtime.results import Result

pytestmark = pytest.mark.integration
TAG = "anaf.taxpayer"
SIGNS = f"wrk:signs:{TAG}"


@pytest.fixture
async def journal(redis_url: str) -> AsyncIterator[Callable[[str], RedisJournal]]:
    """Make journals of several instances on one Redis."""
    made: list[RedisJournal] = []

    def make(instance: str, url: str = redis_url) -> RedisJournal:
        made.append(RedisJournal(url, tag=TAG, instance=instance, ttl_seconds=600))
        return made[-1]

    yield make
    for one in made:
        await one.stop()


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[redis.Redis]:
    async with redis.Redis.from_url(redis_url, decode_responses=True) as connected:
        yield connected


async def die(client: redis.Redis, instance: str) -> None:
    """Let an instance's proof of life run out."""
    await client.delete(f"wrk:alive:{TAG}:{instance}")


async def test_life_of_a_message(journal):
    one, two = journal("one"), journal("two")
    claim = await one.claim("m")
    assert isinstance(claim, New)
    assert await two.claim("m") == Busy()
    assert await one.finish("m", claim.token, "outcome ș") is True
    assert await two.claim("m") == Done("outcome ș")
    assert await one.claim("m") == Done("outcome ș")


async def test_result_is_kept_with_the_outcome_that_counts(journal, client):
    one, two = journal("one"), journal("two")
    first = await one.claim("m")
    await die(client, "one")
    second = await two.claim("m")
    zombie, real = Result("wrk:result:m", '["zombie"]', 60), Result("wrk:result:m", '["real"]', 60)
    assert await one.finish("m", first.token, "zombie", zombie) is False
    assert await client.get("wrk:result:m") is None
    assert await two.finish("m", second.token, "real", real) is True
    assert await client.get("wrk:result:m") == '["real"]'
    assert 0 < await client.ttl("wrk:result:m") <= 60


async def test_own_duplicate_is_busy_too(journal):
    one = journal("one")
    assert isinstance(await one.claim("m"), New)
    assert await one.claim("m") == Busy()


async def test_takeover_only_after_the_owner_is_gone_and_its_outcome_is_fenced(journal, client):
    one, two = journal("one"), journal("two")
    first = await one.claim("m")
    assert await two.claim("m") == Busy()
    await die(client, "one")
    second = await two.claim("m")
    assert isinstance(second, InDoubt)
    assert second.deaths == 1
    assert second.token != first.token
    # The zombie comes back: neither its outcome nor its release counts.
    assert await one.finish("m", first.token, "zombie") is False
    await one.release("m", first.token, in_doubt=False)
    assert await journal("three").claim("m") == Busy()
    assert await two.finish("m", second.token, "real") is True
    assert await one.claim("m") == Done("real")


async def test_suspect_rests_before_the_next_worker_gets_it(journal, client, monkeypatch):
    for n in range(3):
        await journal(f"i{n}").claim("m")
        await die(client, f"i{n}")
    assert await journal("next").claim("m") == Busy()
    monkeypatch.setattr(journal_redis, "_JUDGED", (0, 300, 2))
    assert isinstance(await journal("next").claim("m"), InDoubt)


async def test_crashes_of_others_are_told_and_ends_in_order_are_none(journal, client, eventually):
    one, in_order = journal("one"), journal("in order")
    await in_order.start()
    await eventually(lambda: client.zcard(SIGNS))
    await in_order.stop()
    ago = int(time.time()) - journal_redis.ALIVE_SECONDS - 1
    await client.zadd(SIGNS, {f"crashed {n}": ago for n in range(5)} | {"long ago": ago - 300})
    await one.claim("m")
    await die(client, "one")
    claim = await journal("two").claim("m")
    assert (claim.deaths, claim.crashes) == (1, 5)


@pytest.mark.parametrize(
    ("deaths", "crashes", "killer"),
    [(4, 4, False), (5, 5, True), (5, 10, True), (5, 11, False), (11, 99, False), (12, 99, True)],
)
def test_only_who_is_there_at_most_deaths_is_a_killer(deaths, crashes, killer):
    assert InDoubt("token", deaths, crashes).is_killer is killer


async def test_deaths_are_counted_over_all_owners(journal, client, monkeypatch):
    monkeypatch.setattr(journal_redis, "_JUDGED", (0, 300, 2))
    for deaths in range(5):
        claim = await journal(f"i{deaths}").claim("m")
        assert isinstance(claim, InDoubt if deaths else New)
        if isinstance(claim, InDoubt):
            assert claim.deaths == deaths
        await die(client, f"i{deaths}")


@pytest.mark.parametrize(("survived", "deaths"), [(True, 0), (False, 1)])
async def test_only_deaths_in_a_row_count(journal, client, survived, deaths):
    await journal("one").claim("m")
    await die(client, "one")
    two = journal("two")
    claim = await two.claim("m")
    await two.release("m", claim.token, in_doubt=True, survived=survived)
    again = await two.claim("m")
    assert again == InDoubt(again.token, deaths)


@pytest.mark.parametrize(("in_doubt", "kind"), [(False, New), (True, InDoubt)])
async def test_release_says_what_the_next_try_must_know(journal, in_doubt, kind):
    one, two = journal("one"), journal("two")
    claim = await one.claim("m")
    await one.release("m", claim.token, in_doubt=in_doubt)
    assert isinstance(await two.claim("m"), kind)


async def test_proof_of_life_is_renewed_and_ends_with_the_instance(journal, client, monkeypatch):
    monkeypatch.setattr(journal_redis, "ALIVE_SECONDS", 2)
    one, two = journal("one"), journal("two")
    await one.start()
    claim = await one.claim("m")
    until = time.monotonic() + 3
    while time.monotonic() < until:
        assert await two.claim("m") == Busy()
        await asyncio.sleep(0.2)
    await one.stop()
    taken = await two.claim("m")
    assert isinstance(taken, InDoubt)
    assert taken.token != claim.token


async def test_lost_answer_to_a_claim_is_in_doubt_and_no_death(journal):
    """The claim was written and its answer never came: nobody died, yet nobody knows."""
    one = journal("one")
    await one.claim("m")
    one._claims.end("m")
    claim = await one.claim("m")
    assert isinstance(claim, InDoubt)
    assert claim.deaths == 0


async def test_lost_answer_to_a_finish_may_be_asked_again(journal):
    one = journal("one")
    claim = await one.claim("m")
    assert await one.finish("m", claim.token, "outcome") is True
    assert await one.finish("m", claim.token, "outcome") is True
    assert await one.finish("m", claim.token, "another") is False
    assert await one.claim("m") == Done("outcome")


async def test_emptied_redis_does_not_lose_the_outcome_of_what_runs(journal, client):
    """Fenced off by nobody: without this the command would end in no event at all."""
    one = journal("one")
    claim = await one.claim("m")
    await client.flushdb()
    assert await one.finish("m", claim.token, "outcome") is True
    assert await journal("two").claim("m") == Done("outcome")


async def test_emptied_redis_and_a_takeover_fences_all_the_same(journal, client):
    one, two = journal("one"), journal("two")
    first = await one.claim("m")
    await client.flushdb()
    second = await two.claim("m")
    assert await one.finish("m", first.token, "zombie") is False
    assert await two.finish("m", second.token, "real") is True


async def test_fifty_claims_at_once_have_one_winner(journal):
    journals = [journal(f"i{n}") for n in range(10)]
    claims = await asyncio.gather(*[one.claim("m") for one in journals for _ in range(5)])
    kinds = [type(claim) for claim in claims]
    assert kinds.count(New) == 1
    assert kinds.count(Busy) == 49


async def test_claim_that_was_refused_or_broken_is_not_held(private_redis, journal):
    one, two = journal("one", private_redis.url), journal("two", private_redis.url)
    claim = await one.claim("m")
    assert await two.claim("m") == Busy()
    await one.release("m", claim.token, in_doubt=False)
    await private_redis.stop()
    with pytest.raises(JournalUnavailableError):
        await two.claim("m")
    await private_redis.start()
    assert isinstance(await two.claim("m"), New)


async def test_every_key_expires(journal, client, eventually):
    one = journal("one")
    await one.start()
    done, doubt, run = [await one.claim(key) for key in ("done", "doubt", "run")]
    await one.finish("done", done.token, "x")
    await one.release("doubt", doubt.token, in_doubt=True)
    assert isinstance(run, New)
    await one.stamp("fingerprint", redelivered=False)
    await eventually(lambda: client.exists(SIGNS))
    keys = [key async for key in client.scan_iter("*")]
    assert len(keys) == 6
    for key in keys:
        assert key.startswith("wrk:")
        assert 0 < await client.ttl(key) <= 600


async def test_stamp_is_new_for_a_fresh_message_and_kept_for_a_redelivered_one(journal):
    one, two = journal("one"), journal("two")
    first = await one.stamp("f", redelivered=False)
    assert await two.stamp("f", redelivered=True) == first
    second = await two.stamp("f", redelivered=False)
    assert second != first
    assert await one.stamp("f", redelivered=True) == second
    assert await one.stamp("other", redelivered=True) not in (first, second)


@pytest.mark.parametrize("how", ["stop", "freeze"])
async def test_redis_that_is_away_is_said_and_comes_back(private_redis, journal, how):
    one = journal("one", private_redis.url)
    claim = await one.claim("m")
    await getattr(private_redis, how)()
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: one.claim("n"),
        lambda: one.finish("m", claim.token, "x"),
        lambda: one.stamp("f", redelivered=False),
        one.ping,
    ]
    for step in steps[: 4 if how == "stop" else 1]:
        started = time.monotonic()
        with pytest.raises(JournalUnavailableError, match="Redis does not answer"):
            await step()
        assert time.monotonic() - started < 25
    await (private_redis.start() if how == "stop" else private_redis.thaw())
    assert await one.finish("m", claim.token, "x") is True


async def test_read_only_redis_is_unavailable_too(private_redis, journal):
    one = journal("one", private_redis.url)
    async with redis.Redis.from_url(private_redis.url) as client:
        await client.execute_command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(JournalUnavailableError):
            await one.claim("m")


class Model(RuleBasedStateMachine):
    """Three instances and two messages against the simplest description of the journal."""

    url = ""
    runner: asyncio.Runner
    _games = itertools.count()

    @initialize()
    def begin(self) -> None:
        self.prefix = f"{next(self._games)}"
        self.instances = {name: self._instance(name) for name in "abcz"}
        self.alive = dict.fromkeys("abc", True)
        self.state = dict.fromkeys(("m", "n"), ("free", None, 0))
        self.held: dict[tuple[str, str], str] = {}
        self.outcomes: dict[str, str] = {}

    def _instance(self, name: str) -> RedisJournal:
        return RedisJournal(self.url, tag=self.prefix, instance=name, ttl_seconds=600)

    def _run(self, work):
        return self.runner.run(work)

    @rule(who=st.sampled_from("abc"), key=st.sampled_from("mn"))
    def claim(self, who: str, key: str) -> None:
        found = self._run(self.instances[who].claim(key))
        if (who, key) in self.held:
            # It works on it, even when others took it for dead meanwhile.
            assert found == Busy()
            return
        self.alive[who] = True
        state, owner, deaths = self.state[key]
        if state == "done":
            assert found == Done(self.outcomes[key])
            return
        if state == "run" and self.alive[owner] and who != owner:
            assert found == Busy()
            return
        deaths += 1 if state == "run" and who != owner else 0
        if state == "free":
            assert isinstance(found, New)
        else:
            assert isinstance(found, InDoubt)
            assert found.deaths == deaths
        self.state[key] = ("run", who, deaths)
        self.held[who, key] = found.token

    @rule(who=st.sampled_from("abc"))
    def freeze_until_taken_for_dead(self, who: str) -> None:
        with blocking_redis.Redis.from_url(self.url) as client:
            client.delete(f"wrk:alive:{self.prefix}:{who}")
        self.alive[who] = False

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["finish", "free", "doubt"]))
    def settle(self, data, how: str) -> None:
        who, key = data.draw(st.sampled_from(sorted(self.held)))
        token = self.held.pop((who, key))
        state, owner, deaths = self.state[key]
        mine = state == "run" and owner == who
        if how == "finish":
            assert self._run(self.instances[who].finish(key, token, f"by {who}")) is mine
            if mine:
                self.state[key] = ("done", None, deaths)
                self.outcomes[key] = f"by {who}"
        else:
            doubt = how == "doubt"
            self._run(self.instances[who].release(key, token, in_doubt=doubt))
            if mine:
                self.state[key] = (how, None, 0)

    @invariant()
    def recorded_outcome_never_changes(self) -> None:
        for key, outcome in getattr(self, "outcomes", {}).items():
            assert self._run(self.instances["z"].claim(key)) == Done(outcome)

    def teardown(self) -> None:
        for one in getattr(self, "instances", {}).values():
            self._run(one._redis.aclose())


@pytest.fixture
def machine(redis_url: str) -> Iterator[type[Model]]:
    with asyncio.Runner() as runner:
        Model.url, Model.runner = redis_url, runner
        yield Model


def test_journal_does_what_the_model_says(machine):
    case = machine.TestCase()
    case.settings = settings(
        max_examples=25,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    case.runTest()
