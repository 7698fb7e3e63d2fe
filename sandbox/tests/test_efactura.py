"""Upload, state, lists and download: ANAF's texts, word for word."""

import io
import re
import time
import zipfile

import pytest
from lxml import etree
from signxml.exceptions import InvalidDigest
from signxml.verifier import XMLVerifier

SELLER, BUYER = "12345674", "87654329"
BASE = "/prod/FCTEL/rest"
UPLOAD_NS = "{mfp:anaf:dgti:spv:respUploadFisier:v1}header"
STATE_NS = "{mfp:anaf:dgti:efactura:stareMesajFactura:v1}header"


async def upload(client, body, standard="UBL", cif=SELLER, path="upload", base=BASE, **query):
    params = {"standard": standard, "cif": cif, **query}
    return await client.post(f"{base}/{path}", params=params, content=body)


def index_of(answer) -> str:
    root = etree.fromstring(answer.content)
    assert root.tag == UPLOAD_NS
    assert root.get("ExecutionStatus") == "0", answer.text
    return root.get("index_incarcare")


def refusal(answer) -> str:
    root = etree.fromstring(answer.content)
    assert answer.status_code == 200
    assert "index_incarcare" not in root.attrib
    assert etree.QName(root[0]).localname == "Errors"
    return root[0].get("errorMessage")


async def state(client, index, base=BASE):
    return await client.get(f"{base}/stareMesaj", params={"id_incarcare": index})


async def verdict(client, body, **query) -> tuple[str, list[str], zipfile.ZipFile]:
    """Upload and read what became of it: state, messages, archive."""
    index = index_of(await upload(client, body, **query))
    root = etree.fromstring((await state(client, index)).content)
    answer = await client.get(f"{BASE}/descarcare", params={"id": root.get("id_descarcare")})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    document = etree.fromstring(archive.read(f"{index}.xml"))
    errors = [one.get("errorMessage") for one in document if etree.QName(one).localname == "Error"]
    return root.get("stare"), errors, archive


async def test_accepted_answer_has_anafs_shape(local, invoice):
    answer = await upload(local, invoice())
    assert answer.headers["content-type"].startswith("application/xml")
    root = etree.fromstring(answer.content)
    assert dict(root.attrib).keys() == {"dateResponse", "ExecutionStatus", "index_incarcare"}
    assert re.fullmatch(r"\d{12}", root.get("dateResponse"))
    assert int(root.get("index_incarcare")) > 2**32


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (
            {"standard": "XML"},
            "Valorile acceptate pentru parametrul standard sunt UBL, CN, CII sau RASP",
        ),
        ({"cif": "123a"}, "CIF introdus= 123a nu este un numar"),
        (
            {"extern": "NU"},
            "Daca parametrul extern trebuie completat, valoarea acceptata este DA",
        ),
        (
            {"autofactura": "da"},
            "Daca parametrul autofacturare trebuie completat, valoarea acceptata este DA",
        ),
        (
            {"executare": "1"},
            "Daca parametrul executare trebuie completat, valoarea acceptata este DA",
        ),
        (
            {"executare": "DA", "cif": "1234"},
            "CIF introdus= 1234 nu este inregistrat in Registrul RO e-Factura executari silite",
        ),
    ],
)
async def test_refused_parameters(local, invoice, query, text):
    answer = await upload(local, invoice(), **query)
    assert refusal(answer) == text
    assert etree.fromstring(answer.content).get("ExecutionStatus") == "1"


@pytest.mark.parametrize("path", ["upload", "uploadb2c"])
async def test_both_upload_paths_take_the_flags(local, invoice, path):
    index_of(await upload(local, invoice(), path=path, extern="DA"))
    index_of(await upload(local, invoice("B"), path=path, executare="DA", cif="93333331"))


async def test_missing_parts_are_400(local, invoice):
    answer = await local.post(f"{BASE}/upload", content=invoice())
    assert answer.status_code == 400
    body = answer.json()
    assert body["message"] == "Parametrii standard si cif sunt obligatorii"
    assert body["error"] == "Bad Request"
    assert re.fullmatch(r"\d\d-\d\d-\d{4} \d\d:\d\d:\d\d", body["timestamp"])
    answer = await upload(local, b"")
    assert answer.json()["message"] == "Trebuie sa aveti atasat in request un fisier de tip xml"


async def test_ten_megabytes_are_the_limit(local, invoice):
    body = invoice()
    at_limit = body + b" " * (10 * 1024 * 1024 - len(body))
    index_of(await upload(local, at_limit))
    assert refusal(await upload(local, at_limit + b" ")) == (
        "Marime fisier transmis mai mare de 10 MB."
    )
    assert "10 MB" in refusal(await upload(local, at_limit + b" " * 5_000_000))


