"""Log-in, codes, rotation and the tokens themselves."""

from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from workers_sandbox.app import build
from workers_sandbox.oauth.grants import GrantRefusedError
from workers_sandbox.settings import Settings

TOKEN = "/anaf-oauth2/v1/token"
CALLBACK = "https://localhost:9000/callback"
BASIC = ("sandbox", "sandbox")


def authorise(query: dict[str, str]) -> str:
    wanted = {"response_type": "code", "client_id": "sandbox", "redirect_uri": CALLBACK}
    pairs = "&".join(f"{name}={text}" for name, text in (wanted | query).items())
    return f"/anaf-oauth2/v1/authorize?{pairs}"


async def code(client) -> str:
    answer = await client.get(authorise({"token_content_type": "jwt", "state": "abc"}))
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(CALLBACK)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["abc"]
    return query["code"][0]


def exchange_form(value: str, **changes: str) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": value, "redirect_uri": CALLBACK}
    return form | {"token_content_type": "jwt"} | changes


async def test_code_becomes_tokens_once(local):
    form = exchange_form(await code(local))
    answer = await local.post(TOKEN, data=form, auth=BASIC)
    tokens = answer.json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 7_776_000
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    greeting = await local.get("/TestOauth/jaxrs/hello?name=Ana", headers=headers)
    assert greeting.text == "Hello, Ana"
    again = await local.post(TOKEN, data=form, auth=BASIC)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_code_lives_sixty_seconds(local):
    form = exchange_form(await code(local))
    await local.post("/_control/clock", json={"offset_seconds": 61})
    answer = await local.post(TOKEN, data=form, auth=BASIC)
    assert answer.json()["error_description"] == "Authorization code status is expired"


async def test_code_is_bound_to_its_address(local):
    form = exchange_form(await code(local), redirect_uri="https://localhost:9000/other")
    answer = await local.post(TOKEN, data=form, auth=BASIC)
    assert answer.json()["error"] == "invalid_grant"


async def test_log_in_without_a_certificate_is_denied(local):
    answer = await local.get(authorise({"sandbox_certificate": "none"}))
    assert answer.headers["location"] == f"{CALLBACK}?error=access_denied"
    wrong = await local.get(authorise({"client_id": "other"}))
    assert wrong.status_code == 400


async def test_access_token_has_the_claims_of_anaf(local):
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    await local.post("/_control/oauth/reset")
    tokens = (await local.post(TOKEN, data=form, auth=BASIC)).json()
    header = jwt.get_unverified_header(tokens["access_token"])
    assert header["alg"] == "RS512"
    assert header["kid"]
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["iss"] == "https://logincert.anaf.ro"
    assert {"iat", "nbf", "exp", "scope", "role", "clientappid", "serial"} <= claims.keys()
    assert claims["exp"] - claims["iat"] == 90 * 86_400
    refresh = jwt.decode(tokens["refresh_token"], options={"verify_signature": False})
    assert refresh["exp"] - claims["iat"] == pytest.approx(365 * 86_400, abs=5)


async def test_refresh_tokens_work_once_each(local):
    await local.post("/_control/oauth/reset")
    token, seen = "sandbox-refresh-token", set()
    for _ in range(3):
        form = {"grant_type": "refresh_token", "refresh_token": token}
        answer = await local.post(TOKEN, data=form, auth=BASIC)
        assert answer.status_code == 200
        reused = await local.post(TOKEN, data=form, auth=BASIC)
        assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
        token = answer.json()["refresh_token"]
        seen.add(token)
    assert len(seen) == 3
    violations = (await local.get("/_control/violations")).json()
    assert [one["kind"] for one in violations] == ["refresh-token-reused"] * 3


async def test_refreshing_does_not_extend_the_year(local):
    await local.post("/_control/oauth/reset")
    await local.post("/_control/clock", json={"offset_seconds": 300 * 86_400})
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    token = (await local.post(TOKEN, data=form, auth=BASIC)).json()["refresh_token"]
    await local.post("/_control/clock", json={"offset_seconds": 366 * 86_400})
    form = {"grant_type": "refresh_token", "refresh_token": token}
    answer = await local.post(TOKEN, data=form, auth=BASIC)
    assert answer.json()["error_description"] == "Refresh Token status is expired"


async def test_access_token_dies_after_ninety_days(local):
    hello = "/TestOauth/jaxrs/hello"
    await local.post("/_control/clock", json={"offset_seconds": 89 * 86_400})
    assert (await local.get(hello)).status_code == 200
    await local.post("/_control/clock", json={"offset_seconds": 91 * 86_400})
    answer = await local.get(hello)
    assert (answer.status_code, answer.json()["error"]) == (401, "Unauthorized")


@pytest.mark.parametrize(
    ("form", "auth", "error"),
    [
        ({"grant_type": "refresh_token"}, BASIC, "invalid_request"),
        ({"grant_type": "password"}, BASIC, "unsupported_grant_type"),
        ({}, BASIC, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, ("sandbox", "wrong"), "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, BASIC, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "x"}, BASIC, "invalid_request"),
    ],
)
async def test_token_errors(local, form, auth, error):
    answer = await local.post(TOKEN, data=form, auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_client_may_authenticate_in_the_body(local):
    await local.post("/_control/oauth/reset")
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    who = {"client_id": "sandbox", "client_secret": "sandbox"}
    local.headers.pop("Authorization")
    assert (await local.post(TOKEN, data=form | who)).status_code == 200
    assert (await local.post(TOKEN, data=form)).json()["error"] == "invalid_client"
    bad = await local.post(TOKEN, data=form, headers={"Authorization": "Basic %%%"})
    assert bad.json()["error"] == "invalid_client"


async def test_revoke_meets_the_log_in_wall(local):
    answer = await local.post("/anaf-oauth2/v1/revoke", data={"token": "x"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/my.policy")


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer abc", "Basic abc", "abc"])
async def test_other_credentials_are_refused(local, header):
    local.headers["Authorization"] = header
    answer = await local.get("/prod/FCTEL/rest/stareMesaj?id_incarcare=1")
    assert answer.status_code == 401


async def test_token_of_another_sandbox_is_refused(local, tmp_path):
    other = build(Settings(key_dir=tmp_path)).state.world.oauth
    token = other.refresh("sandbox-refresh-token")["access_token"]
    local.headers["Authorization"] = f"Bearer {token}"
    assert (await local.get("/TestOauth/jaxrs/hello")).status_code == 401


async def test_refresh_token_outlives_a_restart_that_keeps_the_key(tmp_path):
    before = build(Settings(key_dir=tmp_path)).state.world.oauth
    stored = before.refresh("sandbox-refresh-token")["refresh_token"]
    after = build(Settings(key_dir=tmp_path)).state.world.oauth
    assert after.refresh(stored)["access_token"]
    with pytest.raises(GrantRefusedError):
        after.refresh(stored)
