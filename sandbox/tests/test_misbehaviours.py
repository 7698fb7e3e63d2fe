"""Each of the 24, seen by a plain client on a real socket."""

import io
import json
import time
import zipfile

import httpx
import pytest
from lxml import etree

from workers_sandbox.misbehaviours.catalogue import CATALOGUE

SELLER, BUYER = "12345674", "87654329"


def members(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def errors_of(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = etree.fromstring(archive.read(archive.namelist()[0]))
    return [one.get("errorMessage") for one in root if etree.QName(one).localname == "Error"]


def test_there_are_exactly_25_with_what_happens_and_what_to_do():
    assert len(CATALOGUE) == 25
    for scenario in CATALOGUE.values():
        assert scenario.title
        assert scenario.title_ro
        assert scenario.at_anaf.endswith(".")
        assert scenario.good_client.endswith(".")
        assert scenario.usual <= scenario.operations


def test_accepted_then_ok_passes_through_processing(sandbox, anaf, invoice, attribute):
    sandbox.control.settings(state_delay=0.3)
    index = attribute(anaf.upload(invoice("A-1-SBX-accepted-then-ok")).text, "index_incarcare")
    assert 'stare="in prelucrare"' in anaf.state(index).text
    assert 'stare="ok"' in anaf.settled(index).text


def test_accepted_then_ok_forgives_what_the_checks_would_refuse(anaf, invoice):
    wrong = invoice("A-2-SBX-ACCEPTED-THEN-OK", change={">RO12345674<": ">RO12345678<"})
    index, _ = anaf.sent(wrong)
    assert 'stare="ok"' in anaf.state(index).text


def test_nok_one_error(anaf, invoice):
    index, download_id = anaf.sent(invoice("B-1-SBX-nok-one-error"))
    assert 'stare="nok"' in anaf.state(index).text
    content = anaf.download(download_id).content
    assert len(errors_of(content)) == 1
    assert members(content) == [f"{index}.xml", f"semnatura_{index}.xml"]


def test_nok_with_a_chosen_message_and_the_state_not_taken(sandbox, anaf, invoice, attribute):
    sandbox.control.scenario("nok-one-error", message="E: un mesaj ales")
    _, download_id = anaf.sent(invoice("B-2"))
    assert errors_of(anaf.download(download_id).content) == ["E: un mesaj ales"]
    sandbox.control.scenario("nok-one-error", variant="not-taken")
    index = attribute(anaf.upload(invoice("B-3")).text, "index_incarcare")
    answer = anaf.settled(index).text
    assert 'stare="XML cu erori nepreluat de sistem"' in answer
    assert "id_descarcare" not in answer


def test_nok_many_errors(sandbox, anaf, invoice):
    _, download_id = anaf.sent(invoice("C-1-SBX-nok-many-errors"))
    assert len(errors_of(anaf.download(download_id).content)) == 12
    sandbox.control.scenario("nok-many-errors", count=40)
    _, download_id = anaf.sent(invoice("C-2"))
    assert len(errors_of(anaf.download(download_id).content)) == 40


def test_processing_for_hours_ends_when_the_clock_moves(sandbox, anaf, invoice, attribute):
    body = invoice("D-1-SBX-processing-for-hours")
    index = attribute(anaf.upload(body).text, "index_incarcare")
    time.sleep(0.2)
    assert 'stare="in prelucrare"' in anaf.state(index).text
    sandbox.control.clock(offset_seconds=5 * 3600)
    assert 'stare="in prelucrare"' in anaf.state(index).text
    sandbox.control.clock(offset_seconds=7 * 3600)
    assert 'stare="ok"' in anaf.state(index).text


def test_timeout_after_acceptance_keeps_the_upload(sandbox, anaf, invoice):
    body = invoice("E-1-SBX-timeout-after-acceptance")
    with pytest.raises(httpx.RemoteProtocolError):
        anaf.upload(body)
    assert [one["number"] for one in sandbox.control.uploads()] == [
        "E-1-SBX-timeout-after-acceptance"
    ]
    # The second upload of the same document is answered, and becomes a duplicate.
    index, download_id = anaf.sent(body)
    first = sandbox.control.uploads()[0]["index"]
    assert f"index={first}" in errors_of(anaf.download(download_id).content)[0]
    assert index != first
    assert [one["times_uploaded"] for one in sandbox.control.uploads()] == [2, 2]


def test_timeout_before_acceptance_keeps_nothing(sandbox, anaf, invoice):
    body = invoice("F-1-SBX-timeout-before-acceptance")
    with pytest.raises(httpx.RemoteProtocolError):
        anaf.upload(body)
    assert sandbox.control.uploads() == []
    index, _ = anaf.sent(body)
    assert 'stare="ok"' in anaf.state(index).text


def test_timeout_is_silence_for_an_impatient_client(sandbox, anaf, invoice):
    sandbox.control.settings(hang=20)
    sandbox.control.scenario("timeout-after-acceptance")
    with pytest.raises(httpx.ReadTimeout):
        anaf.http.post(
            "/prod/FCTEL/rest/upload",
            params={"standard": "UBL", "cif": SELLER},
            content=invoice(),
            timeout=0.2,
        )
    assert len(sandbox.control.uploads()) == 1
    assert sandbox.control.requests("upload")[0]["status"] is None


def test_reset_mid_body_breaks_the_download_once(sandbox, anaf, invoice):
    sandbox.control.scenario("reset-mid-body", operation="descarcare")
    _, download_id = anaf.sent(invoice())
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        anaf.download(download_id)
    assert anaf.download(download_id).content.startswith(b"PK\x03\x04")


def test_reset_mid_body_sends_a_part_first(sandbox, anaf, invoice):
    sandbox.control.scenario("reset-mid-body", operation="descarcare")
    _, download_id = anaf.sent(invoice())
    got = b""
    path = f"/prod/FCTEL/rest/descarcare?id={download_id}"
    with (
        pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)),
        anaf.http.stream("GET", path) as answer,
    ):
        for chunk in answer.iter_raw():
            got += chunk
    assert answer.status_code == 200
    assert 0 < len(got) < int(answer.headers["content-length"])


