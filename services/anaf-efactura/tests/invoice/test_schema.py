"""The UBL 2.1 schema: where it comes from, what it finds, and what a document cannot make it do."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from anaf_efactura.invoice import schema as module
from anaf_efactura.invoice.schema import MAX_FINDINGS, SchemaChangedError, find, published, verify
from anaf_efactura.judging import FiledFor, Judge, make_judge
from workers_anaf.xml import Element, parse

LINE = "cac:InvoiceLine[1]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the published files."""
    shipped = Path(str(distribution(module.PACKAGE).locate_file("peppol/schema")))
    return Path(shutil.copytree(shipped, tmp_path / "xsd"))


def texts(root: Element) -> list[str]:
    schema = find(None)
    assert schema is not None
    found = schema.check(root)
    assert {finding.rule for finding in found} <= {"UBL-XSD"}
    return [f"{finding.path}: {finding.text.en}" for finding in found]


CASES = [
    ("unknown element", "before", ("cbc:IssueDate", "<cbc:Colour>red</cbc:Colour>"),
     "/Invoice/cbc:Colour", "The element Colour is not allowed here; the schema expects:"),
    ("missing child", "drop", ("cac:LegalMonetaryTotal/cbc:PayableAmount",),
     "/Invoice/cac:LegalMonetaryTotal",
     "Something is missing in LegalMonetaryTotal; the schema expects: AllowanceTotalAmount, "),
    ("missing attribute", "drop", (f"{LINE}/cbc:LineExtensionAmount @currencyID",),
     "/Invoice/cac:InvoiceLine[1]/cbc:LineExtensionAmount", "The attribute currencyID is missing"),
    ("strange attribute", "set", (f"{LINE}/cbc:LineExtensionAmount @colour", "red"),
     "/Invoice/cac:InvoiceLine[1]/cbc:LineExtensionAmount", "The attribute colour is not allowed"),
    ("no date", "set", ("cbc:IssueDate", "yesterday"), "/Invoice/cbc:IssueDate", "xs:date"),
    ("no number", "set", (f"{LINE}/cbc:LineExtensionAmount", "a lot"),
     "/Invoice/cac:InvoiceLine[1]/cbc:LineExtensionAmount", "xs:decimal"),
    ("text between elements", "set", ("cac:LegalMonetaryTotal", "x"),
     "/Invoice/cac:LegalMonetaryTotal", "See LegalMonetaryTotal."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "arguments", "place", "words"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_what_the_schema_refuses_is_told_with_its_place(
    invoice: Any, edit: Any, action: str, arguments: tuple[str, ...], place: str, words: str
):
    getattr(edit, action)(invoice, *arguments)
    found = texts(invoice)
    assert found[0].startswith(f"{place}: ")
    assert words in found[0]


def test_good_documents_follow_the_schema(invoice: Any, credit_note: Any, full: Any):
    assert texts(invoice) == texts(credit_note) == texts(full) == []


def test_what_is_no_invoice_is_not_the_schemas_business():
    assert texts(parse(b"<x/>")) == []


def test_a_broken_template_gives_a_bounded_list(invoice: Any, edit: Any):
    for _ in range(MAX_FINDINGS + 10):
        edit.after(invoice, LINE, "<cac:InvoiceLine><cbc:ID>1</cbc:ID></cac:InvoiceLine>")
    assert len(texts(invoice)) == MAX_FINDINGS


def test_a_rule_that_tells_more_replaces_the_schemas_finding(invoice: Any, edit: Any):
    edit.set(invoice, "cbc:IssueDate", "yesterday")
    edit.set(invoice, f"{LINE}/cbc:LineExtensionAmount", "a lot")
    verdict = make_judge(None).judge(etree.tostring(invoice), FiledFor())
    found = {finding.rule for finding in verdict.findings}
    assert {"BR-RO-DT001", "WRK-NUMBER"} <= found
    assert "UBL-XSD" not in found


def test_the_files_are_the_sixteen_of_the_publication(folder: Path):
    assert len(published()) == 16
    assert {str(p.relative_to(folder)) for p in folder.rglob("*.xsd")} == published().keys()
    verify(folder)


@pytest.mark.parametrize("name", ["maindoc/UBL-Invoice-2.1.xsd", "common/UBL-XAdESv141-2.1.xsd"])
def test_a_changed_or_missing_file_is_refused(folder: Path, name: str):
    file = folder / name
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(SchemaChangedError, match="is not the file that OASIS published"):
        find(folder)
    file.unlink()
    with pytest.raises(SchemaChangedError, match="No such file"):
        find(folder)


def test_files_that_change_later_are_not_used(folder: Path, invoice: Any):
    schema = find(folder)
    assert schema is not None
    (folder / "maindoc" / "UBL-Invoice-2.1.xsd").write_text("<x/>")
    with pytest.raises(SchemaChangedError):
        schema.check(invoice)


def test_a_configured_folder_serves_as_the_package_does(folder: Path, invoice: Any, edit: Any):
    edit.set(invoice, "cbc:IssueDate", "yesterday")
    schema = find(folder)
    assert schema is not None
    assert [finding.path for finding in schema.check(invoice)] == ["/Invoice/cbc:IssueDate"]


def test_without_the_files_the_verdict_says_what_was_not_checked(
    monkeypatch: pytest.MonkeyPatch, sources: dict[str, bytes]
):
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(module, "distribution", missing)
    assert find(None) is None
    verdict = make_judge(None).judge(sources["invoice"], FiledFor())
    assert verdict.valid
    assert "ubl_xsd" in verdict.unchecked
    assert "ubl-2.1-xsd" not in verdict.checked


def test_a_document_cannot_have_other_schemas_opened(tmp_path: Path, sources: dict[str, bytes]):
    """`xsi:schemaLocation` names files and addresses that a validator would open."""
    trap = tmp_path / "trap.xsd"
    trap.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:trap">'
        '<xs:element name="Invoice"/></xs:schema>'
    )
    hint = (
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="urn:trap {trap} urn:other http://127.0.0.1:9/x.xsd"'
    )
    text = sources["invoice"].decode().replace("<Invoice ", f"<Invoice{hint} ", 1)
    opened: list[str] = []
    active = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if active and event in ("open", "socket.connect"):
            opened.append(str(arguments[0]))

    sys.addaudithook(watch)
    schema = find(None)
    assert schema is not None
    root = parse(text.encode())
    assert schema.check(root) == []
    active = False
    assert root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation")
    assert not any("trap" in name for name in opened)
    assert Judge(schema).judge(text.encode(), FiledFor()).valid
