"""A company that writes to its supplier and receives: its own message is none of what came."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from anaf_efactura.errors import UploadUncertainError
from workers_contracts.efactura_messages import SendMessage
from workers_runtime.identity import Task
from workers_runtime.router import After

SELLER = "12345674"
WORDS = "Vă rugăm să emiteți o notă de credit."
RECEIVED = "efactura.message_received"


@pytest.fixture
def about(sandbox, box) -> str:
    """Index of an invoice that the company received."""
    sandbox.control.inbound(box.cif)
    (invoice,) = sandbox.control.planted()
    return invoice["index"]


async def write(box, about):
    """Handle the command that writes to the supplier."""
    task = Task("w1", "c1", box.tenant, 1, False, int(datetime.now(UTC).timestamp() * 1000))
    command = SendMessage(cif=box.cif, about_index=about, text=WORDS)
    return await box.desk.parts["sending"].send(command, task)


async def listed(sandbox) -> None:
    """Wait until ANAF has decided and lists it."""
    deadline = time.monotonic() + 20
    while sandbox.control.uploads()[0]["state"] != "ok":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)


async def test_own_message_is_not_told_as_received_and_the_supplier_gets_it(
    box, make_box, about, sandbox
):
    assert isinstance(await write(box, about), After)
    await listed(sandbox)
    await box.follow()
    assert box.keys == ["efactura.received"]
    assert sorted((await box.states()).values()) == ["ours", "stored"]
    assert len(sandbox.control.requests("descarcare")) == 1

    supplier = make_box(tenant="supplier", cif=SELLER)
    await supplier.follow()
    (event,) = supplier.told(RECEIVED)
    assert (event.text, event.about_index) == (WORDS, about)


async def test_own_message_whose_answer_was_lost_is_known_by_its_words(box, about, sandbox):
    sandbox.control.scenario("timeout-after-acceptance", operation="upload")
    with pytest.raises(UploadUncertainError):
        await write(box, about)
    await listed(sandbox)
    await box.follow()
    assert box.keys == ["efactura.received"]
    assert sorted((await box.states()).values()) == ["ours", "stored"]
    # What the reading saw is not downloaded again to find the upload.
    before = len(sandbox.control.requests("descarcare"))
    assert isinstance(await write(box, about), After)
    assert len(sandbox.control.requests("descarcare")) == before
    assert len(sandbox.control.requests("upload")) == 1


async def test_number_of_the_invoice_that_was_received_is_known(box, about, sandbox):
    await box.follow()
    after = await write(box, about)
    document = await box.desk.parts["filing"]._documents.get(after.command.document_id)
    assert document.data["about_number"] == box.told("efactura.received")[0].number


async def test_message_of_another_tenant_is_told(box, make_box, about, sandbox):
    await write(box, about)
    await listed(sandbox)
    other = make_box(tenant="other")
    await other.follow()
    (event,) = other.told(RECEIVED)
    assert event.upload_index == sandbox.control.uploads()[0]["index"]
