"""What cannot be received waits visibly, is told in time, and ends as expired at the worst."""

from datetime import timedelta

import pytest

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LISTS = "listaMesajePaginatieFactura"


async def test_a_message_past_its_days_ends_as_expired_and_is_not_asked_for_again(box, sandbox):
    (message_id,) = sandbox.control.inbound(box.cif, scenario="message-past-60-days")
    await box.follow()
    (event,) = box.told("efactura.receive_expired")
    assert (event.download_id, event.message_type) == (message_id, "received")
    assert "60 de zile" in event.message
    assert "ANAF" in event.action
    for hours in (2, 30, 50):
        box.at(hours * HOUR)
        await box.work()
    assert (box.keys, box.downloads()) == (["efactura.receive_expired"], {message_id: 1})
    assert (await box.follow()).expired == 1


@pytest.mark.parametrize("variant", ["corrupt", "truncated"])
async def test_a_damaged_archive_is_asked_for_again_and_kept_when_it_stays_so(
    box, sandbox, variant
):
    (message_id,) = sandbox.control.inbound(box.cif)
    sandbox.control.scenario("corrupt-zip", variant=variant, times=4)
    await box.follow()
    assert {error.code for error in box.errors} == {"efactura_archive_unreadable"}
    (event,) = box.told("efactura.received")
    assert (event.kind, event.problem, event.seal.status) == ("invoice", None, "verified")
    sandbox.control.scenario("corrupt-zip", variant=variant, times=None)
    (second,) = sandbox.control.inbound(box.cif)
    await box.work()
    kept = box.told("efactura.received")[-1]
    assert (kept.download_id, kept.kind, kept.seal, kept.number) == (
        second,
        "unreadable",
        None,
        None,
    )
    assert kept.archive.size > 0
    assert "manual" in kept.problem
    assert box.downloads() == {message_id: 5, second: 5}


async def test_a_seal_that_stays_away_is_waited_for_and_then_told(box, sandbox):
    sandbox.control.inbound(box.cif)
    sandbox.control.scenario("archive-with-errors-no-seal", operation="descarcare", times=None)
    await box.follow()
    (event,) = box.told("efactura.received")
    assert (event.kind, event.seal.status) == ("invoice", "missing")
    assert len(box.errors) == 4


async def test_the_days_allowance_waits_for_tomorrow_and_no_call_is_refused(box, sandbox):
    (message_id,) = sandbox.control.inbound(box.cif)
    sandbox.control.scenario("quota-text-200", operation="descarcare", times=1)
    await box.follow()
    assert [error.code for error in box.errors] == ["anaf_daily_limit"]
    (waiting,) = box.fetches
    assert 0 < waiting.wait <= 90_000
    # The lists are read on, and nobody takes the message for lost meanwhile.
    box.at(HOUR)
    await box.work()
    assert len(box.fetches) == 1
    box.at(timedelta(seconds=waiting.wait + 1))
    box.fetches.clear()
    waiting.wait = 0
    box.fetches.append(waiting)
    await box.fetch()
    assert (box.keys, box.downloads()) == (["efactura.received"], {message_id: 2})
    assert sandbox.control.violations() == []


async def test_a_right_that_is_missing_is_told_once_and_the_message_asked_for_again(box, sandbox):
    sandbox.control.inbound(box.cif)
    sandbox.control.scenario("no-right-403", operation="descarcare", variant="text", times=2)
    await box.follow()
    (event,) = box.told("efactura.receive_delayed")
    assert (event.what, event.code) == ("message", "anaf_no_right")
    assert "dreptul" in event.action
    for _ in range(2):
        (again,) = box.fetches
        assert again.wait == 6 * 3600
        again.wait = 0
        await box.fetch()
    assert box.keys == ["efactura.receive_delayed", "efactura.received"]


async def test_lists_that_are_refused_are_told_at_once_and_go_on_by_themselves(box, sandbox):
    rule = sandbox.control.scenario("no-right-403", operation=LISTS, variant="text", times=None)
    assert rule
    await box.follow()
    (event,) = box.told("efactura.receive_delayed")
    assert (event.what, event.code, event.download_id) == ("list", "anaf_no_right", None)
    assert "niciodată" in event.message
    assert box.reading.wait == 3600
    await box.work()
    assert len(box.told("efactura.receive_delayed")) == 1
    answer = await box.follow()
    assert (answer.code, answer.read_at) == ("anaf_no_right", None)
    sandbox.control.clear_scenarios()
    sandbox.control.inbound(box.cif)
    await box.work()
    assert box.keys == ["efactura.receive_delayed", "efactura.received"]
    assert (await box.follow()).code is None


async def test_lists_that_stay_unread_are_told_of_at_each_mark_once(box, sandbox):
    await box.follow()
    sandbox.control.scenario("error-500-html", operation=LISTS, times=None)
    left = []
    for days in (0.9, 1.1, 3, 8, 31, 46, 50):
        box.at(days * DAY)
        await box.work()
        await box.work()
        left.append(len(box.told("efactura.receive_delayed")))
    assert left == [0, 1, 1, 2, 3, 4, 4]
    first, *_, last = box.told("efactura.receive_delayed")
    assert (round(first.days_left), round(last.days_left)) == (59, 14)
    assert first.what == "list"
    assert "nu au mai fost citite complet" in first.message


async def test_a_message_that_is_not_fetched_is_told_of_at_day_45_and_ends_after_its_life(
    box, sandbox
):
    (message_id,) = sandbox.control.inbound(box.cif)
    sandbox.control.scenario("error-500-html", operation="descarcare", variant="json", times=None)
    await box.ask()
    await box.step(box.reading)
    (first,) = box.fetches
    await box.step(first)
    for days, count in ((44, 0), (45.1, 1), (47, 1), (61, 1)):
        box.fetches.clear()
        box.at(days * DAY)
        await box.step(box.reading)
        assert len(box.told("efactura.receive_delayed")) == count
    event = box.told("efactura.receive_delayed")[0]
    assert (event.what, event.download_id, event.code) == (
        "message",
        message_id,
        box.errors[0].code,
    )
    assert round(event.days_left) == 15
    box.at(62.1 * DAY)
    lost = list(box.fetches)
    await box.step(box.reading)
    assert [e.download_id for e in box.told("efactura.receive_expired")] == [message_id]
    # What was on its way all the while finds out.
    sandbox.control.clear_scenarios()
    for sent in [first, *lost]:
        await box.step(sent)
    assert box.keys == ["efactura.receive_delayed", "efactura.receive_expired"]


async def test_lists_of_another_program_do_not_exceed_the_days_allowance(box, sandbox):
    sandbox.control.scenario("quota-text-200", operation=LISTS, times=1)
    await box.follow()
    wait = box.reading.wait
    assert 0 < wait <= 90_000
    box.at(timedelta(seconds=wait / 2))
    await box.work()
    assert len(sandbox.control.requests(LISTS)) == 1
    sandbox.control.inbound(box.cif)
    box.at(timedelta(seconds=wait + 5))
    await box.work()
    assert box.keys == ["efactura.received"]
