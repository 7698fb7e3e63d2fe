"""A secret that rotates: one renewer at a time, over processes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.schema import SecretRow
from workers_ledger.secrets import Secrets


@pytest.fixture
def one(database) -> Secrets:
    return Secrets(database)


@pytest.fixture
def two(another) -> Secrets:
    return Secrets(another)


async def test_absent_secret_is_empty(one):
    assert await one.read("s") == ""


async def test_lease_belongs_to_one_until_it_is_given_back(one, two):
    assert await one.lease("s", "a", seconds=60)
    assert not await two.lease("s", "b", seconds=60)
    assert await one.lease("s", "a", seconds=60)
    await one.write("s", "value", "a")
    assert await two.read("s") == "value"
    assert await two.lease("s", "b", seconds=60)
    await two.release("s", "b")
    assert await one.lease("s", "a", seconds=60)


async def test_race_for_a_new_secret_has_one_winner(one, two):
    outcomes = await asyncio.gather(
        *(owner.lease("s", f"o{n}", seconds=60) for n, owner in enumerate((one, two) * 10))
    )
    assert outcomes.count(True) == 1


async def test_lease_of_a_dead_process_ends(one, two, database):
    assert await one.lease("s", "a", seconds=60)
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with database.transaction() as session:
        await session.execute(update(SecretRow).values(locked_until=past))
    assert await two.lease("s", "b", seconds=60)
    # The late one may still store what it got; it must not take the lease away.
    await one.write("s", "late", "a")
    await one.release("s", "a")
    assert not await one.lease("s", "a", seconds=60)


async def test_names_are_apart(one):
    assert await one.lease("s1", "a", seconds=60)
    assert await one.lease("s2", "b", seconds=60)
    await one.write("s1", "x", "a")
    assert await one.read("s2") == ""


async def test_giving_back_what_is_not_there_does_no_harm(one):
    await one.release("nothing", "a")
    assert await one.read("nothing") == ""


async def test_what_is_put_is_found_by_the_beginning_of_its_name(one, two):
    await one.put("login.a", "x")
    await two.put("login.a", "y")
    await one.put("login.b", "z")
    await one.put("other_", "w")
    await one.put("login.c", "")
    assert await two.under("login.") == {"login.a": "y", "login.b": "z"}
    assert await two.under("other_") == {"other_": "w"}
    assert await two.under("otherx") == {}


async def test_putting_leaves_a_lease_in_force(one, two):
    assert await one.lease("s", "a", seconds=60)
    await two.put("s", "value")
    assert await one.read("s") == "value"
    assert not await two.lease("s", "b", seconds=60)


async def test_database_that_does_not_answer_is_transient(dead_database):
    secrets = Secrets(dead_database)
    for step in (
        secrets.read("s"),
        secrets.lease("s", "a", seconds=1),
        secrets.write("s", "v", "a"),
        secrets.release("s", "a"),
        secrets.put("s", "v"),
        secrets.under("s"),
    ):
        with pytest.raises(LedgerUnavailableError):
            await step
