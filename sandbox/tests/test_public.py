"""`validare`, `transformare` and the check of a seal: no token, prod only."""

import io
import re
import zipfile

import pytest

BASE = "/prod/FCTEL/rest"


@pytest.fixture
def visitor(local):
    """The same application without a token."""
    local.headers.pop("Authorization")
    return local


async def test_valid_invoice_is_ok(visitor, invoice):
    answer = (await visitor.post(f"{BASE}/validare/FACT1", content=invoice())).json()
    assert answer["stare"] == "ok"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["trace_id"])
    assert "Messages" not in answer


@pytest.mark.parametrize(
    ("standard", "body", "words"),
    [
        ("FACT1", b"<a/>", "Cannot find the declaration of element 'a'"),
        ("FCN", None, "nu este de tip CN"),
        ("FACT2", None, "Valorile acceptate pentru parametrul standard sunt FACT1 si FCN"),
        ("FACT1", b" " * (5 * 1024 * 1024 + 1), "Marime fisier transmis mai mare de 5 MB."),
    ],
)
async def test_refused_with_a_message(visitor, invoice, standard, body, words):
    answer = await visitor.post(f"{BASE}/validare/{standard}", content=body or invoice())
    assert answer.status_code == 200
    assert answer.json()["stare"] == "nok"
    assert words in answer.json()["Messages"][0]["message"]


async def test_checks_are_those_of_the_upload(visitor, invoice):
    wrong = invoice(change={"CIUS-RO:1.0.1": "CIUS-RO:1.0.0"})
    answer = (await visitor.post(f"{BASE}/validare/FACT1", content=wrong)).json()
    assert answer["Messages"][0]["message"].startswith(
        "E: validari globale  SCHEMATRON   eroare: [BR-RO-001]-"
    )
    refused = await visitor.post(f"{BASE}/transformare/FACT1", content=wrong)
    assert refused.json()["stare"] == "nok"
    unchecked = await visitor.post(f"{BASE}/transformare/FACT1/DA", content=wrong)
    assert unchecked.content.startswith(b"%PDF")


async def test_pdf_holds_the_number(visitor, invoice):
    body = invoice("PDF-(1)\\țî")
    answer = await visitor.post(f"{BASE}/transformare/FACT1", content=body)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.4")
    assert answer.content.rstrip().endswith(b"%%EOF")
    assert rb"PDF-\(1\)\\ti" in answer.content
    start = int(answer.content.split(b"startxref\n")[1].split(b"\n")[0])
    assert answer.content[start:].startswith(b"xref")


@pytest.mark.parametrize("path", ["validare/FACT1", "transformare/FACT1", "transformare/FACT1/DA"])
async def test_not_found_on_test(visitor, invoice, path):
    answer = await visitor.post(f"/test/FCTEL/rest/{path}", content=invoice())
    assert answer.status_code == 404
    assert answer.json()["error"] == "Not Found"


async def test_missing_part_of_the_path(visitor):
    answer = await visitor.post(f"{BASE}/validare/")
    assert answer.status_code == 404
    assert answer.json()["path"] == "/FCTEL/rest/validare/"


async def test_firewall_blocks_two_legitimate_texts(visitor, invoice):
    relative = invoice(change={"<Invoice ": (
        '<Invoice xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="a ../b.xsd" ')})  # fmt: skip
    for path in ("validare/FACT1", "transformare/FACT1", "transformare/FACT1/DA"):
        answer = await visitor.post(f"{BASE}/{path}", content=relative)
        assert "Request Rejected" in answer.text
    address = invoice(change={"Exemplului nr. 1": "Exemplului nr. 1;CP 031000"})
    blocked = await visitor.post(f"{BASE}/transformare/FACT1/DA", content=address)
    assert "Request Rejected" in blocked.text
    passed = await visitor.post(f"{BASE}/transformare/FACT1", content=address)
    assert passed.content.startswith(b"%PDF")


async def test_seal_is_checked(local, invoice):
    params = {"standard": "UBL", "cif": "12345674"}
    await local.post(f"{BASE}/upload", params=params, content=invoice())
    [seen] = (await local.get("/_control/uploads")).json()
    answer = await local.get(f"{BASE}/descarcare", params={"id": seen["download_id"]})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    name = f"{seen['index']}.xml"
    document, seal = archive.read(name), archive.read(f"semnatura_{name}")

    async def check(**sent: bytes):
        files = {field: (f"{field}.xml", content) for field, content in sent.items()}
        return await local.post("/api/validate/signature", files=files)

    good = await check(file=document, signature=seal)
    assert "au fost validate cu succes" in good.json()["msg"]
    for bad in (
        {"file": document + b" ", "signature": seal},
        {"file": document, "signature": document},
        {"file": document, "signature": b"nothing"},
    ):
        answer = await check(**bad)
        assert answer.status_code == 200
        assert "NU au putut fi validate" in answer.json()["msg"]
    missing = await check(file=document)
    assert missing.status_code == 400
    assert missing.json()["msg"].startswith("Eroare tehnică: request incorect.")
    assert (await local.post("/api/validate/signature")).status_code == 400
