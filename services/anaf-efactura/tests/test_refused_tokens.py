"""ANAF takes none of its own tokens: told once, waited for, and nothing is spent or lost."""

import pytest

from workers_anaf import refusal_notes

ACCEPTED, LOST = "efactura.accepted", "efactura.login_lost"


def refuse(sandbox, operation="upload"):
    sandbox.control.scenario(
        "answer-verbatim", operation=operation, message="{}", status=401, times=None
    )


async def waits(desk, steps: int) -> set[str]:
    """Work without an end; returns why the commands wait."""
    with pytest.raises(AssertionError, match="no end after"):
        await desk.work(most=steps)
    return {retry.code for retry in desk.retries}


async def test_invoices_wait_and_one_renewal_is_made_for_all(desk, invoice, sandbox, monkeypatch):
    refuse(sandbox)
    for number in range(5):
        desk.submit(invoice(f"T-{number}"), f"m{number}", tenant="acme")
    assert await waits(desk, 15) == {"anaf_token_refused"}
    assert desk.failures == []
    assert len(sandbox.control.requests("token")) == 2
    # Only the first one was sent, twice; the others have not even left.
    assert len(sandbox.control.requests("upload")) == 2
    assert {document.state for document in await desk.documents()} == {"new"}

    for job in list(desk.logins):
        assert job.identity.tenant is None
        await desk.step(job)
    (event,) = [event for event in desk.events if event.key == LOST]
    assert (event.cause, event.tenant, event.reason) == ("token_refused", None, "HTTP 401")

    sandbox.control.clear_scenarios()
    monkeypatch.setattr(refusal_notes, "ASKED_AGAIN", 0.0)
    await desk.work()
    assert [event.key for event in desk.events].count(ACCEPTED) == 5
    assert len(sandbox.control.requests("token")) == 2
    assert len(sandbox.control.uploads()) == 5
    assert await desk.parts["login"].problem() is None


async def test_questions_that_anaf_did_not_hear_are_not_counted(
    desk, invoice, sandbox, monkeypatch
):
    refuse(sandbox, "descarcare")
    monkeypatch.setattr(refusal_notes, "ASKED_AGAIN", 0.0)
    desk.submit(invoice("Q-1"))
    # Ten downloads a day are allowed for a document.
    assert await waits(desk, 25) == {"anaf_token_refused"}
    sandbox.control.clear_scenarios()
    await desk.work()
    assert desk.events[-1].key == ACCEPTED
    assert desk.days == 0