@pytest.mark.parametrize("operation", ["taxpayer", "stareMesaj", "token"])
def test_firewall_html_200(sandbox, anaf, operation):
    sandbox.control.scenario("firewall-html-200", operation=operation)
    paths = {
        "taxpayer": ("POST", "/api/PlatitorTvaRest/v9/tva"),
        "stareMesaj": ("GET", "/prod/FCTEL/rest/stareMesaj?id_incarcare=1"),
        "token": ("POST", "/anaf-oauth2/v1/token"),
    }
    answer = anaf.http.request(*paths[operation])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "<title>Request Rejected</title>" in answer.text
    assert "Your support ID is: " in answer.text
    assert "Request Rejected" not in anaf.http.request(*paths[operation]).text


def test_error_500_html_and_its_variants(sandbox, anaf, invoice):
    answer = anaf.upload(invoice("G-1-SBX-error-500-html"))
    assert answer.status_code == 500
    assert "<html" in answer.text
    assert sandbox.control.uploads() == []
    sandbox.control.scenario("error-500-html", operation="upload", variant="json")
    assert anaf.upload(invoice()).json()["status"] == 500
    sandbox.control.scenario(
        "error-500-html", operation="upload", variant="technical-text", accepted=True
    )
    answer = anaf.upload(invoice())
    assert answer.status_code == 200
    assert 'errorMessage="A aparut o eroare tehnica. Cod: 1814"' in answer.text
    assert len(sandbox.control.uploads()) == 1


