"""The control API, the fixtures and what they never show."""

from dataclasses import replace

import httpx
import pytest

from workers_sandbox.app import build
from workers_sandbox.misbehaviours.catalogue import CATALOGUE
from workers_sandbox.settings import Settings

BASE = "/prod/FCTEL/rest"


async def indices(settings: Settings, invoice, numbers) -> list[str]:
    app = build(settings)
    token = app.state.world.oauth.refresh("sandbox-refresh-token")["access_token"]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://sandbox"
    ) as client:
        for number in numbers:
            await client.post(
                f"{BASE}/upload",
                params={"standard": "UBL", "cif": "12345674"},
                content=invoice(number),
                headers={"Authorization": f"Bearer {token}"},
            )
        seen = (await client.get("/_control/uploads")).json()
    return [f"{one['index']}/{one['download_id']}" for one in seen]


async def test_same_seed_and_requests_give_the_same_indices(sandbox_keys, invoice):
    settings = Settings(seed=7, state_delay=0, key_dir=sandbox_keys)
    first = await indices(settings, invoice, ["A1", "A2-SBX-duplicate-upload", "A3"])
    assert len(first) == 4
    assert first == await indices(settings, invoice, ["A1", "A2-SBX-duplicate-upload", "A3"])
    other = replace(settings, seed=8)
    assert first != await indices(other, invoice, ["A1", "A2-SBX-duplicate-upload", "A3"])


def test_requests_are_noted_without_secrets(sandbox, anaf):
    token = anaf.http.headers["authorization"].removeprefix("Bearer ")
    anaf.state("1")
    anaf.http.get("/anaf-oauth2/v1/authorize?code=geheim&refresh_token=geheim")
    [state] = sandbox.control.requests("stareMesaj")
    assert state["path"] == f"{BASE}/stareMesaj"
    assert state["query"] == {"id_incarcare": "1"}
    assert (state["method"], state["status"]) == ("GET", 200)
    assert state["milliseconds"] >= 0
    shown = str(sandbox.control.requests()) + str(sandbox.control.state())
    assert token not in shown
    assert sandbox.refresh_token not in shown
    assert "geheim" not in shown


def test_requests_name_the_misbehaviour(sandbox, anaf):
    sandbox.control.scenario("rate-limited-429", operation="stareMesaj")
    anaf.state("1")
    [seen] = sandbox.control.requests("stareMesaj")
    assert (seen["status"], seen["scenario"]) == (429, "rate-limited-429")
    assert sandbox.control.state()["misbehaved"] == {"rate-limited-429": 1}


def test_scenarios_are_listed_and_deleted(sandbox):
    kept = sandbox.control.scenario("corrupt-zip", cif="12345674", times=None, variant="empty")
    gone = sandbox.control.scenario("rate-limited-429", number="X")
    http = httpx.Client(base_url=sandbox.url, trust_env=False)
    with http:
        assert http.delete(f"/_control/scenarios/{gone}").status_code == 204
        assert http.delete(f"/_control/scenarios/{gone}").status_code == 404
    [rule] = sandbox.control.scenarios()
    assert rule == {
        "id": kept,
        "scenario": "corrupt-zip",
        "match": {"cif": "12345674"},
        "params": {"variant": "empty"},
        "left": None,
    }
    sandbox.control.clear_scenarios()
    assert sandbox.control.scenarios() == []


def test_reset_forgets_all_but_the_seal(sandbox, anaf, invoice):
    seal = sandbox.control.seal_pem()
    sandbox.control.scenario("corrupt-zip")
    sandbox.control.clock(offset_seconds=1000)
    sandbox.control.settings(page_size=3)
    sandbox.control.taxpayer(19, "X SRL")
    before, _ = anaf.sent(invoice())
    sandbox.control.reset()
    state = sandbox.control.state()
    assert state["uploads"] == {}
    assert state["scenarios"] == 0
    assert state["requests"] == {}
    assert state["clock"]["offset_seconds"] == 0
    assert sandbox.control.seal_pem() == seal
    assert anaf.sent(invoice())[0] == before, "numbers start again"
    assert sandbox.access_token()


def test_clock_is_set_and_shifted(sandbox):
    sandbox.control.clock(now="2026-10-05T12:00:00+03:00")
    assert sandbox.control.state()["clock"]["now"].startswith("2026-10-05T09:00:0")
    sandbox.control.clock(offset_seconds=-60)
    assert sandbox.control.state()["clock"]["offset_seconds"] == -60


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("clock", {}, "give 'offset_seconds'"),
        ("clock", {"now": "2026-10-05T12:00:00"}, "needs a zone"),
        ("clock", {"now": "tomorrow"}, "tomorrow"),
        ("clock", {"offset_seconds": 1e300}, ""),
        ("settings", {"port": 1}, "'port' cannot be changed"),
        ("settings", {"colour": 1}, "'colour' cannot be changed"),
        ("settings", {"chaos": 2}, "option 'chaos': must be between 0 and 1"),
        ("settings", {"pace": "slow"}, "option 'pace': must be one of fast, real"),
        ("vies", {"fault": "X"}, "'fault' must be one of"),
    ],
)
async def test_wrong_wishes_are_400_with_the_reason(local, path, body, word):
    answer = await local.post(f"/_control/{path}", json=body)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


@pytest.mark.parametrize("body", ["[1]", "nonsense", '"x"'])
async def test_a_body_that_is_no_object_is_400(local, body):
    assert (await local.post("/_control/scenarios", content=body)).status_code == 400


def test_control_raises_the_sandboxs_reason(sandbox):
    with pytest.raises(ValueError, match="'scenario' must be one of"):
        sandbox.control.scenario("nothing")


async def test_health_and_page(local):
    assert (await local.get("/health")).json() == {"status": "ok"}
    page = (await local.get("/")).text
    for scenario in CATALOGUE.values():
        assert f"<code>{scenario.id}</code>" in page
        assert scenario.title_ro in page
    assert "Not imitated / Ce nu este imitat" in page
    for outside in ("<script", "<link", "<img", "src=", "@import", "url("):
        assert outside not in page
    assert (await local.get("/_control/requests")).json() == []
