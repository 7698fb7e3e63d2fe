"""Every misbehaviour of ANAF's, from the command to the document's final state."""

import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from pydantic import SecretStr

from anaf_efactura import events
from workers_sandbox.misbehaviours.catalogue import CATALOGUE

ACCEPTED, REJECTED = "efactura.accepted", "efactura.rejected"
LOST = ("timeout-after-acceptance", {"operation": "upload"})
LIST = "listaMesajePaginatieFactura"


@dataclass(frozen=True)
class Case:
    """What is asked of the sandbox, and how the document must end."""

    scenario: str
    options: dict[str, Any] = field(default_factory=dict)
    end: str = ACCEPTED
    uploads: int = 1
    before: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Other misbehaviours, asked for first."""

    def __str__(self) -> str:
        options = "-".join(str(value) for value in self.options.values())
        return f"{self.scenario}-{options}" if options else self.scenario


def at(operation: str, **more: Any) -> dict[str, Any]:
    return {"operation": operation, **more}


LIFE = ("upload", "stareMesaj", "descarcare")
CASES = [
    Case("accepted-then-ok"),
    Case("nok-one-error", end=REJECTED),
    Case("nok-one-error", {"variant": "not-taken"}, end=REJECTED),
    Case("nok-many-errors", end=REJECTED),
    Case("nok-many-errors", {"count": 400}, end=REJECTED),
    Case("processing-for-hours", {"seconds": 0.5}),
    Case("message-past-60-days", end="efactura_archive_expired"),
    Case("message-listed-late"),
    Case("duplicate-upload", uploads=2),
    Case("archive-with-errors-no-seal", end=REJECTED),
    Case("archive-with-errors-no-seal", at("descarcare")),
    Case("timeout-after-acceptance"),
    Case("timeout-after-acceptance", at("stareMesaj")),
    Case("timeout-after-acceptance", at("descarcare")),
    Case("timeout-after-acceptance", at(LIST), before=(LOST,)),
    Case("timeout-before-acceptance"),
    *(Case("reset-mid-body", at(operation)) for operation in LIFE),
    Case("reset-mid-body", at(LIST), before=(LOST,)),
    *(Case("firewall-html-200", at(operation)) for operation in LIFE),
    Case("firewall-html-200", at(LIST), before=(LOST,)),
    *(Case("error-500-html", at(operation)) for operation in LIFE),
    *(Case("error-500-html", at("upload", variant=v)) for v in ("json", "technical-text")),
    *(
        Case("error-500-html", at("upload", variant=v, accepted=True))
        for v in ("html", "json", "technical-text")
    ),
    Case("error-500-html", at("stareMesaj", variant="technical-text")),
    Case("error-500-html", at(LIST), before=(LOST,)),
    *(Case("unavailable-503-retry-after", at(operation)) for operation in LIFE),
    Case("unavailable-503-retry-after", at("upload", variant="502")),
    *(Case("rate-limited-429", at(operation)) for operation in LIFE),
    Case("rate-limited-429", at(LIST), before=(LOST,)),
    *(Case("quota-text-200", at(operation)) for operation in LIFE),
    Case("quota-text-200", at("descarcare", variant="extra-brace")),
    Case("quota-text-200", at(LIST), before=(LOST,)),
    *(Case("token-expired-401", at(operation)) for operation in LIFE),
    Case("token-expired-401", at(LIST), before=(LOST,)),
    *(
        Case("no-right-403", at(operation, variant=v), "anaf_no_right", int(operation != "upload"))
        for operation in LIFE
        for v in ("403", "text")
    ),
    Case("no-right-403", at(LIST), "anaf_no_right", before=(LOST,)),
    Case("token-endpoint-slow-or-500"),
    Case("token-endpoint-slow-or-500", {"variant": "slow"}),
    Case("list-window-clock-drift", before=(LOST,)),
    Case("list-window-clock-drift", {"variant": "unquoted"}, before=(LOST,)),
    *(Case("corrupt-zip", {"variant": v}) for v in ("corrupt", "truncated", "empty", "html")),
    Case("corrupt-zip", before=(LOST,)),
    Case("pages-change-between-calls", {"variant": "repeat"}, before=(LOST,)),
    Case("pages-change-between-calls", {"variant": "skip"}, before=(LOST,)),
    *(
        Case("schema-drift", at(operation, variant=v))
        for operation in ("upload", "stareMesaj")
        for v in ("new-field", "encoding", "bom", "content-type")
    ),
    Case("schema-drift", at("descarcare", variant="content-type")),
    *(
        Case("schema-drift", at(LIST, variant=v), before=(LOST,))
        for v in ("new-field", "encoding", "bom")
    ),
]  # fmt: skip
ELSEWHERE = {
    "refresh-token-expired": "test_login_lost_is_told_once_and_a_new_log_in_heals",
    "answer-verbatim": "test_verbatim.py",
}


def test_every_misbehaviour_has_its_case():
    assert {case.scenario for case in CASES} | ELSEWHERE.keys() == set(CATALOGUE)


def stored(event) -> bytes:
    """The archive's bytes, as the reference of an event names them."""
    return Path(unquote(urlsplit(event.archive.uri).path)).read_bytes()