def test_unavailable_503_and_502(sandbox, anaf):
    sandbox.control.scenario("unavailable-503-retry-after", operation="stareMesaj", retry_after=7)
    answer = anaf.state("1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    sandbox.control.scenario("unavailable-503-retry-after", operation="stareMesaj", variant="502")
    answer = anaf.state("1")
    assert answer.status_code == 502
    assert "retry-after" not in answer.headers


def test_rate_limited_429_without_retry_after(sandbox, anaf, invoice):
    answer = anaf.upload(invoice("H-1-SBX-rate-limited-429"))
    assert answer.status_code == 429
    assert "retry-after" not in answer.headers
    assert sandbox.control.uploads() == []


def test_answer_verbatim_is_given_once_and_nothing_is_done(sandbox, anaf, invoice):
    sandbox.control.scenario("answer-verbatim", operation="upload", message="țeapă", status=202)
    answer = anaf.upload(invoice("V-1"))
    assert (answer.status_code, answer.content) == (202, "țeapă".encode())
    assert sandbox.control.uploads() == []
    assert anaf.upload(invoice("V-1")).status_code == 200


def test_quota_text_200(sandbox, anaf, invoice):
    index, download_id = anaf.sent(invoice())
    sandbox.control.scenario("quota-text-200", times=4)
    assert "S-au facut deja 100 descarcari de mesaj in cursul zilei" in anaf.state(index).text
    note = anaf.download(download_id).json()
    assert note["titlu"] == "Descarcare mesaj"
    assert note["eroare"].startswith("S-au facut deja 10 descarcari la mesajul cu id_descarcare=")
    assert "S-au facut deja 1500 interogari" in anaf.days().json()["eroare"]
    assert "S-au facut deja 100000 interogari" in anaf.page().json()["eroare"]
    assert anaf.download(download_id).content.startswith(b"PK")
    sandbox.control.scenario("quota-text-200", operation="descarcare", variant="extra-brace")
    with pytest.raises(json.JSONDecodeError):
        anaf.download(download_id).json()


def test_token_expired_401_until_a_new_token(sandbox, anaf, invoice):
    assert anaf.upload(invoice("I-1-SBX-token-expired-401")).status_code == 401
    assert anaf.state("1").status_code == 401, "the token stays dead for every call"
    anaf.http.headers.update(sandbox.authorization)
    assert 'ExecutionStatus="0"' in anaf.upload(invoice("I-1-SBX-token-expired-401")).text


def test_no_right_403_and_its_text(sandbox, anaf, invoice):
    assert anaf.upload(invoice("J-1-SBX-no-right-403")).status_code == 403
    answer = anaf.upload(invoice("J-2-SBX-no-right-403.text"))
    assert answer.status_code == 200
    assert 'errorMessage="Nu aveti drept in SPV pentru CIF=12345674"' in answer.text
    sandbox.control.scenario("no-right-403", operation="listaMesajeFactura", variant="text")
    assert anaf.days().json()["eroare"] == "Nu aveti drept in SPV pentru CIF=12345674"
    sandbox.control.scenario("no-right-403", operation="descarcare", variant="text")
    assert anaf.download("1").json()["eroare"] == "Nu aveti dreptul sa descarcati acesta factura"
    sandbox.control.scenario("no-right-403", operation="stareMesaj", variant="text")
    assert "Nu aveti dreptul de inteorgare pentru id_incarcare= 1" in anaf.state("1").text


def refresh(http: httpx.Client, token: str, **more) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    path = "/anaf-oauth2/v1/token"
    return http.post(path, data=form, auth=("sandbox", "sandbox"), **more)


def test_token_endpoint_500_and_slow(sandbox, public):
    sandbox.control.scenario("token-endpoint-slow-or-500")
    assert refresh(public, sandbox.refresh_token).status_code == 500
    sandbox.control.scenario("token-endpoint-slow-or-500", variant="slow", seconds=1)
    with pytest.raises(httpx.ReadTimeout):
        refresh(public, sandbox.refresh_token, timeout=0.1)
    sandbox.control.scenario("token-endpoint-slow-or-500", variant="slow", seconds=0.3)
    started = time.monotonic()
    # The client that went away did not use the refresh token up.
    assert refresh(public, sandbox.refresh_token).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_refresh_token_expired_stays_so_until_a_new_log_in(sandbox, public):
    sandbox.control.scenario("refresh-token-expired")
    for _ in range(2):
        answer = refresh(public, sandbox.refresh_token)
        assert answer.status_code == 400
        assert answer.json() == {
            "error": "invalid_grant",
            "error_description": "Refresh Token status is expired",
        }
    sandbox.control.oauth_reset()
    assert refresh(public, sandbox.refresh_token).status_code == 200


@pytest.mark.parametrize("scenario", ["token-endpoint-slow-or-500", "refresh-token-expired"])
def test_marked_document_prepares_the_token_endpoint(sandbox, anaf, invoice, public, scenario):
    assert anaf.upload(invoice(f"K-1-SBX-{scenario}")).status_code == 401
    assert refresh(public, sandbox.refresh_token).status_code in {400, 500}
    assert [rule["scenario"] for rule in sandbox.control.scenarios()] == [scenario]


def test_list_window_clock_drift(sandbox, anaf, invoice):
    anaf.sent(invoice("L-1-SBX-list-window-clock-drift"))
    text = anaf.page().json()["eroare"]
    assert text.startswith("endTime = ")
    assert " nu poate in viitor fata de momentul requestului = " in text
    assert "nu poate in viitor" not in anaf.page(ago=0.1).text
    sandbox.control.scenario("list-window-clock-drift", variant="unquoted", seconds=2)
    assert anaf.page().json()["eroare"].endswith("fata de momentul requestului")
    sandbox.control.scenario("list-window-clock-drift")
    assert "nu poate in viitor" not in anaf.page(ago=60).text


def test_message_past_60_days_is_listed_but_gone(anaf, invoice):
    index, download_id = anaf.sent(invoice("M-1-SBX-message-past-60-days"))
    time.sleep(0.1)
    assert [row["id_solicitare"] for row in anaf.days().json()["mesaje"]] == [index]
    for _ in range(2):
        text = anaf.download(download_id).json()["eroare"]
        assert "a trecut perioada de 60 de zile" in text


def test_message_listed_late(sandbox, anaf, invoice):
    sandbox.control.scenario("message-listed-late", seconds=600)
    index, _ = anaf.sent(invoice())
    time.sleep(0.1)
    assert anaf.days().json()["eroare"] == "Nu exista mesaje in ultimele 60 zile"
    sandbox.control.clock(offset_seconds=601)
    assert anaf.days().json()["mesaje"][0]["id_solicitare"] == index


def test_duplicate_upload_names_the_first_index(sandbox, anaf, invoice):
    body = invoice("N-1-SBX-duplicate-upload")
    index, download_id = anaf.sent(body)
    first, second = sandbox.control.uploads()
    assert (second["index"], first["answer_lost"]) == (index, True)
    today = time.strftime("%Y-%m-")
    [text] = errors_of(anaf.download(download_id).content)
    start = f"Factura a mai fost transmisa anterior cu index={first['index']} si data incarcare="
    assert text.startswith(start + today)
    archive = zipfile.ZipFile(io.BytesIO(anaf.download(first["download_id"]).content))
    assert archive.read(f"{first['index']}.xml") == body


def test_archive_with_errors_no_seal(sandbox, anaf, invoice):
    index, download_id = anaf.sent(invoice("O-1-SBX-archive-with-errors-no-seal"))
    for _ in range(2):
        content = anaf.download(download_id).content
        assert members(content) == [f"{index}.xml"]
        assert errors_of(content)
    index, download_id = anaf.sent(invoice("O-2"))
    sandbox.control.scenario("archive-with-errors-no-seal", operation="descarcare")
    assert members(anaf.download(download_id).content) == [f"{index}.xml"]
    assert len(members(anaf.download(download_id).content)) == 2


def test_corrupt_zip_and_its_variants(sandbox, anaf, invoice):
    _, download_id = anaf.sent(invoice("P-1-SBX-corrupt-zip"))
    content = anaf.download(download_id).content
    assert content.startswith(b"PK\x03\x04")
    with pytest.raises(Exception, match=r"(?i)crc|decompress"):
        zipfile.ZipFile(io.BytesIO(content)).testzip()
        zipfile.ZipFile(io.BytesIO(content)).read(members(content)[0])
    whole = anaf.download(download_id).content
    assert zipfile.ZipFile(io.BytesIO(whole)).testzip() is None
    seen = {}
    for variant in ("truncated", "empty", "html"):
        sandbox.control.scenario("corrupt-zip", variant=variant)
        seen[variant] = anaf.download(download_id)
    assert whole.startswith(seen["truncated"].content)
    assert len(seen["truncated"].content) < len(whole)
    assert seen["empty"].content == b""
    assert "<html" in seen["html"].text
    assert {answer.status_code for answer in seen.values()} == {200}


@pytest.mark.parametrize(("variant", "start"), [("repeat", 3), ("skip", 5)])
def test_pages_change_between_calls(sandbox, anaf, variant, start):
    sandbox.control.settings(page_size=4)
    ids = sandbox.control.inbound(BUYER, 10, spread_seconds=86_400)
    sandbox.control.scenario("pages-change-between-calls", variant=variant)

    def page(number: int) -> list[str]:
        return [row["id"] for row in anaf.page(number, cif=BUYER).json()["mesaje"]]

    assert page(1) == ids[:4], "page 1 is where a reading starts"
    assert page(2) == ids[start : start + 4]
    assert page(2) == ids[4:8], "read again, nothing is lost"
    assert page(3) == ids[8:]


@pytest.mark.parametrize("variant", ["new-field", "encoding", "bom", "content-type"])
def test_schema_drift_keeps_the_meaning(sandbox, anaf, invoice, variant):
    index, download_id = anaf.sent(invoice())
    time.sleep(0.1)
    plain = anaf.state(index), anaf.days()
    sandbox.control.scenario("schema-drift", times=3, variant=variant)
    state, listed = anaf.state(index), anaf.days()
    root = etree.fromstring(state.content)
    assert root.get("id_descarcare") == download_id
    assert (state.content, state.headers["content-type"]) != (
        plain[0].content,
        plain[0].headers["content-type"],
    )
    encoding = "windows-1250" if variant == "encoding" else "utf-8-sig"
    assert json.loads(listed.content.decode(encoding))["mesaje"][0]["id"] == download_id
    if variant in {"new-field", "encoding"}:
        assert listed.content != plain[1].content
    sandbox.control.clear_scenarios()
    sandbox.control.scenario("schema-drift", operation="descarcare", variant="content-type")
    answer = anaf.download(download_id)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.content.startswith(b"PK")
