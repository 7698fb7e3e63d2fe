"""Boxes: one chain of readings each, whatever is lost, delivered twice or begun again."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.inboxes import Inboxes

NOW = datetime(2026, 4, 14, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
CIF = "12345674"


@pytest.fixture
def boxes(database) -> Inboxes:
    return Inboxes(database, "efactura")


async def test_a_reading_follows_the_other(boxes):
    box = await boxes.follow("firm", CIF, "m1", active=True, now=NOW)
    assert (box.turn, box.active, box.due_at, box.read_at) == (1, True, NOW, None)
    assert await boxes.begin("firm", CIF, 2, "l2") is None
    assert (await boxes.begin("firm", CIF, 1, "l1")).id == box.id
    after = await boxes.turned(box, 1, "l1", due_at=NOW + HOUR, read_at=NOW)
    assert (after.turn, after.due_at, after.read_at) == (2, NOW + HOUR, NOW)
    assert await boxes.begin("firm", CIF, 1, "copy") is None
    assert await boxes.begin("firm", CIF, 2, "l2") == after


async def test_a_message_that_is_handled_again_after_a_crash_finds_its_own_turn(boxes):
    box = await boxes.follow("firm", CIF, "m1", active=True, now=NOW)
    assert (await boxes.follow("firm", CIF, "m1", active=True, now=NOW + HOUR)).turn == 1
    await boxes.turned(box, 1, "l1", due_at=NOW + HOUR)
    # It recorded its end, and its worker died before the next message was sent.
    again = await boxes.begin("firm", CIF, 1, "l1")
    assert again is not None
    assert (await boxes.turned(again, 1, "l1", due_at=NOW + HOUR)).turn == 2


async def test_asked_for_again_the_former_chain_is_out(boxes):
    await boxes.follow("firm", CIF, "m1", active=True, now=NOW)
    reading = await boxes.begin("firm", CIF, 1, "l1")
    second = await boxes.follow("firm", CIF, "m2", active=True, now=NOW + HOUR)
    assert second.turn == 2
    # The reading that was under way ends without a next one of its own.
    assert await boxes.turned(reading, 1, "l1", due_at=NOW, read_at=NOW) is None
    found = await boxes.find("firm", CIF)
    assert (found.due_at, found.read_at, found.followed_at) == (NOW + HOUR, NOW, NOW)
    assert await boxes.begin("firm", CIF, 1, "late") is None


async def test_stopped_means_no_reading_at_all(boxes):
    await boxes.follow("firm", CIF, "m1", active=True, now=NOW)
    stopped = await boxes.follow("firm", CIF, "m2", active=False, now=NOW)
    assert not stopped.active
    for turn in (1, stopped.turn):
        assert await boxes.begin("firm", CIF, turn, "l") is None
    assert await boxes.revive("firm", "m3", before=NOW + HOUR, now=NOW + HOUR) == []
    assert await boxes.overdue(before=NOW + HOUR, failures=1) == []


async def test_tenants_and_services_are_apart(boxes, database):
    first = await boxes.follow("firm", CIF, "m1", active=True, now=NOW)
    second = await boxes.follow("other", CIF, "m1", active=True, now=NOW)
    assert first.id != second.id
    assert await boxes.find("third", CIF) is None
    assert await Inboxes(database, "etransport").find("firm", CIF) is None
    revived = await boxes.revive("firm", "m2", before=NOW + HOUR, now=NOW + HOUR)
    assert [box.id for box in revived] == [first.id]


async def test_what_is_long_overdue_is_begun_anew_by_one(boxes, another):
    await boxes.follow("firm", CIF, "m1", active=True, now=NOW)
    two = Inboxes(another, "efactura")
    assert await boxes.revive("firm", "s1", before=NOW - HOUR, now=NOW) == []
    later = NOW + 2 * HOUR
    found = await asyncio.gather(
        *(
            b.revive("firm", f"s{n}", before=NOW + HOUR, now=later)
            for n, b in enumerate((boxes, two))
        )
    )
    assert sorted(len(each) for each in found) == [0, 1]
    winner = next(n for n, each in enumerate(found) if each)
    again = await two.revive("firm", f"s{winner}", before=NOW + HOUR, now=later)
    assert [box.turn for box in again] == [2]


async def test_boxes_that_are_not_read_are_named(boxes):
    box = await boxes.follow("firm", CIF, "m1", active=True, now=NOW)
    assert await boxes.overdue(before=NOW, failures=3) == []
    assert [b.cif for b in await boxes.overdue(before=NOW + HOUR, failures=3)] == [CIF]
    await boxes.turned(box, 1, "l1", due_at=NOW + HOUR, failures=3, error_code="anaf_no_right")
    found = await boxes.overdue(before=NOW, failures=3)
    assert [(b.error_code, b.failures) for b in found] == [("anaf_no_right", 3)]


async def test_a_dead_database_is_told_as_such(dead_database):
    with pytest.raises(LedgerUnavailableError):
        await Inboxes(dead_database, "efactura").find("firm", CIF)