def uploads_and_searches(sandbox) -> list[tuple[str, int | None]]:
    wanted = {"upload", LIST}
    return [
        (one["operation"], one["status"])
        for one in sandbox.control.requests()
        if one["operation"] in wanted
    ]


def nothing_was_sent_before_a_search(sandbox) -> bool:
    """After an upload without a clear answer, the next call about it must be a search."""
    calls = uploads_and_searches(sandbox)
    certain = {401, 429}
    return all(
        status in certain
        for (operation, status), (following, _) in itertools.pairwise(calls)
        if operation == following == "upload"
    )


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_document_ends_as_it_must(case: Case, desk, invoice, sandbox, person):
    for scenario, options in (*case.before, (case.scenario, case.options)):
        sandbox.control.scenario(scenario, **options)
    if case.scenario == "list-window-clock-drift":
        # Its first search ends before the upload; on a busy machine that alone takes this long.
        desk.parts["filing"]._reconciler._resend_after = timedelta(seconds=10)
    await desk.file(invoice())

    end = desk.failures[0].code if desk.failures else desk.keys[-1]
    assert end == case.end
    assert len(desk.failures) + sum(key in (ACCEPTED, REJECTED) for key in desk.keys) == 1
    uploads = sandbox.control.uploads()
    assert len(uploads) == case.uploads
    assert sum(one["state"] == "ok" for one in uploads) <= 1
    assert sandbox.control.violations() == []
    if case.scenario != "quota-text-200":
        assert nothing_was_sent_before_a_search(sandbox)
    document = await desk.document()
    if end == ACCEPTED:
        event = desk.events[-1]
        assert desk.keys == ["efactura.submitted", ACCEPTED]
        assert event == events.accepted(document)
        assert event.seal.status == "verified"
        assert event.upload_index == next(o["index"] for o in uploads if o["state"] == "ok")
        archived = stored(event)
        assert hashlib.sha256(archived).hexdigest() == event.archive.sha256
        assert archived == person.download(event.download_id)
    if end == REJECTED:
        assert desk.events[-1] == events.rejected(document)
        assert desk.events[-1].stage == "anaf"


async def test_all_messages_of_a_refusal_reach_the_accountant(desk, invoice, sandbox):
    sandbox.control.scenario("nok-many-errors", count=12)
    event = await desk.file(invoice())
    assert [error.rule for error in event.errors] == ["BR-RO-L1024"] * 12
    assert "linia 12" in event.errors[11].message
    assert event.archive is not None
    assert (await desk.document()).data["seal"]["status"] == "verified"


async def test_four_hundred_messages_are_cut_and_the_archive_named(desk, invoice, sandbox):
    sandbox.control.scenario("nok-many-errors", count=400)
    event = await desk.file(invoice())
    assert len(event.errors) == 201
    assert "200 erori" in event.errors[-1].message


async def test_refusal_without_seal_is_kept_and_says_so(desk, invoice, sandbox):
    sandbox.control.scenario("archive-with-errors-no-seal")
    event = await desk.file(invoice())
    assert event.archive is not None
    assert (await desk.document()).data["seal"]["status"] == "missing"


async def test_accepted_document_whose_seal_never_comes_is_reported_as_it_is(
    desk, invoice, sandbox
):
    sandbox.control.scenario("archive-with-errors-no-seal", operation="descarcare", times=None)
    event = await desk.file(invoice())
    assert (event.key, event.seal.status) == (ACCEPTED, "missing")
    assert len(sandbox.control.requests("descarcare")) == 4


async def test_other_failures_do_not_use_up_the_patience_for_the_seal(desk, invoice, sandbox):
    sandbox.control.scenario("firewall-html-200", operation="stareMesaj", times=4)
    sandbox.control.scenario("archive-with-errors-no-seal", operation="descarcare")
    event = await desk.file(invoice())
    assert (event.key, event.seal.status) == (ACCEPTED, "verified")


