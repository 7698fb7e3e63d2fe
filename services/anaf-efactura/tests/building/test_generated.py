"""Any sensible invoice in JSON passes the schema and every rule.

Forty here; `./justw builder-proof` makes a thousand (`BUILDER_EXAMPLES`).
"""

import json
import os
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anaf_efactura.building import build
from anaf_efactura.flags import FiledFor
from anaf_efactura.judging import make_judge
from workers_contracts.efactura_invoice import InvoiceDocument

EXAMPLES = int(os.environ.get("BUILDER_EXAMPLES", "40"))
JUDGE = make_judge(None)
TEXT = st.text("abcdefghijklmnopqrstuvwxyzăâîșț &<>\"'-0123456789", min_size=1, max_size=60).map(
    lambda text: f"x{text}"
)
COUNTIES = st.sampled_from(
    [("Cluj-Napoca", "CJ"), ("Sector 2", "B"), ("Iași", "Iași"), ("Oradea", "RO-BH")]
)
CATEGORIES = ["S", "S", "S", "Z", "E", "AE", "K", "G", "L", "M"]
RATES = st.sampled_from(["21", "11", "21.00", "9", "5"])
PRICE = st.decimals("0", "100000", places=4).map(str)
QUANTITY = st.decimals("-500", "500", places=3).map(str)
AMOUNT = st.decimals("0", "50", places=2).map(str)
CNP = "1800101221144"
PDF = b"%PDF-1.7 generated"
DAY = st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(date.isoformat)


@st.composite
def address(draw, country="RO"):
    city, county = draw(COUNTIES) if country == "RO" else (draw(TEXT), draw(TEXT))
    return {"street": draw(TEXT), "city": city, "county": county, "country": country}


@st.composite
def line(draw, categories):
    category = draw(categories)
    made = {
        "name": draw(TEXT),
        "quantity": draw(QUANTITY),
        "unit": draw(st.sampled_from(["C62", "H87", "HUR", "KGM", "LTR"])),
        "price": draw(PRICE),
        "vat_category": category,
    }
    if category in {"S", "L", "M"}:
        made["vat_rate"] = draw(RATES)
    if draw(st.booleans()):
        made["price_quantity"] = draw(st.sampled_from(["1", "10", "12.5"]))
    for name in ("allowances", "charges"):
        if draw(st.booleans()):
            made[name] = [{"amount": draw(AMOUNT), "reason": draw(TEXT)}]
    if draw(st.booleans()):
        made["price_discount"] = draw(AMOUNT)
        made["description"] = draw(TEXT)
        made["attributes"] = [{"name": draw(TEXT)[:50], "value": draw(TEXT)}]
        made["classifications"] = [{"code": "03222000-3", "list": "STI"}]
    return made


@st.composite
def adjustment(draw, categories):
    category = draw(categories)
    made = {"amount": draw(AMOUNT), "reason": draw(TEXT), "vat_category": category}
    return made | ({"vat_rate": draw(RATES)} if category in {"S", "L", "M"} else {})


@st.composite
def buyer(draw, kind, field, code):
    """A company here or abroad, or a person; who files for himself is a company here."""
    sort = "here" if kind == "389" else draw(st.sampled_from(["here", "here", "abroad", "person"]))
    if sort == "abroad":
        country = draw(st.sampled_from(["DE", "HU", "US", "MD"]))
        known = {"legal_registration": "HRB 1"} | (
            {field: f"{country}123456788"} if field == "vat_identifier" else {}
        )
        return {"name": draw(TEXT), "address": draw(address(country)), **known}
    known = {field: code}
    if sort == "person":
        known = {"legal_registration": draw(st.sampled_from(["0000000000000", CNP]))}
    return {"name": draw(TEXT), "address": draw(address()), **known}


