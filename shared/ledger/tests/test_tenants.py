"""Whom a service works for is read from archives and boxes, of that service alone."""

from datetime import UTC, date, datetime

from workers_contracts.types import ArtifactRef
from workers_ledger.archive import Archive
from workers_ledger.chain import ArchiveEntry
from workers_ledger.inboxes import Inboxes
from workers_ledger.tenants import Tenants

NOW = datetime(2026, 4, 14, 9, tzinfo=UTC)


def entry(tenant: str) -> ArchiveEntry:
    file = ArtifactRef(uri="file:///a/b", sha256="b" * 64, size=1, media_type="application/zip")
    return ArchiveEntry(
        tenant=tenant, download_id="3", cif="12345674", direction="sent", kind="invoice",
        artifact=file, archived_at=NOW, retain_until=date(2036, 12, 31),
    )  # fmt: skip


async def test_each_tenant_is_named_once(database):
    archive = Archive(database, "efactura")
    for tenant in ("both", "archive", ""):
        await archive.enter(entry(tenant))
    for tenant in ("both", "box"):
        await Inboxes(database, "efactura").follow(tenant, "12345674", "m", active=True, now=NOW)
    await Archive(database, "other").enter(entry("elsewhere"))
    assert await Tenants(database, "efactura").known() == ["", "archive", "both", "box"]
