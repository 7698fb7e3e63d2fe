"""Windows, pages, caps and the texts of refused lists."""

import hashlib
import io
import time
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from workers_sandbox.clock import BUCHAREST

BASE = "/prod/FCTEL/rest"
BUYER = "87654329"
DAY = 86_400_000


async def days(client, **query):
    params = {"zile": 60, "cif": BUYER, **query}
    return (await client.get(f"{BASE}/listaMesajeFactura", params=params)).json()


async def page(client, number: object = 1, **query):
    now = int(time.time() * 1000)
    window = {"startTime": now - 59 * DAY, "endTime": now - 1}
    params = {**window, "cif": BUYER, "pagina": number, **query}
    answer = await client.get(f"{BASE}/listaMesajePaginatieFactura", params=params)
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"zile": 0}, "Numarul de zile trebuie sa fie intre 1 si 60"),
        ({"zile": 61}, "Numarul de zile trebuie sa fie intre 1 si 60"),
        ({"zile": "aaa"}, "Numarul de zile introdus= aaa nu este un numar intreg"),
        ({"cif": "aaa"}, "CIF introdus= aaa nu este un numar"),
        ({"filtru": "X"}, "Valorile acceptate pentru parametrul filtru sunt E, T, P sau R"),
        ({"zile": 15}, "Nu exista mesaje in ultimele 15 zile"),
    ],
)
async def test_refused_lists(local, query, text):
    assert await days(local, **query) == {"eroare": text, "titlu": "Lista Mesaje"}


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ({"startTime": "aaa"}, "startTime = aaa nu este un numar sau nu are o valoare acceptata"),
        ({"endTime": "9" * 17}, "endTime = 99999999999999999 nu este un numar sau nu are"),
        ({"number": "x"}, "pagina = x nu este un numar sau nu are o valoare acceptata"),
        ({"number": "0"}, "pagina = 0 nu este un numar sau nu are o valoare acceptata"),
        ({"cif": "a"}, "CIF introdus= a nu este un numar sau nu are o valoare acceptata de sistem"),
        ({"filtru": "TP"}, "Valorile acceptate pentru parametrul filtru sunt E, T, P sau R"),
        ({}, "Nu exista mesaje in intervalul selectat"),
    ],
)
async def test_refused_pages(local, query, start):
    assert (await page(local, **query))["eroare"].startswith(start)


async def test_windows_that_are_refused(local):
    now = int(time.time() * 1000)
    old = await page(local, startTime=now - 61 * DAY)
    assert old["eroare"].endswith(
        "nu poate fi mai vechi de 60 de zile fata de momentul requestului"
    )
    ahead = await page(local, endTime=now + 2000)
    assert " nu poate in viitor fata de momentul requestului = " in ahead["eroare"]
    turned = await page(local, startTime=now - 1000, endTime=now - 2000)
    assert " nu poate fi <= startTime = " in turned["eroare"]


async def test_pages_hold_five_hundred_and_say_so(local):
    asked = {"cif": BUYER, "count": 1300, "age_seconds": 60, "spread_seconds": 50 * 86_400}
    ids = (await local.post("/_control/inbound", json=asked)).json()["ids"]
    pages = [await page(local, number) for number in (1, 2, 3)]
    assert [one["numar_inregistrari_in_pagina"] for one in pages] == [500, 500, 300]
    assert {one["numar_total_inregistrari_per_pagina"] for one in pages} == {500}
    assert {one["numar_total_inregistrari"] for one in pages} == {1300}
    assert {one["numar_total_pagini"] for one in pages} == {3}
    assert [one["index_pagina_curenta"] for one in pages] == [1, 2, 3]
    assert [row["id"] for one in pages for row in one["mesaje"]] == ids
    beyond = await page(local, 4)
    assert beyond["eroare"] == (
        "Pagina solicitata 4 este mai mare decat numarul toatal de pagini 3"
    )
    assert (await days(local))["eroare"] == (
        "Lista de mesaje este mai mare decat numarul de 500 elemente permise in pagina. "
        "Folositi endpoint-ul cu paginatie."
    )
    assert len((await days(local, zile=5))["mesaje"]) < 500


async def test_inbound_is_downloaded_with_its_seal(local):
    asked = {"cif": "123456789", "count": 2, "environment": "test"}
    [first, _] = (await local.post("/_control/inbound", json=asked)).json()["ids"]
    answer = await local.get("/test/FCTEL/rest/descarcare", params={"id": first})
    assert answer.content.startswith(b"PK")
    assert (await local.get("/_control/uploads")).json() == []
    params = {"zile": 1, "cif": "123456789"}
    listed = (await local.get("/test/FCTEL/rest/listaMesajeFactura", params=params)).json()
    assert {row["tip"] for row in listed["mesaje"]} == {"FACTURA PRIMITA"}
    assert {row["cif"] for row in listed["mesaje"]} == {"123456789"}


async def test_marked_inbound_misbehaves_at_download(local):
    asked = {"cif": BUYER, "scenario": "message-past-60-days"}
    [message] = (await local.post("/_control/inbound", json=asked)).json()["ids"]
    answer = await local.get(f"{BASE}/descarcare", params={"id": message})
    assert "60 de zile" in answer.json()["eroare"]


@pytest.mark.parametrize(
    ("kind", "tip", "part"),
    [
        ("sent", "FACTURA TRIMISA", f"<cbc:CompanyID>RO{BUYER}".encode()),
        ("errors", "ERORI FACTURA", b"mesajEroriFactuta"),
        ("message", "MESAJ CUMPARATOR PRIMIT", b"reqMesaj"),
    ],
)
async def test_other_messages_can_be_put_into_a_list(local, kind, tip, part):
    asked = {"cif": BUYER, "type": kind}
    [message] = (await local.post("/_control/inbound", json=asked)).json()["ids"]
    [row] = (await days(local))["mesaje"]
    assert (row["id"], row["tip"], row["cif"]) == (message, tip, BUYER)
    answer = await local.get(f"{BASE}/descarcare", params={"id": message})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert part in archive.read(f"{row['id_solicitare']}.xml")
    [planted] = (await local.get("/_control/inbound")).json()
    assert planted["archive_sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert (planted["id"], planted["downloads"]) == (message, 1)


async def test_late_entry_bears_an_old_moment_and_is_seen_later(local):
    asked = {"cif": BUYER, "age_seconds": 600, "late_seconds": 300}
    assert (await local.post("/_control/inbound", json=asked)).status_code == 200
    assert "Nu exista mesaje" in (await days(local))["eroare"]
    await local.post("/_control/clock", json={"offset_seconds": 310})
    [row] = (await days(local))["mesaje"]
    moment = datetime.strptime(row["data_creare"], "%Y%m%d%H%M").replace(tzinfo=BUCHAREST)
    now = datetime.now(UTC) + timedelta(seconds=310)
    assert now - moment >= timedelta(seconds=900)


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"cif": "12345678"}, "'cif'"),
        ({"cif": BUYER, "count": 0}, "'count'"),
        ({"cif": BUYER, "environment": "staging"}, "'environment'"),
        ({"cif": BUYER, "scenario": "x"}, "'scenario'"),
        ({"cif": BUYER, "type": "x"}, "'type'"),
    ],
)
async def test_wrong_inbound_is_refused(local, wish, word):
    answer = await local.post("/_control/inbound", json=wish)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(word)