@st.composite
def invoices(draw):
    kind = draw(st.sampled_from(["380", "381", "384", "389", "751"]))
    outside = draw(st.integers(0, 9)) == 0
    codes = ["12345674", "87654329"]
    seller_code, buyer_code = codes[::-1] if kind == "389" else codes
    field = "tax_registration" if outside else "vat_identifier"
    prefix = "" if outside else "RO"
    paying = draw(buyer(kind, field, prefix + buyer_code))
    # An intra-Community supply asks for the buyer's VAT identifier, which a person has not.
    usable = CATEGORIES if "vat_identifier" in paying else [c for c in CATEGORIES if c != "K"]
    categories = st.just("O") if outside else st.sampled_from(usable)
    made = {
        "number": f"{draw(TEXT)}{draw(st.integers(0, 9999))}",
        "issue_date": draw(DAY),
        "due_date": draw(DAY),
        "type_code": kind,
        "seller": {
            "name": draw(TEXT),
            "legal_registration": "J40/1/2020",
            field: prefix + seller_code,
            "address": draw(address()),
        },
        "buyer": paying,
        "lines": draw(st.lists(line(categories), min_size=1, max_size=5)),
        "allowances": draw(st.lists(adjustment(categories), max_size=2)),
        "charges": draw(st.lists(adjustment(categories), max_size=2)),
        "delivery": {"date": draw(DAY), "address": draw(address())},
        "notes": draw(st.lists(TEXT, max_size=3)),
    }
    return made | draw(extras(made))


@st.composite
def extras(draw, made):
    more = {}
    used = {p["vat_category"] for n in ("lines", "allowances", "charges") for p in made[n]}
    if "E" in used:
        more["vat_breakdown"] = [{"vat_category": "E", "exemption_code": "VATEX-EU-132"}]
    if draw(st.booleans()):
        more |= {"currency": "EUR", "exchange_rate": "5.0912"}
    if draw(st.booleans()):
        account = {"identifier": "RO49 AAAA 1B31 0075 9384 0000"}
        more["payment"] = {"means": "30", "accounts": [account] * draw(st.integers(1, 2))}
    for name in ("order", "sales_order", "contract", "project", "tender", "buyer_reference",
                 "despatch_advice", "receiving_advice", "payment_terms"):  # fmt: skip
        if draw(st.booleans()):
            more[name] = draw(TEXT)
    if draw(st.booleans()):
        more["preceding_invoices"] = [{"number": "A1", "issue_date": draw(DAY)}]
        more["period"] = {"start": "2026-01-01", "end": "2026-01-31"}
        more["invoiced_object"] = {"value": "CT-1", "scheme": "ABT"}
    if files := draw(st.lists(supporting(), max_size=3)):
        more["supporting_documents"] = files
    if draw(st.booleans()):
        more["totals"] = {"paid": draw(AMOUNT), "rounding": "0.05"}
    return more


@st.composite
def supporting(draw):
    made = {"reference": draw(TEXT), "description": draw(TEXT)}
    if draw(st.booleans()):
        return made | {"location": "https://example.invalid/a"}
    file = {"uri": "file:///a", "sha256": "0" * 64, "size": len(PDF)}
    return made | {
        "attachment": file | {"media_type": draw(st.sampled_from(["application/pdf", "text/csv"]))},
        "filename": draw(st.sampled_from(["anexa.pdf", "situație.csv"])),
    }


def files_of(document):
    """The bytes of the attachments, by the number of their document."""
    every = enumerate(document.supporting_documents)
    return {number: PDF for number, each in every if each.attachment}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(invoices())
def test_every_invoice_is_valid_and_deterministic(body):
    document = InvoiceDocument.model_validate_json(json.dumps(body), strict=True)
    files = files_of(document)
    built = build(document, files)
    assert built.content == build(document, files).content
    verdict = JUDGE.judge(built.content, FiledFor("12345674"), built)
    assert [(f.rule, f.json_path, f.text.en) for f in verdict.findings] == []
    assert "ubl-2.1-xsd" in verdict.checked
    _round_trip(built, body)


def _round_trip(built, body):
    """What the totals say when they are given back is accepted as it is."""
    invoice = JUDGE.judge(built.content, FiledFor()).invoice
    given_totals = dict(body.get("totals", {}))
    given_totals |= {
        "lines": str(invoice.totals.lines),
        "vat": str(invoice.totals.vat),
        "payable": str(invoice.totals.payable),
    }
    document = InvoiceDocument.model_validate(body | {"totals": given_totals})
    again = build(document, files_of(document))
    assert again.findings == ()
    assert again.content == built.content
