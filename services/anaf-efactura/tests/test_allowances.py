"""ANAF's limits of a day: no call is made that it would refuse, and its own word is believed."""

import json
from datetime import UTC, datetime

import pytest

from workers_anaf.limits import DailyLimitError

LIST = "listaMesajePaginatieFactura"
CIF = "12345674"


def rasp(client):
    return client.upload(b"<header/>", cif=CIF, standard="RASP", b2c=False, flags={})


async def test_lists_are_counted_by_cif_and_the_command_waits(desk, invoice, sandbox):
    desk.client._allowed.pages._limit = 0
    sandbox.control.scenario("timeout-after-acceptance", operation="upload")
    desk.submit(invoice())
    await desk.step(desk.jobs.pop(0))
    await desk.step(desk.jobs.pop(0))
    assert [retry.code for retry in desk.retries] == ["anaf_upload_uncertain", "anaf_daily_limit"]
    assert sandbox.control.requests(LIST) == []
    with pytest.raises(DailyLimitError):
        await desk.client._allowed.pages.take(CIF)
    desk.client._allowed.pages._limit = 1
    await desk.client._allowed.pages.take("87654329")


async def test_anafs_word_about_its_lists_ends_the_day_for_that_cif(desk, invoice, sandbox):
    text = "S-au facut deja 1000 interogari de lista mesaje de catre utilizator in cursul zilei"
    body = json.dumps({"eroare": text, "titlu": "Lista Mesaje"})
    sandbox.control.scenario("timeout-after-acceptance", operation="upload")
    sandbox.control.scenario("answer-verbatim", operation=LIST, message=body)
    desk.submit(invoice())
    await desk.step(desk.jobs.pop(0))
    await desk.step(desk.jobs.pop(0))
    assert desk.retries[-1].code == "anaf_daily_limit"
    desk.client._allowed.pages._clock = lambda: datetime.now(UTC)  # still today
    with pytest.raises(DailyLimitError):
        await desk.client._allowed.pages.take(CIF)
    assert len(sandbox.control.requests(LIST)) == 1


async def test_buyers_messages_are_counted_by_cif_and_invoices_are_not(desk, invoice, sandbox):
    desk.client._allowed.answers._limit = 1
    await rasp(desk.client)
    with pytest.raises(DailyLimitError):
        await rasp(desk.client)
    assert len(sandbox.control.requests("upload")) == 1
    assert (await desk.file(invoice())).key == "efactura.accepted"


async def test_anafs_word_about_buyers_messages_ends_the_day_for_that_cif(desk, sandbox):
    body = (
        '<header ExecutionStatus="1"><Errors errorMessage="S-au incarcat deja 1000 de mesaje de '
        'tip RASP pentru cui=12345674 in cursul zilei"/></header>'
    )
    sandbox.control.scenario("answer-verbatim", operation="upload", message=body)
    for _ in range(2):
        with pytest.raises(DailyLimitError):
            await rasp(desk.client)
    assert len(sandbox.control.requests("upload")) == 1


def test_the_limits_are_anafs(desk):
    allowed = {name: one._limit for name, one in vars(desk.client._allowed).items()}
    assert allowed == {
        "states": 100, "downloads": 10, "pages": 100_000, "lists": 1500, "answers": 1000,
    }  # fmt: skip