@pytest.mark.parametrize(
    ("body", "standard", "words"),
    [
        (b"not xml", "UBL", "SAXParseException; lineNumber: 1"),
        (b"<Invoice1/>", "UBL", "cvc-elt.1.a: Cannot find the declaration of element 'Invoice1'. "),
        (b"<Invoice/>", "UBL", "cvc-elt.1.a"),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "UBL", "DOCTYPE is disallowed"),
        (None, "CN", "cvc-elt.1.a: Cannot find the declaration of element 'Invoice'. "),
        (None, "CII", "cvc-elt.1.a"),
        (b"\x00\x01", "UBL", "Fisierul transmis nu este valid. org.xml.sax"),
    ],
)
async def test_unreadable_documents(local, invoice, body, standard, words):
    text = refusal(await upload(local, body or invoice(), standard=standard))
    assert text.startswith("Fisierul transmis nu este valid. ")
    assert words in text


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (">RO12345674<", ">RO12345678<", "R_BT_32_cui: Cui vanzator incorect / validare CUI (RO"),
        ("CIUS-RO:1.0.1", "CIUS-RO:1.0.0", "[BR-RO-001]"),
        ("<cbc:TaxExclusiveAmount currencyID=\"RON\">228.00",
         "<cbc:TaxExclusiveAmount currencyID=\"RON\">228.01", "[BR-CO-13]"),
        ("<cbc:TaxInclusiveAmount currencyID=\"RON\">273.08",
         "<cbc:TaxInclusiveAmount currencyID=\"RON\">273.09", "[BR-CO-15]"),
        ("<cbc:PayableAmount currencyID=\"RON\">273.08",
         "<cbc:PayableAmount currencyID=\"RON\">x", "[BR-CO-16]"),
        ("cac:InvoiceLine>", "cac:InvoiceLines>", "[BR-16]"),
    ],
)  # fmt: skip
async def test_checks_after_acceptance(local, invoice, old, new, rule):
    stare, errors, _ = await verdict(local, invoice(change={old: new}))
    assert stare == "nok"
    assert any(rule in text for text in errors), errors


async def test_valid_documents_pass(local, invoice):
    assert (await verdict(local, invoice()))[0] == "ok"
    other = {
        "<cbc:DocumentCurrencyCode>RON": "<cbc:DocumentCurrencyCode>EUR",
        'currencyID="RON"': 'currencyID="EUR"',
    }
    assert (await verdict(local, invoice("EUR-1", change=other)))[0] == "ok"


async def test_credit_note_and_cii(local, invoice):
    note = invoice("CN-1", change={
        "<Invoice ": "<CreditNote ", "</Invoice>": "</CreditNote>", "Invoice-2": "CreditNote-2",
        "InvoiceLine": "CreditNoteLine",
    })  # fmt: skip
    assert (await verdict(local, note, standard="CN"))[0] == "ok"
    names = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
    party = "<SpecifiedTaxRegistration><ID>RO{}</ID></SpecifiedTaxRegistration>"
    cii = (
        f'<CrossIndustryInvoice xmlns="{names}"><ExchangedDocument><ID>CII-1</ID><IssueDateTime>'
        "<DateTimeString>20261005</DateTimeString></IssueDateTime></ExchangedDocument>"
        "<SupplyChainTradeTransaction><ApplicableHeaderTradeAgreement><SellerTradeParty>"
        f"{party.format(SELLER)}</SellerTradeParty><BuyerTradeParty>{party.format(BUYER)}"
        "</BuyerTradeParty></ApplicableHeaderTradeAgreement></SupplyChainTradeTransaction>"
        "</CrossIndustryInvoice>"
    )
    assert (await verdict(local, cii.encode(), standard="CII"))[0] == "ok"
    [_, seen] = (await local.get("/_control/uploads")).json()
    assert (seen["number"], seen["issue_date"]) == ("CII-1", "2026-10-05")
    assert (seen["seller"], seen["buyer"]) == (SELLER, BUYER)


async def test_error_file_has_the_misspelt_namespace(local, invoice):
    _, _, archive = await verdict(local, invoice(change={"CIUS-RO:1.0.1": "CIUS-RO:1.0.0"}))
    name = next(name for name in archive.namelist() if not name.startswith("semnatura"))
    root = etree.fromstring(archive.read(name))
    assert root.tag == "{mfp:anaf:dgti:efactura:mesajEroriFactuta:v1}header"
    assert root.get("Index_incarcare") == name.removesuffix(".xml")
    assert root.get("Cif_emitent") == SELLER
    assert b"&#xA;&#x9;#" in archive.read(name)


