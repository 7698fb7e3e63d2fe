"""The look-ups: found, not found, limits, and the register that tests extend."""

import pytest

V9 = "/api/PlatitorTvaRest/v9/tva"
REGISTER = "/api/registruroefactura/v1/interogare"
DAY = "2026-10-05"


async def ask(client, *codes, day=DAY, path=V9):
    return await client.post(path, json=[{"cui": cui, "data": day} for cui in codes])


async def test_found_and_not_found_in_one_answer(local):
    answer = await ask(local, 12345674, 19)
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"found", "notFound"}
    assert body["notFound"] == [19]
    general = body["found"][0]["date_generale"]
    assert (general["cui"], general["data"], general["denumire"]) == (
        12345674,
        DAY,
        "FURNIZOR TEST SRL",
    )
    assert set(body["found"][0]) == {
        "date_generale",
        "inregistrare_scop_Tva",
        "inregistrare_RTVAI",
        "stare_inactiv",
        "inregistrare_SplitTVA",
        "adresa_sediu_social",
        "adresa_domiciliu_fiscal",
    }
    assert body["found"][0]["adresa_sediu_social"]["scod_JudetAuto"] == "B"
    assert body["found"][0]["adresa_domiciliu_fiscal"]["ddenumire_Localitate"].startswith(
        "Sector 3"
    )


async def test_text_has_cedilla_letters(local):
    text = (await ask(local, 12345674, 87654329)).text
    assert "BUCUREŞTI" in text
    assert not set("ȘșȚț") & set(text)


async def test_nothing_found_is_404_with_a_body(local):
    answer = await ask(local, 19)
    assert answer.status_code == 404
    assert answer.json() == {"found": [], "notFound": [19]}
    await local.post("/_control/settings", json={"lookup_empty_status": 200, "null_arrays": True})
    answer = await ask(local, 19)
    assert answer.status_code == 200
    assert answer.json() == {"found": None, "notFound": [19]}


@pytest.mark.parametrize(
    ("cui", "day", "vat", "inactive", "struck_off", "periods"),
    [
        (12345674, DAY, True, False, "", 1),
        (12345674, "2020-02-15", False, False, "", 1),
        (123456789, DAY, False, False, "", None),
        (91111118, DAY, False, True, "", 1),
        (91111118, "2024-08-31", True, False, "", 1),
        (92222220, DAY, False, False, "2023-06-30", 1),
        (93333331, DAY, False, False, "", 1),
        (93333331, "2024-12-31", True, False, "", 1),
    ],
)
async def test_answers_are_as_of_the_day(local, cui, day, vat, inactive, struck_off, periods):
    found = (await ask(local, cui, day=day)).json()["found"][0]
    assert found["inregistrare_scop_Tva"]["scpTVA"] is vat
    assert found["stare_inactiv"]["statusInactivi"] is inactive
    assert found["stare_inactiv"]["dataRadiere"] == struck_off
    listed = found["inregistrare_scop_Tva"]["perioade_TVA"]
    assert listed is None if periods is None else len(listed) == periods
    state = found["date_generale"]["stare_inregistrare"]
    assert state.startswith("RADIERE din data 30.06.2023" if struck_off else "INREGISTRAT")


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "not json",
        '[{"cui": "12345674", "data": "2026-10-05"}]',
        '[{"cui": 12345674, "data": "05.10.2026"}]',
        '[{"cui": 12345674}]',
        "[1]",
        b"\xff\xfe",
    ],
)
async def test_bad_payload_is_400(local, body):
    assert (await local.post(V9, content=body)).status_code == 400


async def test_hundred_codes_pass_and_one_more_does_not(local):
    assert (await ask(local, *range(1, 101))).status_code == 404
    assert (await ask(local, *range(1, 102))).status_code == 400
    kinds = [one["kind"] for one in (await local.get("/_control/violations")).json()]
    assert "lookup-codes" in kinds


@pytest.mark.parametrize(
    ("policy", "second", "violations"), [("refuse", 429, 1), ("count", 200, 1), ("off", 200, 0)]
)
async def test_second_look_up_within_a_second(local, policy, second, violations):
    await local.post("/_control/settings", json={"lookup_policy": policy})
    assert (await ask(local, 12345674)).status_code == 200
    assert (await ask(local, 12345674)).status_code == second
    seen = (await local.get("/_control/violations")).json()
    assert [one["kind"] for one in seen] == ["lookup-interval"] * violations


async def test_look_ups_a_second_apart_break_nothing(local):
    await local.post("/_control/settings", json={"lookup_interval": 0})
    for _ in range(3):
        await ask(local, 12345674)
    assert (await local.get("/_control/violations")).json() == []


async def test_register_of_e_factura(local):
    answer = await ask(local, 87654329, 12345674, path=REGISTER)
    body = answer.json()
    assert [row["cui"] for row in body["found"]] == [87654329]
    assert body["notFound"] == [12345674]
    assert set(body["found"][0]) == {
        "cui",
        "denumire",
        "adresa",
        "registru",
        "categorie",
        "dataInscriere",
        "dataRenuntare",
        "dataRadiere",
        "dataOptiuneB2G",
        "stare",
    }
    nothing = await ask(local, 12345674, path=REGISTER)
    assert nothing.status_code == 404
    assert nothing.json()["notFound"] == [12345674]


async def test_register_is_extended_by_control(local):
    row = {"cui": 19, "name": "NOU TEST SRL", "vat_from": "2026-01-01"}
    assert (await local.post("/_control/taxpayers", json=row)).json() == {"cui": 19}
    found = (await ask(local, 19)).json()["found"][0]
    assert found["date_generale"]["denumire"] == "NOU TEST SRL"
    assert found["inregistrare_scop_Tva"]["scpTVA"] is True


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"cui": 12345678, "name": "X"}, "control digit"),
        ({"cui": 19}, "'name'"),
        ({"cui": 19, "name": "X", "colour": "red"}, "colour"),
        ({"cui": 19, "name": "X", "vat_from": "1.1.2026"}, "'vat_from'"),
    ],
)
async def test_wrong_company_is_refused_with_the_reason(local, row, word):
    answer = await local.post("/_control/taxpayers", json=row)
    assert answer.status_code == 400
    assert word in answer.json()["error"]
