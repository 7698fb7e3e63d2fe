"""Official rules by path: run by SaxonC, told in the same shape. The stylesheets here are ours."""

from pathlib import Path

import pytest

from anaf_efactura import app, events, schematron
from anaf_efactura.config import Settings
from anaf_efactura.explaining import finding
from anaf_efactura.judging import FiledFor, make_judge
from anaf_efactura.schematron import Schematron, SchematronError
from workers_anaf.xml import parse

INVOICE = (Path(__file__).parent / "data" / "invoice.xml").read_bytes()
URI = "urn:oasis:names:specification:ubl:schema:xsd"
SKELETON = (
    f"/*:Invoice[namespace-uri()='{URI}:Invoice-2'][1]"
    f"/*:InvoiceLine[namespace-uri()='{URI}:CommonAggregateComponents-2'][2]"
    f"/*:InvoicedQuantity[namespace-uri()='{URI}:CommonBasicComponents-2'][1]"
)
SCHXSLT = (
    f"/Q{{{URI}:Invoice-2}}Invoice[1]/Q{{{URI}:CommonAggregateComponents-2}}InvoiceLine[2]"
    f"/Q{{{URI}:CommonBasicComponents-2}}InvoicedQuantity[1]"
)
ROMANIAN = "[BR-X-1]-Unitatea nu este în listă.\n#The unit is not on the list."
SHEET = """<xsl:stylesheet version="3.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
 xmlns:svrl="http://purl.oclc.org/dsdl/svrl"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<xsl:template match="/"><svrl:schematron-output>
<xsl:for-each select="//cbc:InvoicedQuantity[@unitCode = 'C62']">
<svrl:failed-assert id="{rule}" flag="{flag}">
<xsl:attribute name="location">{location}</xsl:attribute>
<svrl:text>{text}</svrl:text></svrl:failed-assert></xsl:for-each>
</svrl:schematron-output></xsl:template></xsl:stylesheet>"""


@pytest.fixture
def sheet(tmp_path: Path):
    """Write a stylesheet that refuses the second line's unit."""

    def write(rule="BR-X-1", flag="fatal", location=SKELETON, text=ROMANIAN) -> Path:
        file = tmp_path / f"{rule}.xsl"
        values = {"rule": rule, "flag": flag, "text": text}
        # A location holds braces of its own, which would be XSLT's: it is no attribute template.
        content = SHEET.replace("{location}", location)
        for name, value in values.items():
            content = content.replace(f"{{{name}}}", value)
        file.write_text(content, encoding="utf-8")
        return file

    return write


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (SKELETON, "/Invoice/cac:InvoiceLine[2]/cbc:InvoicedQuantity"),
        (SCHXSLT, "/Invoice/cac:InvoiceLine[2]/cbc:InvoicedQuantity"),
        (f"{SKELETON}/@unitCode", "/Invoice/cac:InvoiceLine[2]/cbc:InvoicedQuantity/@unitCode"),
        (f"{SCHXSLT}/@Q{{}}unitCode", "/Invoice/cac:InvoiceLine[2]/cbc:InvoicedQuantity/@unitCode"),
        ("/somewhere", "/somewhere"),
    ],
)
def test_official_finding_has_the_place_as_ours_have(sheet, location, path):
    (found,) = Schematron([sheet(location=location)]).check(parse(INVOICE))
    assert found.path == path


def test_official_finding_keeps_both_of_anafs_languages(sheet):
    (found,) = Schematron([sheet()]).check(parse(INVOICE))
    sent = finding(found)
    assert sent.rule == "WRK-OFFICIAL"
    assert "[BR-X-1] Unitatea nu este în listă." in sent.text.ro
    assert "[BR-X-1] The unit is not on the list." in sent.text.en
    assert sent.severity == "error"


def test_rule_that_we_know_keeps_our_explanation(sheet):
    (found,) = Schematron([sheet(rule="BR-CL-23", flag="warning", text="no #no")]).check(
        parse(INVOICE)
    )
    sent = finding(found)
    assert (sent.rule, sent.severity) == ("BR-CL-23", "warning")
    assert "Rec 20" in sent.text.en
    assert "H87" in sent.mend.ro


def test_verdict_names_what_was_applied_and_adds_what_only_the_official_rules_found(sheet):
    one, two = sheet(), sheet(rule="UBL-CR-001", flag="warning")
    judge = make_judge(None, (one, two))
    event = events.validated(judge.judge(INVOICE, FiledFor()), "0" * 64)
    assert [item.rule for item in event.findings] == ["WRK-OFFICIAL"] * 2
    assert (event.valid, event.error_count, event.warning_count) == (False, 1, 1)
    assert [name.partition("@")[0] for name in event.checked[-2:]] == [
        "schematron:BR-X-1.xsl", "schematron:UBL-CR-001.xsl"
    ]  # fmt: skip
    assert [item.what for item in event.unchecked] == ["anaf_registers"]


def test_rule_that_both_found_is_said_once(sheet):
    judge = make_judge(None, (sheet(rule="BR-RO-010"),))
    wrong = INVOICE.replace(b"<cbc:ID>PMX-2026-0001<", b"<cbc:ID>PMX<")
    found = [item.rule for item in judge.judge(wrong, FiledFor()).findings]
    assert found == ["BR-RO-010"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<xsl:broken", "SaxonC"),
        (SHEET.replace("svrl:schematron-output", "other"), "did not write SVRL"),
    ],
)
def test_bad_stylesheet_leaves_our_own_verdict_and_says_so(tmp_path, content, words):
    file = tmp_path / "bad.xsl"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SchematronError, match=words):
        Schematron([file]).check(parse(INVOICE))
    verdict = make_judge(None, (file,)).judge(INVOICE, FiledFor())
    assert verdict.valid
    assert "schematron" in verdict.unchecked
    assert not any(name.startswith("schematron") for name in verdict.checked)


def test_missing_file_or_program_is_told_at_the_start(monkeypatch, tmp_path):
    with pytest.raises(SchematronError, match="No such file"):
        Schematron([tmp_path / "none.xsl"])
    monkeypatch.setattr(schematron, "find_spec", lambda _: None)
    settings = Settings(
        RMQ_URL="amqp://127.0.0.1:1/",
        DATABASE_URL=f"sqlite:///{tmp_path}/ledger.db",
        ARTIFACTS_URL=f"file://{tmp_path}/artifacts",
        ANAF_CLIENT_ID="client",
        ANAF_CLIENT_SECRET="secret",
        ANAF_REFRESH_TOKEN="token",
        schematron=f"{tmp_path}/a.xsl:{tmp_path}/b.xsl",
    )
    assert [path.name for path in settings.schematron] == ["a.xsl", "b.xsl"]
    with pytest.raises(SystemExit, match=r"ANAF_EFACTURA_SCHEMATRON: .*anaf-efactura\[schematron]"):
        app.build(settings)
