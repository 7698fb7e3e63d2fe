"""What is told of documents on their way: all parts are real, only the clock is set."""

from datetime import datetime, timedelta

from workers_anaf.romania import ROMANIA

HOUR = timedelta(hours=1)


async def test_the_whole_way_from_a_refusal_by_anaf(desk, invoice, sandbox):
    """Handlers, ledger and sandbox are real; only the clock is set."""
    sandbox.control.scenario("nok-one-error")
    await desk.file(invoice("TERM-1"), tenant="t1")
    assert desk.keys[-1] == "efactura.rejected"
    (watch,) = desk.watches
    document = await desk.document()
    end = document.deadline
    desk.parts["watching"]._clock = lambda: end - 25 * HOUR
    await desk.step(watch)
    assert (desk.events[-1].key, desk.events[-1].mark) == ("efactura.deadline_approaching", "3d")
    assert desk.events[-1].upload_index == document.authority_id
    # Corrected and filed again under its number: nothing more is told.
    await desk.file(invoice("TERM-1", note=" bis"), "m2", tenant="t1")
    assert desk.keys[-1] == "efactura.accepted"
    desk.parts["watching"]._clock = lambda: end - HOUR
    seen = len(desk.events)
    await desk.step(desk.watches[-1])
    assert len(desk.events) == seen


async def test_processing_is_told_once_a_romanian_day_and_not_in_the_first_hour(
    desk, invoice, sandbox
):
    sandbox.control.scenario("processing-for-hours", seconds=12 * 3600)
    desk.submit(invoice("SLOW-1"))
    await desk.step(desk.jobs.pop(0))
    document = await desk.document()
    begun = datetime.fromisoformat(document.data["submitted_at"])
    asked: list[datetime] = []
    looks: list[datetime] = []

    async def ask(now: datetime) -> None:
        desk.parts["watching"]._clock = lambda: now
        before = len(desk.events)
        await desk.step(desk.jobs.pop(0))
        if len(desk.events) > before:
            asked.append(now)
            assert desk.events[-1].key == "efactura.processing"
            assert desk.events[-1].asked_at == now
        if desk.watches and looks and now >= looks[-1]:
            await desk.step(desk.watches.pop(0))
            looks.clear()
        if desk.watches and not looks:
            looks.append(now + timedelta(seconds=desk.watches[0].wait))

    await ask(begun + timedelta(minutes=59))
    assert asked == []
    # Every three hours for three days, and just around Romania's midnight.
    moments = [begun + HOUR + n * 3 * HOUR for n in range(24)]
    for moment in moments:
        await ask(moment)
    days = {moment.astimezone(ROMANIA).date() for moment in moments}
    assert [moment.astimezone(ROMANIA).date() for moment in asked] == sorted(days)
    assert {event.upload_index for event in desk.events[1:]} == {document.authority_id}
    # It is late at ANAF: its term is watched, once.
    assert [job.command.key for job in desk.watches] == ["efactura.watch"]


async def test_an_invoice_that_goes_well_is_never_watched(desk, invoice):
    await desk.file(invoice("WELL-1"))
    assert desk.keys == ["efactura.submitted", "efactura.accepted"]
    assert desk.watches == []
