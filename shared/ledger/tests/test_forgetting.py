"""The ledger forgets what an erased document said, and keeps that it was there."""

from datetime import UTC, date, datetime, timedelta

import pytest

from workers_contracts.types import ArtifactRef
from workers_ledger.chain import ArchiveEntry
from workers_ledger.documents import Documents, new_document
from workers_ledger.forgetting import Traces
from workers_ledger.inbound import Hands, Inbound, InboundState, Listed
from workers_ledger.inboxes import Inboxes

NOW = datetime(2026, 4, 14, 9, tzinfo=UTC)
CIF = "12345674"
REASONS = [{"rule": "GONE"}]
FILE = ArtifactRef(uri="file:///a/b", sha256="b" * 64, size=1, media_type="application/zip")


def entry(download_id: str = "301", **more) -> ArchiveEntry:
    values = {
        "tenant": "firm",
        "download_id": download_id,
        "cif": CIF,
        "direction": "received",
        "kind": "invoice",
        "artifact": FILE,
        "archived_at": NOW,
        "retain_until": date(2036, 12, 31),
    }
    return ArchiveEntry(**(values | more))


@pytest.fixture
def traces(database) -> Traces:
    return Traces(database, "efactura")


async def forget(traces, one: ArchiveEntry, now: datetime = NOW) -> str:
    return await traces.forget(one, now, ended=("accepted",), reasons=REASONS)


async def filed(database, tenant: str, state: str):
    documents = Documents(database, "efactura")
    data = {"command": "m1", "download_id": "301", "errors": [{"rule": "names"}]}
    wanted = new_document(
        "efactura", tenant=tenant, business_key="k", state=state, number="F-1", data=data
    )
    return documents, (await documents.open(wanted))[0]


async def test_document_is_marked_once_and_its_number_stays(traces, database):
    documents, made = await filed(database, "firm", "accepted")
    one = entry(document_id=made.id)
    assert await forget(traces, one) == "m1"
    assert await forget(traces, one, NOW + timedelta(days=1)) == "m1"
    read = await documents.get(made.id)
    assert (read.number, read.version) == ("F-1", made.version + 1)
    assert read.data["erased_at"] == "2026-04-14T09:00:00.000+00:00"
    assert read.data["errors"] == REASONS


@pytest.mark.parametrize(
    ("tenant", "state", "download_id"),
    [("firm", "uploaded", "301"), ("other", "accepted", "301"), ("firm", "accepted", "302")],
)
async def test_what_is_not_the_erased_document_stays(traces, database, tenant, state, download_id):
    documents, made = await filed(database, tenant, state)
    assert await forget(traces, entry(download_id, document_id=made.id)) == ""
    assert await documents.get(made.id) == made


async def test_message_that_brought_it_is_emptied_and_not_fetched_again(traces, database):
    inboxes, inbound = Inboxes(database, "efactura"), Inbound(database, "efactura")
    box = await inboxes.follow("firm", CIF, "m1", active=True, now=NOW)
    await inbound.enter(
        box, [Listed(number, "50", "received", NOW) for number in ("301", "302")], now=NOW
    )
    hands = Hands(by="l1", now=NOW, until=NOW + timedelta(days=1), oldest=NOW - timedelta(days=9))
    for message in await inbound.hand_out(box, hands):
        begun = await inbound.begin("firm", CIF, message.message_id, 1, until=NOW)
        await inbound.end(begun, InboundState.STORED, {"fields": {"seller": "a name"}})
    assert await forget(traces, entry()) == ""
    first, second = [
        await inbound.begin("firm", CIF, number, 1, until=NOW) for number in ("301", "302")
    ]
    assert (first.data, first.state) == ({}, "stored")
    assert second.data["fields"] == {"seller": "a name"}
    await inbound.enter(box, [Listed("301", "50", "received", NOW)], now=NOW)
    assert await inbound.counts(box) == {"stored": 2}
