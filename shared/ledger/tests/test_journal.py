"""The journal's answers, on both databases, for many tasks and for several processes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from workers_ledger import journal as module
from workers_ledger.database import Database
from workers_ledger.journal import SqlJournal
from workers_ledger.schema import InstanceRow, MessageRow, StampRow
from workers_runtime.errors import JournalUnavailableError
from workers_runtime.journal import Busy, Done, InDoubt, New


def make(database, instance="one", ttl=60) -> SqlJournal:
    return SqlJournal(database, instance=instance, ttl_seconds=ttl)


async def die(database, instance: str) -> None:
    """Let an instance's proof of life run out, as 10 s without it would."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with database.transaction() as session:
        await session.execute(
            update(InstanceRow).where(InstanceRow.id == instance).values(alive_until=past)
        )


@pytest.fixture
def one(database) -> SqlJournal:
    return make(database, "one")


@pytest.fixture
def two(another) -> SqlJournal:
    return make(another, "two")


async def test_new_then_busy_then_done(one, two):
    claim = await one.claim("k")
    assert isinstance(claim, New)
    assert await one.claim("k") == Busy()
    assert await two.claim("k") == Busy()
    assert await one.finish("k", claim.token, "outcome ăîș")
    assert await one.claim("k") == await two.claim("k") == Done("outcome ăîș")


async def test_released_message_is_new_or_in_doubt_as_was_said(one, two):
    claim = await one.claim("k")
    await one.release("k", claim.token, in_doubt=False)
    again = await two.claim("k")
    assert isinstance(again, New)
    await two.release("k", again.token, in_doubt=True)
    third = await one.claim("k")
    assert isinstance(third, InDoubt)
    assert third.deaths == 0


async def test_dead_owner_is_taken_over_and_his_death_counted(one, two, database):
    await one.claim("k")
    await die(database, "one")
    claim = await two.claim("k")
    assert isinstance(claim, InDoubt)
    assert claim.deaths == 1


async def test_suspect_rests_before_the_next_worker_gets_it(database, monkeypatch):
    for n in range(3):
        await make(database, f"i{n}").claim("k")
        await die(database, f"i{n}")
    assert await make(database, "next").claim("k") == Busy()
    monkeypatch.setattr(module, "COOL_SECONDS", 0)
    assert isinstance(await make(database, "next").claim("k"), InDoubt)


async def test_crashes_of_others_are_told_and_ends_in_order_are_none(one, two, database):
    for n in range(5):
        await make(database, f"other{n}").claim(f"k{n}")
        await die(database, f"other{n}")
    in_order = make(database, "in order")
    await in_order.start()
    await in_order.stop()
    await one.claim("k")
    await die(database, "one")
    claim = await two.claim("k")
    assert (claim.deaths, claim.crashes) == (1, 6)


async def test_deaths_add_up(database, monkeypatch):
    monkeypatch.setattr(module, "COOL_SECONDS", 0)
    for n in range(3):
        await make(database, f"i{n}").claim("k")
        await die(database, f"i{n}")
    claim = await make(database, "last").claim("k")
    assert isinstance(claim, InDoubt)
    assert claim.deaths == 3


async def test_own_forgotten_claim_is_in_doubt_but_no_death(one, database):
    await one.claim("k")
    reborn = make(database, "one")
    claim = await reborn.claim("k")
    assert isinstance(claim, InDoubt)
    assert claim.deaths == 0


async def test_who_was_given_up_for_dead_is_fenced_off(one, two, database):
    late = await one.claim("k")
    await die(database, "one")
    claim = await two.claim("k")
    assert not await one.finish("k", late.token, "late")
    await one.release("k", late.token, in_doubt=False)
    assert await one.claim("k") == Busy()
    assert await two.finish("k", claim.token, "right")
    assert await one.claim("k") == Done("right")


async def test_finish_whose_answer_was_lost_may_be_repeated(one):
    # The commit was done and the connection broke: fenced would mean never published.
    claim = await one.claim("k")
    assert await one.finish("k", claim.token, "outcome")
    assert await one.finish("k", claim.token, "outcome")
    assert not await one.finish("k", claim.token, "another")
    assert not await one.finish("k", "other token", "outcome")


async def test_claim_whose_answer_was_lost_is_in_doubt(one, database):
    async with database.transaction() as session:
        await one._alive(session)
        await session.execute(one._insert("k"))
        await session.execute(update(MessageRow).values(state="run", owner="one", token="lost"))
    claim = await one.claim("k")
    assert isinstance(claim, InDoubt)
    assert await one.finish("k", claim.token, "x")


