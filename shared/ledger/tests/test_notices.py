"""What is told once is told by one message, over processes, restarts and duplicates."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from workers_ledger.documents import Documents, LedgerUnavailableError, new_document
from workers_ledger.notices import Mark, Notices

NOW = datetime(2026, 4, 14, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def one(database) -> Notices:
    return Notices(database, "efactura")


@pytest.fixture
def two(another) -> Notices:
    return Notices(another, "efactura")


async def test_a_mark_belongs_to_the_message_that_set_it(one, two):
    assert await one.take("d1", "72", "m1") is Mark.FRESH
    assert await two.take("d1", "72", "m2") is Mark.TAKEN
    # The same message, handled again after its worker died.
    assert await two.take("d1", "72", "m1") is Mark.MINE
    assert await two.tells("d1", "72", "m1")
    assert not await two.tells("d1", "72", "m2")


async def test_subjects_marks_and_services_are_apart(one, database):
    assert await one.tells("d1", "72", "m1")
    assert await one.tells("d1", "24", "m2")
    assert await one.tells("d2", "72", "m2")
    assert await Notices(database, "saft").tells("d1", "72", "m2")
    assert await one.marks("d1") == ["24", "72"]


async def test_of_twenty_messages_at_once_one_tells(one, two):
    told = await asyncio.gather(
        *(notices.tells("d1", "72", f"m{n}") for n, notices in enumerate((one, two) * 10))
    )
    assert told.count(True) == 1


async def test_a_mark_that_ends_may_be_taken_over(one, two):
    assert await one.take("d1", "watch", "m1", until=NOW + HOUR, now=NOW) is Mark.FRESH
    assert await two.take("d1", "watch", "m2", until=NOW + HOUR, now=NOW) is Mark.TAKEN
    # A little before its end, by who was meant to go on.
    later, early = NOW + HOUR / 2, HOUR / 2
    then = {"until": NOW + 3 * HOUR, "now": later, "early": early}
    assert await one.take("d1", "watch", "next", **then) is Mark.FRESH
    assert await two.take("d1", "watch", "next", **then) is Mark.MINE
    assert await two.take("d1", "watch", "m2", **then) is Mark.TAKEN
    later = NOW + 4 * HOUR
    assert await two.take("d1", "watch", "m2", until=later + HOUR, now=later) is Mark.FRESH
    assert await one.take("d1", "watch", "m1", until=later + HOUR, now=later) is Mark.TAKEN
    assert await two.since("d1", "watch") == NOW
    assert await two.since("d1", "72") is None


async def test_a_database_that_is_away_is_told(dead_database):
    with pytest.raises(LedgerUnavailableError):
        await Notices(dead_database, "efactura").tells("d1", "72", "m1")


async def test_documents_are_found_by_tenant_code_and_number(database):
    documents = Documents(database, "efactura")

    async def make(key: str, tenant: str = "", number: str = "F-1", cif: str = "12345674"):
        return (
            await documents.open(
                new_document("efactura", tenant=tenant, business_key=key, number=number, cif=cif)
            )
        )[0]

    first, second = await make("a"), await make("b")
    await make("c", tenant="t1")
    await make("d", number="F-2")
    await make("e", cif="87654329")
    assert await documents.numbered("", "12345674", "F-1") == [first, second]
