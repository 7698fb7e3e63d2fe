"""Daily counters that start again at Romanian midnight, and calls a minute."""

from datetime import UTC, date, datetime, timedelta

import pytest

from workers_sandbox.clock import BUCHAREST, Clock
from workers_sandbox.quotas import DailyCounters, Spacing

BASE = "/prod/FCTEL/rest"
SELLER = "12345674"


async def accepted(local, invoice) -> tuple[str, str]:
    params = {"standard": "UBL", "cif": SELLER}
    await local.post(f"{BASE}/upload", params=params, content=invoice())
    [seen] = (await local.get("/_control/uploads")).json()
    return seen["index"], seen["download_id"]


async def test_eleventh_download_of_a_day_is_refused(local, invoice):
    _, message = await accepted(local, invoice)
    params = {"id": message}
    for _ in range(10):
        answer = await local.get(f"{BASE}/descarcare", params=params)
        assert answer.content.startswith(b"PK")
    answer = await local.get(f"{BASE}/descarcare", params=params)
    assert answer.status_code == 200
    assert answer.json()["eroare"] == (
        f"S-au facut deja 10 descarcari la mesajul cu id_descarcare={message} in cursul zilei"
    )
    assert (await local.get("/_control/violations")).json()[0]["kind"] == "daily-limit"
    await local.post("/_control/clock", json={"offset_seconds": 86_400})
    assert (await local.get(f"{BASE}/descarcare", params=params)).content.startswith(b"PK")


async def test_hundred_and_first_state_is_refused(local, invoice):
    index, _ = await accepted(local, invoice)
    for _ in range(100):
        answer = await local.get(f"{BASE}/stareMesaj", params={"id_incarcare": index})
        assert "stare=" in answer.text
    answer = await local.get(f"{BASE}/stareMesaj", params={"id_incarcare": index})
    assert "S-au facut deja 100 descarcari de mesaj in cursul zilei" in answer.text
    assert "stare=" not in answer.text


@pytest.mark.parametrize(
    ("path", "option", "query"),
    [
        ("listaMesajeFactura", "lists_per_cif", {"zile": 1}),
        ("listaMesajePaginatieFactura", "pages_per_cif", {"pagina": 1}),
    ],
)
async def test_lists_are_counted_for_each_cif(local, path, option, query):
    await local.post("/_control/settings", json={option: 2})
    now = int(datetime.now(UTC).timestamp() * 1000)
    window = {"startTime": now - 60_000, "endTime": now - 1000} if "pagina" in query else {}

    async def text(cif: str) -> str:
        answer = await local.get(f"{BASE}/{path}", params={"cif": cif, **query, **window})
        return answer.json()["eroare"]

    assert "Nu exista mesaje" in await text(SELLER)
    assert "Nu exista mesaje" in await text(SELLER)
    assert await text(SELLER) == (
        "S-au facut deja 2 interogari de lista mesaje de catre utilizator in cursul zilei"
    )
    assert "Nu exista mesaje" in await text("87654329")


async def test_rasp_is_counted(local):
    await local.post("/_control/settings", json={"rasp_per_cif": 1})
    body = '<header xmlns="mfp:anaf:dgti:spv:reqMesaj:v1" index_incarcare="1" message="x"/>'
    params = {"standard": "RASP", "cif": SELLER}
    first = await local.post(f"{BASE}/upload", params=params, content=body)
    assert "index_incarcare" in first.text
    second = await local.post(f"{BASE}/upload", params=params, content=body)
    text = "S-au incarcat deja 1 de mesaje de tip RASP pentru cui=12345674 in cursul zilei"
    assert text in second.text


async def test_calls_a_minute(local):
    await local.post("/_control/settings", json={"calls_per_minute": 3})
    statuses = [
        (await local.get(f"{BASE}/stareMesaj", params={"id_incarcare": "1"})).status_code
        for _ in range(5)
    ]
    assert statuses == [200, 200, 200, 429, 429]
    state = (await local.get("/_control/state")).json()
    assert state["violations"] == {"calls-per-minute": 2}


def test_day_ends_at_midnight_in_romania():
    clock = Clock()
    clock.set(datetime(2026, 7, 1, 20, 59, tzinfo=UTC))
    assert clock.today() == date(2026, 7, 1)
    clock.set(datetime(2026, 7, 1, 21, 1, tzinfo=UTC))
    assert clock.today() == date(2026, 7, 2)
    clock.set(datetime(2026, 12, 1, 0, 30, tzinfo=BUCHAREST))
    assert clock.today() == date(2026, 12, 1)
    with pytest.raises(ValueError, match="needs a zone"):
        clock.set(datetime(2026, 7, 1))  # noqa: DTZ001 - the naive moment is the point


def test_counters_keep_days_and_keys_apart():
    counters, day = DailyCounters(), date(2026, 7, 1)
    assert [counters.take("x", "a", 1, day) for _ in range(2)] == [True, False]
    assert counters.take("x", "b", 1, day)
    assert counters.take("y", "a", 1, day)
    assert counters.take("x", "a", 1, day + timedelta(days=1))


@pytest.mark.parametrize(
    ("moments", "taken"),
    [
        ([10.0, 11.0, 12.0, 13.0], [True, True, True, True]),
        ([10.2, 11.0, 12.0, 13.0], [True, True, True, True]),
        ([10.0, 10.8, 11.6, 12.4], [True, True, False, True]),
        ([10.0, 10.1, 10.2, 11.0], [True, False, False, True]),
        ([10.0, 10.5, 30.0, 30.5], [True, False, True, False]),
    ],
)
def test_spacing_forgives_jitter_but_not_a_faster_pace(monkeypatch, moments, taken):
    left = iter(moments)
    monkeypatch.setattr("workers_sandbox.quotas.time.monotonic", lambda: next(left))
    spacing = Spacing()
    assert [spacing.take(1.0) for _ in moments] == taken
