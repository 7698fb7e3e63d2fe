"""Many uploads whose answers were lost at once, and ANAF's ten downloads of an archive a day."""

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
