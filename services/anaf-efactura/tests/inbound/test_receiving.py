"""What lies in a box is received once, whatever the lists do."""

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ALL_KINDS = (
    ("received", "efactura.received"),
    ("sent", "efactura.sent_elsewhere"),
    ("errors", "efactura.errors_received"),
    ("message", "efactura.message_received"),
)


def stored(event) -> bytes:
    return Path(event.archive.uri.removeprefix("file://")).read_bytes()


async def test_an_invoice_is_received_with_its_header_and_its_archive(box, sandbox):
    (message_id,) = sandbox.control.inbound(box.cif, age_seconds=120)
    answer = await box.follow()
    assert (answer.active, answer.read_at, answer.stored) == (True, None, 0)
    (event,) = box.told("efactura.received")
    (planted,) = sandbox.control.planted()
    assert (event.cif, event.download_id, event.upload_index) == (
        box.cif,
        message_id,
        planted["index"],
    )
    assert (event.kind, event.number, event.type_code) == ("invoice", planted["number"], "380")
    assert event.due_date == event.issue_date
    assert (event.seller.cif, event.seller.name) == ("12345674", "Furnizor Test SRL")
    assert (event.buyer.cif, event.currency) == (box.cif, "RON")
    totals = event.totals
    assert (totals.net, totals.vat) == (Decimal("228.00"), Decimal("45.08"))
    assert (totals.gross, totals.payable) == (Decimal("273.08"), Decimal("273.08"))
    assert (event.seal.status, event.sha256, event.problem) == ("verified", planted["sha256"], None)
    assert sha256(stored(event)).hexdigest() == planted["archive_sha256"]
    again = await box.follow()
    assert (again.stored, again.outstanding, again.read_at is not None) == (1, 0, True)
    assert box.keys == ["efactura.received"]


@pytest.mark.parametrize(("kind", "key"), ALL_KINDS)
async def test_each_kind_of_message_has_its_event(box, sandbox, kind, key):
    sandbox.control.inbound(box.cif, type=kind, age_seconds=7200)
    await box.follow()
    assert box.keys == [key]
    (planted,) = sandbox.control.planted()
    assert sha256(stored(box.told(key)[0])).hexdigest() == planted["archive_sha256"]


async def test_errors_of_another_programs_filing_are_explained(box, sandbox):
    sandbox.control.inbound(box.cif, type="errors", age_seconds=7200)
    await box.follow()
    (event,) = box.told("efactura.errors_received")
    assert event.errors[0].rule == "BR-RO-065"
    assert event.errors[0].explanations[0].mend.ro


async def test_a_buyers_message_names_the_invoice_that_it_is_about(
    make_box, desk, invoice, sandbox
):
    sold = await desk.file(invoice("F-1"), tenant="firm")
    assert sold.key == "efactura.accepted"
    words = "Prețul este greșit & nu-l plătim."
    asked = {"type": "message", "about": sold.upload_index, "text": words}
    sandbox.control.inbound("12345674", **asked)
    for tenant, number in (("firm", "F-1"), ("other", None)):
        box = make_box(tenant=tenant, cif="12345674")
        await box.follow()
        (event,) = box.told("efactura.message_received")
        assert (event.text, event.about_index) == (words, sold.upload_index)
        assert event.number == number


async def test_what_was_filed_here_is_not_downloaded_again(make_box, desk, invoice, sandbox):
    await desk.file(invoice("F-1"), tenant="firm")
    await desk.file(invoice("F-2-SBX-nok-one-error"), "m2", tenant="firm")
    before = len(sandbox.control.requests("descarcare"))
    box = make_box(cif="12345674")
    await box.follow()
    assert box.keys == []
    assert sorted((await box.states()).values()) == ["ours", "ours"]
    box.at(2 * HOUR)
    await box.work()
    assert (box.keys, len(sandbox.control.requests("descarcare"))) == ([], before)
    # Another tenant with the same company did not file them: they are another program's to it.
    other = make_box(tenant="other", cif="12345674")
    other.at(2 * HOUR)
    await other.follow()
    assert sorted(other.keys) == ["efactura.errors_received", "efactura.sent_elsewhere"]