@pytest.mark.parametrize("change", [{}, {"CIUS-RO:1.0.1": "CIUS-RO:1.0.0"}])
async def test_seal_covers_the_raw_bytes(local, invoice, change):
    body = invoice(change=change).replace(b"\n", b"\r\n")
    _, errors, archive = await verdict(local, body)
    name = next(name for name in archive.namelist() if not name.startswith("semnatura"))
    content, signature = archive.read(name), archive.read(f"semnatura_{name}")
    assert errors or content == body
    seal = (await local.get("/_control/seal.pem")).text
    verifier = XMLVerifier()
    verifier.verify(signature, x509_cert=seal, uri_resolver=lambda _: content)
    with pytest.raises(InvalidDigest):
        verifier.verify(signature, x509_cert=seal, uri_resolver=lambda _: content + b" ")


async def test_duplicate_names_the_first_index_and_a_refused_one_may_come_again(local, invoice):
    first = index_of(await upload(local, invoice()))
    stare, errors, _ = await verdict(local, invoice().replace(b"Strada", b"Aleea"))
    assert stare == "nok"
    assert re.fullmatch(
        rf"Factura a mai fost transmisa anterior cu index={first} si data incarcare="
        r"\d{4}-\d\d-\d\d",
        errors[0],
    )
    wrong = {"CIUS-RO:1.0.1": "CIUS-RO:1.0.0"}
    assert (await verdict(local, invoice("R-1", change=wrong)))[0] == "nok"
    assert (await verdict(local, invoice("R-1")))[0] == "ok"
    later = {"<cbc:IssueDate>2026-10-05": "<cbc:IssueDate>2026-10-06"}
    assert (await verdict(local, invoice(change=later)))[0] == "ok"


async def test_test_and_prod_do_not_see_each_other(local, invoice):
    index = index_of(await upload(local, invoice(), base="/test/FCTEL/rest"))
    assert 'stare="ok"' in (await state(local, index, "/test/FCTEL/rest")).text
    assert "Nu exista factura" in (await state(local, index)).text
    assert (await verdict(local, invoice()))[0] == "ok"


@pytest.mark.parametrize(
    ("index", "text"),
    [
        ("aaa", "Id_incarcare introdus= aaa nu este un numar intreg"),
        ("15000", "Nu exista factura cu id_incarcare= 15000"),
    ],
)
async def test_state_query_errors_have_no_stare(local, index, text):
    answer = await state(local, index)
    assert refusal(answer) == text
    root = etree.fromstring(answer.content)
    assert root.tag == STATE_NS
    assert root.get("stare") is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("stareMesaj", "Parametrul id_incarcare este obligatoriu"),
        ("descarcare", "Parametrul id este obligatoriu"),
        ("listaMesajeFactura", "Parametrii zile si cif sunt obligatorii"),
        (
            "listaMesajePaginatieFactura",
            "Parametrii startTime, endTime, cif si pagina sunt obligatorii",
        ),
    ],
)
async def test_missing_parameters_are_400(local, path, message):
    answer = await local.get(f"{BASE}/{path}")
    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("123a", "Id descarcare introdus= 123a nu este un numar intreg"),
        ("21", "Pentru id=21 nu exista inregistrata nici o factura"),
    ],
)
async def test_download_notes(local, message, text):
    answer = await local.get(f"{BASE}/descarcare", params={"id": message})
    assert answer.status_code == 200
    assert answer.json() == {"eroare": text, "titlu": "Descarcare mesaj"}


async def test_each_party_sees_its_own_entry(local, invoice):
    index = index_of(await upload(local, invoice()))
    wrong = index_of(await upload(local, invoice("E", change={"CIUS-RO:1.0.1": "x"})))

    async def listed(cif, **query):
        params = {"zile": 1, "cif": cif, **query}
        return (await local.get(f"{BASE}/listaMesajeFactura", params=params)).json()

    body = await listed(SELLER)
    assert {(row["tip"], row["id_solicitare"]) for row in body["mesaje"]} == {
        ("FACTURA TRIMISA", index),
        ("ERORI FACTURA", wrong),
    }
    assert (body["cui"], body["titlu"]) == (
        SELLER,
        "Lista Mesaje disponibile din ultimele 1 zile",
    )
    [sent] = (await listed(SELLER, filtru="T"))["mesaje"]
    assert set(sent) == {"data_creare", "cif", "id_solicitare", "detalii", "tip", "id"}
    assert sent["detalii"] == (
        f"Factura cu id_incarcare={index} emisa de cif_emitent={SELLER} "
        f"pentru cif_beneficiar={BUYER}"
    )
    [bad] = (await listed(SELLER, filtru="E"))["mesaje"]
    assert bad["detalii"] == (
        f"Erori de validare identificate la factura primita cu id_incarcare={wrong}"
    )
    [received] = (await listed(BUYER))["mesaje"]
    assert received["tip"] == "FACTURA PRIMITA"
    assert received["id"] != sent["id"]
    assert (await listed(BUYER, filtru="T"))["eroare"] == "Nu exista mesaje in ultimele 1 zile"


