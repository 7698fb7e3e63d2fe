"""Messages in a box: entered once, handed out, and ended by the newest hand alone."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from workers_ledger.documents import Documents, new_document
from workers_ledger.inbound import Inbound
from workers_ledger.inbound_values import Hands, InboundState, Listed
from workers_ledger.inboxes import Inboxes

NOW = datetime(2026, 4, 14, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CIF = "12345674"


@pytest.fixture
def inbound(database) -> Inbound:
    return Inbound(database, "efactura")


@pytest.fixture
async def box(database):
    return await Inboxes(database, "efactura").follow("firm", CIF, "m1", active=True, now=NOW)


def listed(*numbers: int, type_: str = "received", age: timedelta = HOUR) -> list[Listed]:
    return [Listed(f"30{n}", f"50{n}", type_, NOW - age, {"n": n}) for n in numbers]


def hands(by: str, *, now: datetime = NOW, **values) -> Hands:
    chosen = {"until": now + DAY, "oldest": now - 62 * DAY, **values}
    return Hands(by=by, now=now, **chosen)


async def numbers(inbound, box, asked: Hands) -> list[tuple[str, int]]:
    return [(each.message_id, each.hand) for each in await inbound.hand_out(box, asked)]


async def test_each_message_is_entered_once_whoever_reads_it(inbound, box, another):
    two = Inbound(another, "efactura")
    many = listed(*range(450))
    await asyncio.gather(*(each.enter(box, many, now=NOW) for each in (inbound, two, inbound)))
    assert await inbound.enter(box, listed(1, 2, 999), now=NOW) == 1
    assert await inbound.counts(box) == {"listed": 451}


async def test_a_message_is_handed_out_once_and_again_when_its_hand_is_lost(inbound, box):
    await inbound.enter(box, listed(1, 2), now=NOW)
    assert await numbers(inbound, box, hands("l1", most=1)) == [("301", 1)]
    # The same reading, handled again after a crash, has it again and takes one more with it.
    assert await numbers(inbound, box, hands("l1")) == [("301", 1), ("302", 1)]
    assert await numbers(inbound, box, hands("l2")) == []
    # Whoever works on it holds on to it.
    begun = await inbound.begin("firm", CIF, "301", 1, until=NOW + 3 * DAY)
    assert begun.data == {"n": 1}
    assert await numbers(inbound, box, hands("l3", now=NOW + 2 * DAY)) == [("302", 2)]
    assert await inbound.begin("firm", CIF, "302", 1, until=NOW) is None


async def test_only_the_newest_hand_ends_a_message_and_only_once(inbound, box):
    await inbound.enter(box, listed(1), now=NOW)
    (old,) = await inbound.hand_out(box, hands("l1"))
    (new,) = await inbound.hand_out(box, hands("l2", now=NOW + 2 * DAY))
    assert await inbound.end(old, InboundState.STORED, {"archive": 1}) is None
    await inbound.note(old, code="late", error="from an old hand")
    stored = await inbound.end(new, InboundState.STORED, {"archive": 2})
    assert (stored.state, stored.data, stored.error_code) == ("stored", {"n": 1, "archive": 2}, "")
    assert await inbound.end(new, InboundState.EXPIRED, {}) is None
    # The message that stored it finds it so, should it be handled again.
    assert (await inbound.begin("firm", CIF, "301", 2, until=NOW)).state == "stored"
    assert await numbers(inbound, box, hands("l3", now=NOW + 9 * DAY)) == []


async def test_notes_count_what_was_no_good(inbound, box):
    await inbound.enter(box, listed(1), now=NOW)
    (each,) = await inbound.hand_out(box, hands("l1"))
    await inbound.note(each, code="anaf_unavailable", error="x" * 5000)
    await inbound.note(each, code="efactura_archive_unreadable", error="no ZIP", unusable=True)
    again = await inbound.begin("firm", CIF, "301", 1, until=NOW)
    assert (again.tries, again.error_code, again.error) == (
        1,
        "efactura_archive_unreadable",
        "no ZIP",
    )


async def test_types_that_may_be_ours_wait_and_are_recognised(inbound, box, database):
    documents = Documents(database, "efactura")

    async def filed(number: str, index: str, **values):
        fresh = new_document("efactura", tenant="firm", business_key=number, cif=CIF)
        document, _ = await documents.open(replace(fresh, **values))
        document, attempt = await documents.begin(document, "upload", state="uploading")
        ended = {"state": "uploaded", "authority_id": index}
        return await documents.end(document, attempt, outcome="accepted", detail=index, **ended)

    await filed("F-1", "501")
    again = await filed("F-2", "502")
    await documents.change(again, authority_id="777")  # its first upload is followed
    await filed("F-3", "503", tenant="other")
    await filed("F-4", "504", cif="19")
    await inbound.enter(box, listed(1, 2, 3, 4, type_="sent"), now=NOW)
    await inbound.enter(box, listed(5), now=NOW)
    young = hands("l1", later=("sent", "errors"), settled=NOW - 2 * HOUR)
    assert await numbers(inbound, box, young) == [("305", 1)]
    await inbound.mark_ours(box, ("sent",), ())
    assert await inbound.counts(box) == {"ours": 1, "listed": 4}
    await inbound.mark_ours(box, ("sent",), ("sent",))
    assert await inbound.counts(box) == {"ours": 2, "listed": 3}
    old = hands("l2", later=("sent", "errors"), settled=NOW)
    assert await numbers(inbound, box, old) == [("303", 1), ("304", 1)]


async def test_what_ages_is_told_to_one_asker(inbound, box):
    await inbound.enter(box, listed(1, age=46 * DAY), now=NOW)
    await inbound.enter(box, listed(2), now=NOW)
    limit = {"before": NOW - 45 * DAY, "seen_before": NOW}
    assert await inbound.aging(box, "l0", before=limit["before"], seen_before=NOW - HOUR) == []
    for _ in range(2):
        aging = await inbound.aging(box, "l1", **limit)
        assert [each.message_id for each in aging] == ["301"]
    assert await inbound.aging(box, "l2", **limit) == []


async def test_what_was_never_fetched_ends_at_the_end_of_its_life(inbound, box):
    await inbound.enter(box, listed(1, 2, age=63 * DAY), now=NOW)
    await inbound.enter(box, listed(3), now=NOW)
    assert await numbers(inbound, box, hands("l1")) == [("303", 1)]
    limit = NOW - 62 * DAY
    for _ in range(2):
        expired = await inbound.expire(box, "l1", before=limit)
        assert [each.message_id for each in expired] == ["301", "302"]
    assert await inbound.expire(box, "l2", before=limit) == []
    assert await inbound.counts(box) == {"expired": 2, "listed": 1}


async def test_tenants_with_the_same_box_have_each_their_own(inbound, box, database):
    other = await Inboxes(database, "efactura").follow("other", CIF, "m1", active=True, now=NOW)
    await inbound.enter(box, listed(1), now=NOW)
    assert await numbers(inbound, other, hands("l1")) == []
    await inbound.enter(other, listed(1), now=NOW)
    (mine,) = await inbound.hand_out(box, hands("l1"))
    await inbound.end(mine, InboundState.STORED, {})
    assert await inbound.counts(other) == {"listed": 1}
    assert await inbound.begin("other", CIF, "301", 1, until=NOW) is None
