"""What is told ahead of a legal term: at its marks, once, with a clock that is set."""

import asyncio
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from anaf_efactura.draft import SERVICE
from anaf_efactura.watching import FIRST_LOOK, Watching
from workers_contracts.efactura import InvoiceDeadlineApproaching, InvoiceRejected, Rejection
from workers_ledger.database import Database
from workers_ledger.documents import Document, Documents, LedgerUnavailableError, new_document
from workers_ledger.notices import Notices
from workers_runtime.errors import PermanentError, TransientError
from workers_runtime.identity import Task
from workers_runtime.router import After

# Issued on Wednesday before Easter: the last day is Friday, 2026-04-17; Romania is UTC+3.
ISSUED, END = date(2026, 4, 8), datetime(2026, 4, 17, 21, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARKS = {"3d": END - 3 * DAY, "1d": END - DAY, "4h": END - 4 * HOUR}


def draft(number: str = "F-1", tenant: str = "", issued: date | None = ISSUED) -> Document:
    return new_document(
        SERVICE,
        tenant=tenant,
        business_key=f"12345674|invoice|{number}|{issued}",
        cif="12345674",
        number=number,
        issue_date=issued,
        data={"command": "m1"},
    )


def task(message_id: str = "m1", tenant: str = "", attempt: int = 1) -> Task:
    return Task(message_id, f"c-{message_id}", tenant, attempt, False, 0)


def refusal(document: Document, duplicate_of: str | None = None) -> InvoiceRejected:
    return InvoiceRejected(
        document_id=document.id,
        cif=document.cif,
        number=document.number,
        issue_date=document.issue_date,
        stage="local",
        errors=[Rejection(rule="BR-01", message="x")],
        duplicate_of=duplicate_of,
    )


@dataclass
class Office:
    """One worker's watch with a clock, and what the broker would do with its messages."""

    database: Database
    now: datetime = datetime(2026, 4, 8, 9, tzinfo=UTC)
    told: list[tuple[datetime, InvoiceDeadlineApproaching]] = field(default_factory=list)
    pending: list[tuple[datetime, After, Task]] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.documents = Documents(self.database, SERVICE)
        self.watching = Watching(
            self.documents, Notices(self.database, SERVICE), clock=lambda: self.now
        )

    async def refuse(self, document: Document, who: Task | None = None, **more) -> object:
        """Refuse a document, as the local checks do."""

        async def work():
            return refusal(document, **more)

        who = who or task(tenant=document.tenant)
        return self.keep(await self.watching.over(work(), who, document), who)

    async def fail(self, document: Document | str, error: Exception, who: Task) -> Exception:
        """Fail to file a document."""

        async def work():
            raise error

        with pytest.raises(type(error)) as failed:
            await self.watching.over(work(), who, document)
        self.keep(list(failed.value.follow_ups), who)
        return failed.value

    def keep(self, outcome, who: Task):
        """Put follow-ups on the ladder and note events."""
        for item in outcome if isinstance(outcome, list) else [outcome]:
            if isinstance(item, After):
                self.sent += 1
                identity = replace(who, message_id=f"w{self.sent}", attempt=1)
                self.pending.append((self.now + timedelta(seconds=item.seconds), item, identity))
            elif isinstance(item, InvoiceDeadlineApproaching):
                self.told.append((self.now, item))
        return outcome

    async def until(self, moment: datetime) -> None:
        """Let time pass; each message is handled when it is due."""
        while self.pending:
            self.pending.sort(key=lambda each: each[0])
            due, after, who = self.pending[0]
            if due > moment:
                break
            self.pending.pop(0)
            self.now = max(self.now, due)
            self.keep(await self.watching.look(after.command, who), who)
        self.now = moment

    @property
    def marks(self) -> list[str]:
        return [event.mark for _, event in self.told]


@pytest.fixture
async def database(tmp_path, empty_ledger):
    shutil.copy(empty_ledger, tmp_path / "ledger.db")
    opened = Database(f"sqlite:///{tmp_path}/ledger.db")
    yield opened
    await opened.close()


@pytest.fixture
def office(database) -> Office:
    return Office(database)


async def test_a_refused_invoice_is_told_at_three_days_one_day_and_four_hours(office):
    await office.refuse(draft())
    await office.until(END + DAY)
    assert [(moment, event.mark) for moment, event in office.told] == [
        (MARKS["3d"], "3d"),
        (MARKS["1d"], "1d"),
        (MARKS["4h"], "4h"),
    ]
    assert office.pending == []


async def test_it_is_told_in_an_accountants_words(office):
    await office.refuse(draft("PMX-7"))
    await office.until(END)
    first = office.told[0][1]
    assert first.message == (
        "Factura PMX-7 din 08.04.2026 nu este acceptată de ANAF. Termenul legal de transmitere se "
        "încheie vineri, 17.04.2026, la ora 24:00; timp rămas: 3 zile."
    )
    assert "Corectați erorile" in first.action
    assert (first.state, first.deadline, first.ends_at) == (
        "refused_locally",
        date(2026, 4, 17),
        END,
    )
    assert first.law.endswith("OUG 89/2025")
    assert [event.hours_left for _, event in office.told] == [72, 24, 4]


async def test_an_accepted_invoice_is_told_of_no_more(office):
    document, _ = await office.documents.open(draft())
    await office.refuse(document)
    await office.until(MARKS["3d"] + HOUR)
    assert office.marks == ["3d"]
    await office.documents.change(document, state="accepted")
    await office.until(END)
    assert office.marks == ["3d"]
    assert office.pending == []


@pytest.mark.parametrize(
    ("state", "where", "words"),
    [
        ("new", "not_sent", "nu a ajuns la ANAF"),
        ("uploading", "in_doubt", "nu o trimiteți din alt program"),
        ("uploaded", "processing", "indexul de încărcare 5001"),
        ("rejected", "refused", "ANAF a respins factura"),
    ],
)
async def test_each_state_says_what_to_do(office, state, where, words):
    document, _ = await office.documents.open(draft())
    await office.documents.change(document, state=state, authority_id="5001")
    await office.refuse(document)
    await office.until(MARKS["3d"])
    assert [event.state for _, event in office.told] == [where]
    assert words in office.told[0][1].action


async def test_one_message_tells_whatever_is_delivered_twice(office, database):
    """Duplicates, a second command, another replica: each mark is told once."""
    replica = Office(database)
    await office.refuse(draft(), task("m1"))
    assert len(office.pending) == 1
    # The same document by another command: watched already.
    await replica.refuse(draft(), task("m2"))
    assert replica.pending == []
    # A copy of the watch under another id, in another replica.
    due, after, who = office.pending[0]
    replica.pending.append((due, after, replace(who, message_id="copy")))
    await office.until(END)
    await replica.until(END)
    assert office.marks == ["3d", "1d", "4h"]
    assert replica.told == []


async def test_replicas_at_the_same_moment_tell_once(office, database):
    replica = Office(database)
    await office.refuse(draft())
    _, after, who = office.pending[0]
    office.now = replica.now = MARKS["1d"] + HOUR
    outcomes = await asyncio.gather(
        *(
            each.watching.look(after.command, replace(who, message_id=f"{n}"))
            for n, each in enumerate((office, replica) * 5)
        )
    )
    (went_on,) = [outcome for outcome in outcomes if outcome is not None]
    told = [item for item in went_on if not isinstance(item, After)]
    assert [event.mark for event in told] == ["1d"]


async def test_a_message_whose_worker_died_tells_the_same_again(office):
    await office.refuse(draft())
    _, after, who = office.pending[0]
    office.now = MARKS["4h"]
    first = await office.watching.look(after.command, who)
    # Nothing was recorded: the redelivery must not lose the event.
    assert await office.watching.look(after.command, who) == first
    assert not await office.watching.look(after.command, replace(who, message_id="other"))


async def test_what_was_missed_is_told_once_and_by_the_nearest_mark(office):
    await office.refuse(draft())
    _, after, who = office.pending.pop()
    # All workers were stopped until twenty hours before the end.
    office.now = END - 20 * HOUR
    office.keep(await office.watching.look(after.command, who), who)
    await office.until(END)
    assert office.marks == ["1d", "4h"]
    assert "20 de ore" in office.told[0][1].message


async def test_a_refusal_on_the_last_day_is_told_after_a_minute(office):
    office.now = END - 2 * HOUR
    await office.refuse(draft())
    await office.until(END - HOUR)
    assert [(moment, event.mark) for moment, event in office.told] == [
        (END - 2 * HOUR + timedelta(seconds=60), "4h")
    ]


@pytest.mark.parametrize(
    ("now", "document"),
    [
        (END, draft()),
        (END + DAY, draft()),
        (END - 100 * DAY, draft()),
        (END - DAY, draft(issued=None)),
        (END - DAY, draft(number="")),
        (END - DAY, draft(issued=date(1026, 4, 8))),
        (END - DAY, draft(issued=date(9999, 12, 31))),
    ],
    ids=["over", "long over", "far away", "no date", "no number", "year 1026", "year 9999"],
)
async def test_without_a_term_ahead_nothing_is_watched(office, now, document):
    office.now = now
    outcome = await office.refuse(document)
    assert isinstance(outcome, InvoiceRejected)


async def test_another_content_at_anaf_leaves_nothing_to_file(office):
    await office.refuse(draft(), duplicate_of="5001")
    assert office.pending == []


async def test_tenants_are_apart(office):
    await office.refuse(draft(tenant="t1"))
    await office.refuse(draft(tenant="t2"))
    accepted, _ = await office.documents.open(draft(tenant="t2"))
    await office.documents.change(accepted, state="accepted")
    await office.until(END)
    assert office.marks == ["3d", "1d", "4h"]
    assert {event.document_id for _, event in office.told} == {draft(tenant="t1").id}


async def test_the_same_number_filed_again_with_another_date_takes_its_place(office, monkeypatch):
    await office.refuse(draft())
    corrected = draft(issued=ISSUED + DAY)
    monkeypatch.setattr("workers_ledger.documents._now", lambda: office.now)
    await office.until(ISSUED_AT_NOON + DAY)
    await office.documents.open(corrected)
    await office.until(END)
    assert office.told == []


async def test_an_older_invoice_or_a_credit_note_with_the_number_does_not(office, monkeypatch):
    monkeypatch.setattr("workers_ledger.documents._now", lambda: office.now)
    await office.documents.open(draft(issued=date(2025, 4, 8)))
    office.now += HOUR
    await office.refuse(draft())
    office.now += HOUR
    note = replace(draft(), id="n1", business_key="12345674|credit_note|F-1|2026-04-08")
    await office.documents.open(note)
    await office.until(END)
    assert office.marks == ["3d", "1d", "4h"]


ISSUED_AT_NOON = datetime(2026, 4, 8, 12, tzinfo=UTC)


async def test_a_failure_is_watched_once_over_all_its_tries(office):
    """ANAF is away for days: the command is only tried again, and yet the term is told."""
    for attempt in (1, 2, 3):
        await office.fail(draft(), TransientError("ANAF is away"), task(attempt=attempt))
    assert len(office.pending) == 1
    await office.until(END)
    assert office.marks == ["3d", "1d", "4h"]


async def test_a_try_that_is_repeated_after_a_crash_watches_under_the_same_id(office):
    first = await office.fail(draft(), TransientError("x"), task())
    office.now += HOUR
    again = await office.fail(draft(), TransientError("x"), task())
    # The content decides whether two messages with one id are one.
    assert [each.command for each in first.follow_ups] == [
        each.command for each in again.follow_ups
    ]


async def test_what_was_given_up_is_told_too(office):
    await office.fail(draft(), PermanentError("no right in SPV"), task())
    await office.until(END)
    assert office.marks == ["3d", "1d", "4h"]


async def test_what_only_stumbled_is_watched_for_an_hour(office):
    document, _ = await office.documents.open(draft())
    await office.fail(document.id, TransientError("429"), task())
    await office.documents.change(document, state="accepted")
    await office.until(office.now + FIRST_LOOK)
    assert (office.pending, office.told) == ([], [])


async def test_a_failure_of_something_unknown_has_no_term(office):
    error = await office.fail("nothing", PermanentError("x"), task())
    assert tuple(error.follow_ups) == ()


async def test_a_ledger_that_is_away_is_asked_at_the_next_try(office, monkeypatch):
    async def away(*_args, **_more):
        raise LedgerUnavailableError("x")

    with monkeypatch.context() as patched:
        patched.setattr(Notices, "take", away)
        await office.fail(draft(), TransientError("x"), task(attempt=1))
    assert office.pending == []
    await office.fail(draft(), TransientError("x"), task(attempt=2))
    assert len(office.pending) == 1


async def test_a_watch_that_was_lost_is_begun_again_by_the_next_sign(office):
    await office.refuse(draft())
    office.pending.clear()
    office.now += FIRST_LOOK
    await office.refuse(draft(), task("m2"))
    assert office.pending == []
    office.now += 2 * HOUR
    await office.refuse(draft(), task("m3"))
    await office.until(END)
    assert office.marks == ["3d", "1d", "4h"]