async def test_duplicate_follows_the_first_index(desk, invoice, sandbox):
    sandbox.control.scenario("duplicate-upload")
    event = await desk.file(invoice())
    first, second = sandbox.control.uploads()
    assert event.upload_index == first["index"]
    assert desk.events[0].upload_index == second["index"]


async def test_first_upload_still_in_processing_is_waited_for_with_few_downloads(
    desk, invoice, sandbox
):
    # The lost first upload takes longer than the second, which is refused at once.
    sandbox.control.scenario("processing-for-hours", seconds=1.2)
    lost = desk.submit(invoice(), "m0")
    desk.jobs.clear()
    outcome = await desk.call(lost)
    assert outcome[0].key == "efactura.submitted"
    other = invoice()
    await desk.file(other, "m1", tenant="another-ledger-of-the-same-firm")
    assert desk.keys[-1] == ACCEPTED
    assert desk.events[-1].upload_index == outcome[0].upload_index
    assert len(sandbox.control.requests("descarcare")) == 2


async def test_duplicate_of_another_content_is_rejected_with_both_indexes(desk, invoice, sandbox):
    await desk.file(invoice("PMX-7"), "m1", tenant="a")
    first = desk.events[-1].upload_index
    event = await desk.file(invoice("PMX-7", note=" bis"), "m2", tenant="b")
    assert event.key == REJECTED
    assert event.duplicate_of == first
    assert event.upload_index == sandbox.control.uploads()[1]["index"]
    assert "a mai fost transmisa" in event.errors[0].message
    assert event.archive is not None


async def test_unconfirmed_upload_ends_at_its_term_with_a_code_that_says_so(
    make_desk, efactura_settings, invoice, sandbox
):
    settings = efactura_settings.model_copy(
        update={"retry_max_age_seconds": 0.5, "resend_after_seconds": 3600.0}
    )
    desk = await make_desk(settings)
    sandbox.control.scenario("timeout-before-acceptance")
    job = desk.submit(invoice(issued="2026-01-05"))
    await desk.work()
    assert [failure.code for failure in desk.failures] == ["efactura_upload_unresolved"]
    assert (await desk.document()).state == "uploading"
    # A replay searches again before anything else.
    desk.jobs.append(job)
    desk.failures.clear()
    await desk.work()
    assert nothing_was_sent_before_a_search(sandbox)
    assert len(sandbox.control.requests("upload")) == 1


async def test_login_lost_is_told_once_and_a_new_log_in_heals(
    desk, make_desk, efactura_settings, invoice, sandbox, person
):
    sandbox.control.scenario("refresh-token-expired", times=None)
    desk.submit(invoice())
    with pytest.raises(AssertionError, match="no end after 6 steps"):
        await desk.work(most=6)
    assert {retry.code for retry in desk.retries} == {"anaf_login_required"}
    assert len(sandbox.control.requests("token")) == 1
    assert "certificat" in str(await desk.parts["tokens"].problem())
    assert (await desk.document()).state == "new"

    sandbox.control.clear_scenarios()
    renewed = person.log_in()["refresh_token"]
    settings = efactura_settings.model_copy(update={"anaf_refresh_token": SecretStr(renewed)})
    healed = await make_desk(settings)
    healed.jobs = desk.jobs
    await healed.work()
    assert healed.keys == ["efactura.submitted", ACCEPTED]
    assert len(sandbox.control.uploads()) == 1


async def test_lists_that_never_answer_end_with_the_same_code(
    make_desk, efactura_settings, invoice, sandbox
):
    settings = efactura_settings.model_copy(update={"retry_max_age_seconds": 0.4})
    desk = await make_desk(settings)
    sandbox.control.scenario("timeout-after-acceptance")
    sandbox.control.scenario("rate-limited-429", operation=LIST, times=None)
    desk.submit(invoice(issued="2026-01-05"))
    await desk.work()
    assert [failure.code for failure in desk.failures] == ["efactura_upload_unresolved"]
    assert len(sandbox.control.uploads()) == 1


async def test_document_that_certainly_is_not_at_anaf_says_so_at_its_term(
    make_desk, efactura_settings, invoice, sandbox
):
    settings = efactura_settings.model_copy(update={"retry_max_age_seconds": 0.4})
    desk = await make_desk(settings)
    sandbox.control.scenario("rate-limited-429", operation="upload", times=None)
    desk.submit(invoice(issued="2026-01-05"))
    await desk.work()
    assert [failure.code for failure in desk.failures] == ["retries_exhausted"]
    assert (await desk.document()).state == "new"
