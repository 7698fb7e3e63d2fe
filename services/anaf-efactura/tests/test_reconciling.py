"""Many uploads whose answers were lost at once, and ANAF's ten downloads of an archive a day."""

import asyncio
import collections
from datetime import UTC, datetime, timedelta

import pytest

from anaf_efactura.reconciling import Reconciler

pytestmark = pytest.mark.integration
LOST = 15
TIMES = {"resend_after": timedelta(hours=6), "resend_refused_after": timedelta(minutes=30)}


async def test_many_lost_uploads_are_found_and_each_archive_is_looked_into_once(
    desk, invoice, sandbox
):
    sandbox.control.scenario("timeout-after-acceptance", operation="upload", times=LOST)
    for n in range(LOST):
        desk.submit(invoice(f"LOST-{n}"), f"lost-{n}")
    await desk.work(most=600)
    assert desk.keys.count("efactura.accepted") == LOST
    asked = collections.Counter(
        request["query"]["id"] for request in sandbox.control.requests("descarcare")
    )
    # Once by a search, for all of them, and once to be kept.
    assert max(asked.values()) <= 2
    assert [one["times_uploaded"] for one in sandbox.control.uploads()] == [1] * LOST


@pytest.mark.parametrize(
    ("obstacle", "times"), [("corrupt-zip", 3), ("no-right-403", 3), ("quota-text-200", 1)]
)
async def test_nothing_is_sent_again_while_an_unread_archive_may_be_it(
    desk, invoice, sandbox, obstacle, times
):
    sandbox.control.scenario("timeout-after-acceptance")
    sandbox.control.scenario(obstacle, operation="descarcare", times=times)
    desk.submit(invoice())
    for _ in range(6):
        job = desk.jobs.pop(0)
        await asyncio.sleep(min(job.wait, 0.2))
        await desk.step(job)
    desk.next_day()
    await desk.work()
    assert desk.keys == ["efactura.submitted", "efactura.accepted"]
    assert len(sandbox.control.requests("upload")) == 1


async def test_a_lost_upload_that_anaf_refused_is_sent_again_early_and_told(
    make_desk, efactura_settings, invoice, sandbox
):
    times = {"resend_after_seconds": 3600.0, "resend_refused_after_seconds": 1.0}
    desk = await make_desk(efactura_settings.model_copy(update=times))
    # Somebody else's refusal, older than the upload, is behind nothing.
    sandbox.control.inbound("12345674", type="errors", age_seconds=600)
    sandbox.control.scenario("timeout-after-acceptance", variant="refused")
    await desk.file(invoice("LOST-1-SBX-nok-one-error"))
    assert desk.keys == ["efactura.submitted", "efactura.rejected"]
    assert len(sandbox.control.requests("upload")) == 2
    first = sandbox.control.uploads()[0]["index"]
    assert any(f"refused one that may be it ({first})" in str(e.reason) for e in desk.retries)


async def test_a_refusal_of_another_document_is_no_reason_to_send_again(
    make_desk, efactura_settings, invoice, sandbox
):
    times = {"resend_after_seconds": 3600.0, "resend_refused_after_seconds": 0.01}
    desk = await make_desk(efactura_settings.model_copy(update=times))
    sandbox.control.scenario("timeout-before-acceptance")
    desk.submit(invoice("LOST-1"))
    await desk.step(desk.jobs.pop(0))
    lost = desk.jobs.pop()
    await desk.file(invoice("KNOWN-1-SBX-nok-one-error"), "known")
    assert desk.keys[-1] == "efactura.rejected"
    before = len(sandbox.control.requests("upload"))
    await desk.step(lost)
    assert len(sandbox.control.requests("upload")) == before
    assert "lists no such document yet" in desk.retries[-1].reason


async def test_searches_grow_rarer():
    desk = Reconciler(None, None, None, pause_seconds=300.0, **TIMES)
    begun = datetime(2026, 3, 2, tzinfo=UTC)
    moment, searches = begun, 0
    while moment < begun + TIMES["resend_after"]:
        moment += timedelta(seconds=desk._pause(begun, TIMES["resend_after"], moment))
        searches += 1
    assert moment - begun < TIMES["resend_after"] + timedelta(minutes=6)
    assert searches < 25
