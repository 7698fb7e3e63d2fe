"""A Romanian account that cannot be one is warned of; ANAF takes it, so it stops nothing."""

import json

import pytest

from anaf_efactura.building import build
from anaf_efactura.flags import FiledFor
from anaf_efactura.judging import make_judge
from workers_contracts.efactura_invoice import InvoiceDocument
from workers_contracts.examples import examples

JUDGE = make_judge(None)
BODY = examples()["efactura.submit"]["json-invoice"]["invoice"]
RIGHT = "RO49AAAA1B31007593840000"


def judged(*accounts):
    payment = {"means": "30", "accounts": [{"identifier": account} for account in accounts]}
    body = json.dumps(BODY | {"payment": payment})
    built = build(InvoiceDocument.model_validate_json(body, strict=True))
    return JUDGE.judge(built.content, FiledFor("12345674"), built)


@pytest.mark.parametrize(
    "account", [RIGHT, "ro49 aaaa 1b31 0075 9384 0000", "DE00123", "4000-12-7", "ROBANK-12"]
)
def test_a_right_or_foreign_account_is_not_blamed(account: str):
    assert judged(account).findings == ()


@pytest.mark.parametrize(
    "account",
    ["RO48AAAA1B31007593840000", "RO49AAAA1B3I007593840000", RIGHT[:-1], "ro49 aaaa", RIGHT + "0"],
)
def test_a_romanian_one_with_wrong_digits_is_a_warning_at_its_field(account: str):
    verdict = judged(RIGHT, account)
    (found,) = verdict.findings
    assert (found.rule, found.term, found.severity) == ("WRK-IBAN", "BT-84", "warning")
    assert found.json_path == "invoice.payment.accounts[1].identifier"
    assert found.path.endswith("cac:PaymentMeans[2]/cac:PayeeFinancialAccount/cbc:ID")
    assert "IBAN" in found.text.ro
    assert account not in found.text.ro + found.mend.ro
    assert verdict.valid