async def test_copy_that_asks_before_the_first_one_has_its_answer_is_busy(one, monkeypatch):
    run = one._run

    async def slow_to_answer(step):
        answer = await run(step)
        await asyncio.sleep(0.2)
        return answer

    monkeypatch.setattr(one, "_run", slow_to_answer)
    first, second = await asyncio.gather(one.claim("k"), one.claim("k"))
    assert isinstance(first, New)
    assert second == Busy()


async def test_fifty_tasks_get_one_claim(one):
    claims = await asyncio.gather(*(one.claim("k") for _ in range(50)))
    assert sum(isinstance(claim, New) for claim in claims) == 1
    assert claims.count(Busy()) == 49


async def test_many_keys_at_once_are_all_taken_at_the_first_try(one, two):
    claims = await asyncio.gather(
        *(journal.claim(f"{journal._instance}-{n}") for n in range(40) for journal in (one, two))
    )
    assert all(isinstance(claim, New) for claim in claims)


async def test_two_processes_share_the_keys_and_each_is_new_once(database, run_in_process):
    outputs = await asyncio.gather(run_in_process("p1", "40"), run_in_process("p2", "40"))
    taken = sorted(outputs[0] + outputs[1])
    assert taken == sorted(f"k{n}" for n in range(40))


async def test_life_is_proved_while_it_runs_and_withdrawn_at_the_end(one, database, monkeypatch):
    await one.start()
    await asyncio.sleep(0.1)
    await one.ping()
    async with database.transaction() as session:
        row = await session.get(InstanceRow, "one")
        left = row.alive_until - datetime.now(UTC)
    assert timedelta(seconds=5) < left <= timedelta(seconds=module.LEASE_SECONDS)
    await one.stop()
    async with database.transaction() as session:
        assert await session.get(InstanceRow, "one") is None


async def test_message_without_id_gets_one_and_keeps_it_when_redelivered(one, two):
    first = await one.stamp("f" * 64, redelivered=False)
    assert await two.stamp("f" * 64, redelivered=True) == first
    second = await one.stamp("f" * 64, redelivered=False)
    assert second != first
    assert await two.stamp("f" * 64, redelivered=True) == second


async def test_same_bytes_stamped_at_the_same_moment(one, two):
    stamps = await asyncio.gather(
        *(journal.stamp("e" * 64, redelivered=True) for journal in (one, two) * 5),
        return_exceptions=True,
    )
    ids = {each for each in stamps if isinstance(each, str)}
    assert len(ids) == 1
    assert all(isinstance(each, str | JournalUnavailableError) for each in stamps)


async def test_what_is_over_is_forgotten_and_what_runs_is_kept(database, monkeypatch):
    monkeypatch.setattr(module, "CLEANUP_SECONDS", 0.05)
    journal = make(database, ttl=60)
    done, running = await journal.claim("done"), await journal.claim("running")
    await journal.finish("done", done.token, "x")
    await journal.stamp("f" * 64, redelivered=False)
    old = datetime.now(UTC) - timedelta(seconds=120)
    async with database.transaction() as session:
        await session.execute(update(MessageRow).values(updated_at=old))
        await session.execute(update(StampRow).values(updated_at=old))
        session.add(InstanceRow(id="ancient", alive_until=old - timedelta(days=2)))
    await journal.start()
    await asyncio.sleep(0.4)
    async with database.transaction() as session:
        assert list(await session.scalars(select(MessageRow.key))) == ["running"]
        assert list(await session.scalars(select(StampRow.fingerprint))) == []
        assert await session.get(InstanceRow, "ancient") is None
    await journal.stop()
    assert await journal.finish("running", running.token, "y")


async def test_locked_database_is_unavailable_not_a_crash(locked_sqlite):
    journal = make(locked_sqlite)
    with pytest.raises(JournalUnavailableError, match="OperationalError"):
        await journal.claim("k")
    with pytest.raises(JournalUnavailableError):
        await journal.ping()


async def test_unreachable_database_is_unavailable_and_shows_no_password(dead_database):
    journal = make(dead_database)
    for step in (journal.claim("k"), journal.ping(), journal.stamp("f", redelivered=False)):
        with pytest.raises(JournalUnavailableError) as told:
            await step
        assert "geheim" not in str(told.value)


async def test_journal_goes_on_after_its_server_was_gone(postgres):
    database = Database(postgres.new_database())
    await database.open()
    journal = make(database)
    claim = await journal.claim("k")
    postgres.stop()
    with pytest.raises(JournalUnavailableError):
        await journal.finish("k", claim.token, "x")
    postgres.start()
    assert await journal.finish("k", claim.token, "x")
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM message")) == 1
    await database.close()
