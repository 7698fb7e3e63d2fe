"""Whether an upload is behind what an authority lists: asked of the few rows that can say so."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from workers_ledger.documents import Documents, new_document
from workers_ledger.inboxes import session_of
from workers_ledger.ownership import (
    Ownership,
    Refusal,
    claim_refusal,
    doubted_since,
    filed_before,
)

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Company:
    tenant: str = "acme"
    cif: str = "1"


BOX = Company()


async def lose(database, number: int, *, state: str = "rejected") -> None:
    """File a document whose first upload has no known answer."""
    documents = Documents(database, "efactura")
    document, _ = await documents.open(
        new_document(
            "efactura", tenant=BOX.tenant, business_key=f"k{number}", content_sha256="0" * 64,
            state="new", cif=BOX.cif,
        )
    )  # fmt: skip
    document, attempt = await documents.begin(document, "upload", state="uploading")
    await documents.end(document, attempt, outcome="unknown", detail="no answer", state=state)


@asynccontextmanager
async def plans(database):
    """Collect how SQLite goes about each query."""
    found: list[str] = []
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)
    for statement, parameters in asked:
        async with database.engine.connect() as connection:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found.append(" ".join(str(row) for row in rows))


async def ask(session) -> None:
    await filed_before(session, "efactura", BOX, ["77"])
    await doubted_since(session, "efactura", BOX, ended=("accepted",), after=NOW)
    await claim_refusal(session, "efactura", BOX, Refusal(NOW, "rejected", lambda _: True), "77")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_question_goes_through_all_documents(database):
    async with plans(database) as found, session_of(database) as session:
        await ask(session)
    assert len(found) == 4
    for plan in found:
        assert "ix_attempt_answered" in plan or "ix_attempt_lost" in plan
        assert "ix_document" not in plan


async def test_ledger_has_the_indices(database):
    async with session_of(database) as session:
        names = "SELECT name FROM sqlite_master"
        if database.dialect == "postgresql":
            names = "SELECT indexname FROM pg_indexes"
        found = set(await session.scalars(text(names)))
    assert {"ix_attempt_answered", "ix_attempt_lost"} <= found


async def test_doubt_begins_with_the_first_upload_without_an_answer(database):
    ask_since = {"ended": ("accepted", "rejected"), "after": NOW - timedelta(days=8)}
    async with session_of(database) as session:
        assert await doubted_since(session, "efactura", BOX, **ask_since) is None
    await lose(database, 1, state="uploading")
    async with session_of(database) as session:
        assert await doubted_since(session, "efactura", BOX, **ask_since) is not None
        for box in (Company("other"), Company(cif="2")):
            assert await doubted_since(session, "efactura", box, **ask_since) is None
        assert await doubted_since(session, "other", BOX, **ask_since) is None


async def test_two_refusals_at_one_moment_are_not_given_to_one_upload(database):
    await lose(database, 1)
    refusal = Refusal(datetime.now(UTC), "rejected", lambda _: True)

    async def claim(index: str) -> bool:
        async with session_of(database) as session:
            claimed = await claim_refusal(session, "efactura", BOX, refusal, index)
            await asyncio.sleep(0.3)  # the other one asks meanwhile
            return claimed

    claimed = await asyncio.gather(claim("70"), claim("71"))
    assert sorted(claimed) == [False, True]
    theirs = Ownership(database, "efactura")
    assert len(await theirs.unclaimed(BOX, ["70", "71"])) == 1
