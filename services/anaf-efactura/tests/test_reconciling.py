"""Many uploads whose answers were lost at once, and ANAF's ten downloads of an archive a day."""

import asyncio
import collections

import pytest

pytestmark = pytest.mark.integration
LOST = 15


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
