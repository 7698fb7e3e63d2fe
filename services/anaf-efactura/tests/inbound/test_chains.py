"""One chain of readings a box and one hand a message, over crashes, losses and copies."""

import asyncio
from datetime import timedelta

from anaf_efactura.inbound.health import InboxHealth
from workers_ledger.inboxes import Inboxes

HOUR = timedelta(hours=1)


async def test_asked_for_twice_one_chain_goes_on(box):
    await box.ask()
    first = box.reading
    await box.ask()
    second = box.reading
    await box.step(first)
    assert box.reading is second
    await box.step(second)
    assert box.reading.command.turn == second.command.turn + 1
    assert box.reading.wait == 900


async def test_stopped_is_stopped_and_begun_again_reads_what_came_meanwhile(box, sandbox):
    await box.follow()
    ahead = box.reading
    answer = await box.follow(active=False)
    assert not answer.active
    sandbox.control.inbound(box.cif)
    box.reading = None
    await box.step(ahead)
    assert (box.reading, box.keys) == (None, [])
    await box.follow()
    assert box.keys == ["efactura.received"]


async def test_a_reading_whose_worker_dies_at_its_end_hands_out_the_same_again(box, sandbox):
    sandbox.control.inbound(box.cif, 3)
    await box.ask()
    reading = box.reading
    lost = await box.call(reading)  # recorded in the ledger, and never sent
    again = await box.call(reading)
    assert [after.command for after in again] == [after.command for after in lost]
    assert len(again) == 4


async def test_a_fetch_whose_worker_dies_at_its_end_tells_again_without_a_download(box, sandbox):
    (message_id,) = sandbox.control.inbound(box.cif)
    await box.ask()
    await box.step(box.reading)
    (fetch,) = box.fetches
    first = await box.call(fetch)
    assert await box.call(fetch) == first
    assert box.downloads() == {message_id: 1}


async def test_a_worker_that_was_given_up_for_dead_takes_no_event_with_it(box, sandbox):
    sandbox.control.inbound(box.cif)
    sandbox.control.inbound(box.cif, scenario="message-past-60-days")
    await box.ask()
    await box.step(box.reading)
    for fetch in box.fetches:
        # The journal lets only one of the two tell: both must know what.
        one, other = await asyncio.gather(box.call(fetch), box.call(fetch))
        assert one == other
        assert one is not None


async def test_a_fetch_that_was_lost_is_handed_out_again_and_the_old_one_is_out(box, sandbox):
    (message_id,) = sandbox.control.inbound(box.cif)
    await box.ask()
    await box.step(box.reading)
    lost = box.fetches.pop()
    box.at(35 * HOUR)
    await box.work()
    assert box.keys == []
    box.at(37 * HOUR)
    await box.work()
    await box.step(lost)
    assert (box.keys, box.downloads()) == (["efactura.received"], {message_id: 1})


async def test_a_lost_reading_is_begun_again_by_the_tenants_next_sign(
    box, make_box, desk, invoice, sandbox
):
    await box.follow()
    box.reading = None
    sandbox.control.inbound(box.cif)
    health = InboxHealth(Inboxes(desk.database, "efactura"), box.now)
    box.at(HOUR)
    assert await health.problem() is None
    box.at(2 * HOUR)
    assert box.cif in await health.problem()
    other = make_box(tenant="other", cif="12345674")
    other.at(2 * HOUR)
    await other.follow()
    # Nobody else's sign: its messages would bear the wrong tenant.
    assert other.reading.command.cif == "12345674"
    await desk.file(invoice("S-1"), "s1", tenant="firm")
    (again,) = [job for job in desk.watches if job.command.key == "efactura.list"]
    assert (again.command.cif, again.identity.tenant) == (box.cif, "firm")
    box.at(2 * HOUR)
    await box.step(type(other.reading)(again.command, again.identity.message_id))
    await box.fetch()
    # What lay there, and what was filed just now.
    assert box.keys == ["efactura.received"] * 2
    assert await health.problem() is None


async def test_health_names_lists_that_cannot_be_read(box, sandbox, desk):
    await box.follow()
    sandbox.control.scenario(
        "error-500-html", operation="listaMesajePaginatieFactura", variant="json", times=None
    )
    health = InboxHealth(Inboxes(desk.database, "efactura"), box.now)
    for _ in range(4):
        await box.work()
    assert await health.problem() is None
    await box.work()
    assert "last read 20" in await health.problem()


async def test_more_than_one_reading_hands_out_goes_on_at_once(box, sandbox, monkeypatch):
    monkeypatch.setattr("anaf_efactura.inbound.receiving.AT_ONCE", 4)
    sandbox.control.inbound(box.cif, 9)
    await box.ask()
    waits = []
    for _ in range(3):
        await box.work()
        waits.append(box.reading.wait)
    assert waits == [2, 2, 900]
    assert len(box.keys) == 9
