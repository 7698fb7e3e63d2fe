"""The SOAP service, seen by a SOAP library and by hand."""

from datetime import date

import pytest
import zeep
from zeep.exceptions import Fault

PATH = "/taxation_customs/vies/services/checkVatService"


@pytest.fixture
def vies(sandbox):
    client = zeep.Client(f"{sandbox.url}/taxation_customs/vies/checkVatService.wsdl")
    yield client.service
    client.transport.session.close()


def test_valid_and_invalid_numbers(vies, sandbox):
    found = vies.checkVat(countryCode="AT", vatNumber="U12345675")
    assert found.valid is True
    assert found.name == "MUSTER HANDEL GMBH"
    assert isinstance(found.requestDate, date)
    withheld = vies.checkVat(countryCode="DE", vatNumber="123456788")
    assert (withheld.valid, withheld.name, withheld.address) == (True, "---", "---")
    assert vies.checkVat(countryCode="DE", vatNumber="123456789").valid is False
    sandbox.control.post("vies", {"vat_id": "DE111111125", "name": "NEU GMBH"})
    assert vies.checkVat(countryCode="DE", vatNumber="111111125").name == "NEU GMBH"
    assert [one["status"] for one in sandbox.control.requests("vies")] == [200] * 4


def test_consultation_has_an_identifier_only_for_a_requester(vies):
    asked = {"countryCode": "AT", "vatNumber": "U12345675", "traderName": "Muster Handel GmbH"}
    plain = vies.checkVatApprox(**asked)
    assert not plain.requestIdentifier
    assert plain.traderNameMatch == "1"
    proof = vies.checkVatApprox(
        **asked, requesterCountryCode="RO", requesterVatNumber="12345674"
    ).requestIdentifier
    assert len(proof) == 16
    asked["traderName"] = "Other"
    assert vies.checkVatApprox(**asked).traderNameMatch == "2"
    hidden = {"countryCode": "DE", "vatNumber": "123456788", "traderName": "Any"}
    assert vies.checkVatApprox(**hidden).traderNameMatch == "3"


@pytest.mark.parametrize(
    ("country", "number"), [("GB", "123456789"), ("XX", "1"), ("DE", ""), ("DE", "1 2")]
)
def test_invalid_input(vies, country, number):
    with pytest.raises(Fault, match="INVALID_INPUT"):
        vies.checkVat(countryCode=country, vatNumber=number)


def test_invalid_requester(vies):
    with pytest.raises(Fault, match="INVALID_REQUESTER_INFO"):
        vies.checkVatApprox(
            countryCode="AT",
            vatNumber="U12345675",
            requesterCountryCode="ZZ",
            requesterVatNumber="1",
        )


@pytest.mark.parametrize("status", [200, 500])
def test_faults_on_request(vies, sandbox, status):
    sandbox.control.vies_fault("MS_UNAVAILABLE", country="DE", status=status)
    assert vies.checkVat(countryCode="AT", vatNumber="U12345675").valid
    with pytest.raises(Fault, match="MS_UNAVAILABLE"):
        vies.checkVat(countryCode="DE", vatNumber="123456788")
    assert vies.checkVat(countryCode="DE", vatNumber="123456788").valid


@pytest.mark.parametrize(
    "body", [b"", b"nothing", b"<a/>", b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///x">]><a>&e;</a>']
)
async def test_other_bodies_are_faults(local, body):
    answer = await local.post(PATH, content=body)
    assert answer.status_code == 500
    assert "Fault" in answer.text


async def test_date_has_the_offset_of_its_zone(local):
    await local.post("/_control/clock", json={"now": "2026-09-14T10:00:00+03:00"})
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        '<checkVat xmlns="urn:ec.europa.eu:taxud:vies:services:checkVat:types">'
        "<countryCode>RO</countryCode><vatNumber>12345674</vatNumber></checkVat>"
        "</e:Body></e:Envelope>"
    )
    answer = await local.post(PATH, content=body)
    assert ">2026-09-14+03:00<" in answer.text
    assert "FURNIZOR TEST SRL" in answer.text
