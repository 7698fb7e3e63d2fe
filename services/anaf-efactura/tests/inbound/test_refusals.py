"""A refusal in the box while an upload is in doubt: its file does not say of which document."""

from datetime import timedelta

import pytest

pytestmark = pytest.mark.integration
SELLER = "12345674"
LATER = timedelta(hours=2)


@pytest.fixture
async def lost(make_desk, efactura_settings, invoice, sandbox):
    """A desk that lost the answer to an upload which ANAF refused."""
    times = {"resend_after_seconds": 3600.0, "resend_refused_after_seconds": 0.01}
    desk = await make_desk(efactura_settings.model_copy(update=times))
    sandbox.control.scenario("timeout-after-acceptance", variant="refused")
    desk.submit(invoice("LOST-1-SBX-nok-one-error"), tenant="firm")
    await desk.step(desk.jobs.pop(0))
    assert [one.in_doubt for one in desk.retries] == [True]
    return desk


@pytest.fixture
def lost_box(lost, make_box_of):
    return make_box_of(lost, cif=SELLER)


async def test_a_refusal_waits_for_the_document_and_is_then_known_as_its(lost, lost_box):
    lost_box.at(LATER)
    await lost_box.follow()
    assert (lost_box.keys, list((await lost_box.states()).values())) == ([], ["listed"])
    await lost.work()
    assert lost.keys == ["efactura.submitted", "efactura.rejected"]
    await lost_box.work()
    assert lost_box.keys == []
    assert list((await lost_box.states()).values()) == ["ours", "ours"]


async def test_a_strangers_refusal_is_told_once_nothing_is_in_doubt(lost, lost_box, sandbox):
    lost_box.at(LATER)
    (stranger,) = sandbox.control.inbound(SELLER, type="errors", age_seconds=5400)
    await lost_box.follow()
    assert lost_box.keys == []
    await lost.work()
    await lost_box.work()
    (told,) = lost_box.told("efactura.errors_received")
    assert (told.download_id, len(lost_box.keys)) == (stranger, 1)


async def test_a_refusal_does_not_wait_for_ever(lost_box, sandbox):
    lost_box.at(timedelta(days=9))
    await lost_box.follow()
    assert lost_box.keys == ["efactura.errors_received"]


async def test_an_older_refusal_waits_for_nothing(lost_box, sandbox):
    sandbox.control.inbound(SELLER, type="errors", age_seconds=7200)
    await lost_box.follow()
    assert lost_box.keys == ["efactura.errors_received"]