async def test_self_billed_and_buyer_messages(local, invoice):
    index = index_of(await upload(local, invoice(), cif=BUYER, autofactura="DA"))
    params = {"zile": 1, "cif": BUYER}
    [row] = (await local.get(f"{BASE}/listaMesajeFactura", params=params)).json()["mesaje"]
    assert row["detalii"] == (
        f"Factura cu id_incarcare={index} transmisa de cif={BUYER}  "
        f"ca autofactura in numele cif={SELLER}"
    )
    rasp = (
        f'<header xmlns="mfp:anaf:dgti:spv:reqMesaj:v1" index_incarcare="{index}" '
        'message="mesaj de test"/>'
    )
    index_of(await upload(local, rasp.encode(), standard="RASP", cif=BUYER))
    for cif, kind in ((SELLER, "PRIMIT"), (BUYER, "TRANSMIS")):
        params = {"zile": 1, "cif": cif, "filtru": "R"}
        [row] = (await local.get(f"{BASE}/listaMesajeFactura", params=params)).json()["mesaje"]
        assert row["tip"] == f"MESAJ CUMPARATOR {kind}"
        content = (await local.get(f"{BASE}/descarcare", params={"id": row["id"]})).content
        archive = zipfile.ZipFile(io.BytesIO(content))
        assert archive.read(archive.namelist()[0]) == rasp.encode()


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [('index_incarcare="1"', "message"), ('message="x"', "index_incarcare"),
     ('index_incarcare="1" message=""', "message")],
)  # fmt: skip
async def test_buyer_message_without_its_parts_is_refused(local, attributes, missing):
    body = f'<header xmlns="mfp:anaf:dgti:spv:reqMesaj:v1" {attributes}/>'
    text = refusal(await upload(local, body.encode(), standard="RASP", cif=BUYER))
    assert text.startswith("Fisierul transmis nu este valid. org.xml.sax.SAXParseException;")
    assert text.endswith(f"Attribute '{missing}' must appear on element 'header'.")


async def test_refused_buyer_message_is_told_to_the_buyer_alone(local, invoice):
    index = index_of(await upload(local, invoice()))
    wish = {"scenario": "nok-one-error", "params": {"message": "text"}}
    await local.post("/_control/scenarios", json=wish)
    rasp = (
        f'<header xmlns="mfp:anaf:dgti:spv:reqMesaj:v1" index_incarcare="{index}" message="x"/>'
    ).encode()
    index_of(await upload(local, rasp, standard="RASP", cif=BUYER))
    params = {"zile": 1, "cif": SELLER, "filtru": "R"}
    answer = (await local.get(f"{BASE}/listaMesajeFactura", params=params)).json()
    assert answer["eroare"].startswith("Nu exista mesaje")
    params = {"zile": 1, "cif": BUYER, "filtru": "E"}
    [row] = (await local.get(f"{BASE}/listaMesajeFactura", params=params)).json()["mesaje"]
    assert row["tip"] == "ERORI FACTURA"


async def test_message_expires_after_sixty_days(local, invoice):
    index = index_of(await upload(local, invoice()))
    message = etree.fromstring((await state(local, index)).content).get("id_descarcare")
    await local.post("/_control/clock", json={"offset_seconds": 59.9 * 86_400})
    params = {"id": message}
    assert (await local.get(f"{BASE}/descarcare", params=params)).content.startswith(b"PK")
    await local.post("/_control/clock", json={"offset_seconds": 60.1 * 86_400})
    assert (await local.get(f"{BASE}/descarcare", params=params)).json()["eroare"] == (
        "Fisierul nu mai poate fi descarcat pentru ca a trecut perioada de 60 de zile "
        "in care este disponibil"
    )
    params = {"zile": 60, "cif": SELLER}
    listed = await local.get(f"{BASE}/listaMesajeFactura", params=params)
    assert listed.json()["eroare"] == "Nu exista mesaje in ultimele 60 zile"


def test_state_and_list_come_in_their_order(sandbox, anaf, invoice, attribute):
    sandbox.control.settings(state_delay=0.3, list_delay=0.3)
    index = attribute(anaf.upload(invoice()).text, "index_incarcare")
    answer = anaf.state(index).text
    assert 'stare="in prelucrare"' in answer
    assert "id_descarcare" not in answer
    message = attribute(anaf.settled(index).text, "id_descarcare")
    assert "Nu exista mesaje" in anaf.days().text
    assert anaf.download(message).content.startswith(b"PK")
    time.sleep(0.35)
    assert anaf.days().json()["mesaje"][0]["id"] == message


async def test_wrong_paths(local):
    assert (await local.get("/listaMesajeFactura")).status_code == 403
    assert (await local.get("/staging/FCTEL/rest/stareMesaj")).status_code == 403
    assert (await local.get("/prod/FCTEL/rest/nimic")).status_code == 404
