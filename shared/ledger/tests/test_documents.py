"""Documents: opened once, changed by one, remembered attempt by attempt."""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from workers_ledger.documents import (
    Documents,
    LedgerConflictError,
    LedgerUnavailableError,
    new_document,
)

NOW = datetime(2026, 10, 5, 12, 30, 15, 123456, tzinfo=UTC)


def draft(key: str = "k", tenant: str = "", **values):
    return new_document("efactura", tenant=tenant, business_key=key, **values)


@pytest.fixture
def documents(database) -> Documents:
    return Documents(database, "efactura")


@pytest.fixture
def elsewhere(another) -> Documents:
    return Documents(another, "efactura")


async def test_everything_is_kept(documents):
    given = draft(
        content_sha256="a" * 64,
        cif="12345674",
        number="ăîș-1",
        issue_date=date(2026, 10, 5),
        deadline=NOW,
        correlation_id="c",
        data={"list": [1, None, "ț"], "deep": {"x": True}},
    )
    opened, made = await documents.open(given)
    assert made
    known = await documents.get(opened.id)
    assert known == opened
    assert known.created_at is not None
    for name in ("content_sha256", "number", "issue_date", "deadline", "data", "cif"):
        assert getattr(known, name) == getattr(given, name)


async def test_moments_come_back_in_utc_from_any_zone(documents):
    moment = NOW.astimezone(timezone(timedelta(hours=3)))
    opened, _ = await documents.open(draft(deadline=moment))
    known = await documents.get(opened.id)
    assert known.deadline == NOW
    assert known.deadline.tzinfo == UTC


async def test_naive_time_is_refused(documents):
    with pytest.raises(Exception, match="without zone"):
        await documents.open(draft(deadline=NOW.replace(tzinfo=None)))


async def test_second_opening_gives_the_first(documents, elsewhere):
    first, made = await documents.open(draft(content_sha256="a" * 64))
    second, again = await elsewhere.open(draft(content_sha256="b" * 64))
    assert (made, again) == (True, False)
    assert second == first


async def test_race_to_open_has_one_winner(documents, elsewhere):
    outcomes = await asyncio.gather(*(owner.open(draft()) for owner in (documents, elsewhere) * 10))
    assert sum(made for _, made in outcomes) == 1
    assert len({document.id for document, _ in outcomes}) == 1


async def test_same_key_is_the_same_id_and_others_are_not():
    ids = {draft(k, t).id for k, t in (("k", ""), ("k", "t"), ("k2", ""))}
    assert len(ids) == 3
    assert draft().id == draft().id


async def test_services_and_tenants_are_apart(documents, database):
    opened, _ = await documents.open(draft())
    other, made = await documents.open(draft(tenant="t"))
    assert made
    assert other.id != opened.id
    assert await Documents(database, "etransport").get(opened.id) is None


async def test_unknown_id_is_none(documents):
    assert await documents.get("nowhere") is None
    assert await documents.by_authority_id("acme", "5") is None


async def test_change_counts_versions_and_an_older_reader_is_refused(documents, elsewhere):
    old, _ = await documents.open(draft())
    new = await elsewhere.change(old, state="uploaded", authority_id="5")
    assert new.version == old.version + 1
    assert new.updated_at >= old.updated_at
    with pytest.raises(LedgerConflictError) as told:
        await documents.change(old, state="rejected")
    assert told.value.retry_after == 1
    assert (await documents.by_authority_id(old.tenant, "5")).state == "uploaded"


async def test_each_tenant_has_its_own_document_under_an_id_of_the_authority(documents):
    for tenant in ("first", "second"):
        # A duplicate follows the first upload, which may be another tenant's.
        opened, _ = await documents.open(draft(tenant=tenant))
        await documents.change(opened, authority_id="5")
    for tenant in ("first", "second"):
        assert (await documents.by_authority_id(tenant, "5")).tenant == tenant
    assert await documents.by_authority_id("third", "5") is None


async def test_race_to_change_has_one_winner(documents, elsewhere):
    opened, _ = await documents.open(draft())
    outcomes = await asyncio.gather(
        *(
            owner.change(opened, state=f"s{n}")
            for n, owner in enumerate((documents, elsewhere) * 5)
        ),
        return_exceptions=True,
    )
    lost = [each for each in outcomes if isinstance(each, LedgerConflictError)]
    assert len(lost) == 9
    assert (await documents.get(opened.id)).version == 2


async def test_identity_never_changes(documents):
    opened, _ = await documents.open(draft())
    for name in ("id", "tenant", "business_key", "version", "service"):
        with pytest.raises(ValueError, match=name):
            await documents.change(opened, **{name: "x"})


async def test_attempts_are_remembered_in_order(documents):
    opened, _ = await documents.open(draft())
    begun, first = await documents.begin(opened, "upload", state="uploading")
    assert begun.state == "uploading"
    (row,) = await documents.attempts(opened.id)
    assert (row.ended_at, row.outcome) == (None, None)
    ended = await documents.end(begun, first, outcome="unknown", detail="x" * 3000)
    again, second = await documents.begin(ended, "upload", state="uploading")
    done = await documents.end(again, second, outcome="accepted", state="uploaded")
    rows = await documents.attempts(opened.id)
    assert [row.outcome for row in rows] == ["unknown", "accepted"]
    assert rows[0].started_at <= rows[0].ended_at <= rows[1].started_at
    assert len(rows[0].detail) == 2000
    assert done.state == "uploaded"


async def test_intent_of_a_loser_is_not_recorded(documents):
    opened, _ = await documents.open(draft())
    await documents.begin(opened, "upload", state="uploading")
    with pytest.raises(LedgerConflictError):
        await documents.begin(opened, "upload", state="uploading")
    assert len(await documents.attempts(opened.id)) == 1


async def test_refused_end_leaves_the_attempt_open(documents):
    opened, _ = await documents.open(draft())
    begun, attempt = await documents.begin(opened, "upload", state="uploading")
    await documents.change(begun, state="other")
    with pytest.raises(LedgerConflictError):
        await documents.end(begun, attempt, outcome="accepted", state="uploaded")
    (row,) = await documents.attempts(opened.id)
    assert row.ended_at is None


@pytest.mark.parametrize("kind", ["dead", "locked"])
async def test_database_that_does_not_answer_is_transient(kind, dead_database, locked_sqlite):
    database = dead_database if kind == "dead" else locked_sqlite
    documents = Documents(database, "efactura")
    opened = draft()
    for step in (
        documents.open(opened),
        documents.get("x"),
        documents.by_authority_id("acme", "x"),
        documents.change(opened, state="x"),
        documents.begin(opened, "upload", state="x"),
        documents.end(opened, 1, outcome="x"),
        documents.attempts("x"),
    ):
        with pytest.raises(LedgerUnavailableError, match="does not answer") as told:
            await step
        assert "geheim" not in str(told.value)


async def test_what_one_worker_saw_at_the_authority_all_know(documents, elsewhere, database):
    await documents.sighted("7", "a" * 64)
    await elsewhere.sighted("8", "")
    await elsewhere.sighted("8", "")
    assert await elsewhere.sightings(["7", "8", "9"]) == {"7": "a" * 64, "8": ""}
    assert await Documents(database, "etransport").sightings(["7"]) == {}
    assert await documents.sightings([]) == {}