async def test_who_bills_himself_for_his_supplier_receives_nothing_twice(
    make_box, desk, invoice, sandbox
):
    text = invoice("SB-1").replace(">380<", ">389<")
    end = await desk.file(text, tenant="firm", cif="87654329")
    assert end.key == "efactura.accepted"
    before = len(sandbox.control.requests("descarcare"))
    box = make_box()
    await box.follow()
    assert (box.keys, list((await box.states()).values())) == ([], ["ours"])
    assert len(sandbox.control.requests("descarcare")) == before
    # The supplier, in whose name it was filed, has it from somebody else.
    supplier = make_box(cif="12345674")
    supplier.at(2 * HOUR)
    await supplier.follow()
    (event,) = supplier.told("efactura.sent_elsewhere")
    assert (event.number, event.self_billed) == ("SB-1", True)


async def test_what_may_be_ours_waits_an_hour_and_is_recognised_by_its_bytes(
    make_box, desk, invoice, sandbox
):
    # The answer to the upload is lost, and nobody has searched for it yet.
    sandbox.control.scenario("timeout-after-acceptance", number="L-1", seconds=0.1)
    job = desk.submit(invoice("L-1"), tenant="firm")
    desk.jobs.clear()
    await desk.step(job)
    (document,) = await desk.documents()
    assert (document.state, document.authority_id) == ("uploading", None)
    box = make_box(cif="12345674")
    box.at(HOUR / 2)
    await box.follow()
    assert list((await box.states()).values()) == ["listed"]
    assert box.fetches == []
    box.at(2 * HOUR)
    await box.work()
    assert (list((await box.states()).values()), box.keys) == (["ours"], [])
    # What was seen spares the search for the upload a download of its own.
    assert len(sandbox.control.requests("descarcare")) == 1
    await desk.work()
    assert desk.keys[-1] == "efactura.accepted"
    assert len(sandbox.control.requests("upload")) == 1


async def test_both_parties_of_one_tenant_have_each_their_side(make_box, desk, invoice, sandbox):
    await desk.file(invoice("F-1"), tenant="firm")
    sold, bought = make_box(cif="12345674"), make_box(cif="87654329")
    await sold.follow()
    await bought.follow()
    assert (sold.keys, bought.keys) == ([], ["efactura.received"])
    assert bought.told("efactura.received")[0].number == "F-1"


async def test_tenants_with_the_same_company_do_not_mix(make_box, sandbox):
    sandbox.control.inbound("87654329", 3)
    one, two = make_box(tenant="one"), make_box(tenant="two")
    await one.follow()
    assert await two.states() == {}
    await two.follow()
    for box in (one, two):
        assert box.keys == ["efactura.received"] * 3
        assert set((await box.states()).values()) == {"stored"}
    await two.follow(active=False)
    assert (await one.follow()).active


async def test_late_entries_page_drift_and_clock_differences_lose_nothing(box, sandbox):
    sandbox.control.settings(page_size=4)
    planted = sandbox.control.inbound(box.cif, 10, spread_seconds=50 * 86_400)
    sandbox.control.scenario("pages-change-between-calls", times=2)
    sandbox.control.scenario("list-window-clock-drift", times=1, seconds=400)
    # They bear old moments and appear an hour, and half a day, from now.
    late = sandbox.control.inbound(box.cif, 2, age_seconds=600, late_seconds=3600)
    late += sandbox.control.inbound(box.cif, 1, age_seconds=30 * 86_400, late_seconds=40_000)
    await box.follow()
    box.at(2 * HOUR)
    await box.work()
    assert len(box.keys) == 12
    for hours in (13, 24, 25):
        box.at(hours * HOUR)
        await box.work()
    assert sorted(e.download_id for e in box.events[1:]) == sorted([*planted, *late])
    assert set(box.downloads().values()) == {1}


async def test_after_weeks_of_trouble_nothing_within_sixty_days_is_missed(box, sandbox):
    await box.follow()
    sandbox.control.scenario(
        "unavailable-503-retry-after", operation="listaMesajePaginatieFactura", times=None
    )
    box.at(DAY / 2)
    await box.work()
    box.at(50 * DAY)
    sandbox.control.inbound(box.cif, 5, spread_seconds=49 * 86_400)
    await box.work()
    assert [e.key for e in box.events[1:]] == ["efactura.receive_delayed"]
    sandbox.control.clear_scenarios()
    await box.work()
    assert box.keys == ["efactura.receive_delayed", *["efactura.received"] * 5]
