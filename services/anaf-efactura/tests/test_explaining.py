"""What ANAF's words mean: the table that explains our findings explains its refusals."""

import pytest

from anaf_efactura.draft import anaf_errors
from anaf_efactura.explaining import explain, finding, rejection
from anaf_efactura.invoice.texts import rules
from anaf_efactura.invoice.tree import error

SCHEMATRON = "E: validari globale  SCHEMATRON   eroare: [{}]-{} #{}"
# ANAF's text, the rules that it must lead to.
TEXTS = [
    ("[BR-RO-065]-Identificatorul de înregistrare fiscala a vanzatorului", ["BR-RO-065"]),
    (SCHEMATRON.format("BR-RO-110", "Daca codul tarii cumparatorului", "county code (BT-54)"),
     ["BR-RO-111"]),
    (SCHEMATRON.format("BR-RO-L100", "Numarul maxim", "Item name (BT-153) is 100"),
     ["BR-RO-L1024"]),
    ("[BR-RO-L100]-fara termen", ["BR-RO-L100"]),
    ("[BR-RO-200]-adresa", ["BR-RO-201", "BR-RO-202"]),
    ("[BR-RO-DT003-CN]-Un element de tip data", ["BR-RO-DT003_CN"]),
    ("[BR-CO-15]-suma; [BR-S-08]-baza", ["BR-CO-15", "BR-S-08"]),
    ("E: validari globale  eroare regula: R6.1: CIF-ul vanzatorului nu figureaza in baza de "
     "date:6443019833", ["R6.1"]),
    ("E: AccountingSupplierParty (1) sectiune CompanyID (1)  eroare regula: R_BT_32_cui: Cui "
     "vanzator incorect / validare CUI (1234)", ["R_BT_32_cui"]),
    ("Factura a mai fost transmisa anterior cu index=0123456789 si data incarcare=2026-01-20",
     ["ANAF-DUPLICATE"]),
    ("Fisierul transmis nu este valid. org.xml.sax.SAXParseException; lineNumber: 15; "
     "cvc-elt.1.a: Cannot find the declaration of element 'Invoice1'. ", ["ANAF-XSD"]),
    ("Marime fisier transmis mai mare de 10 MB.", ["ANAF-SIZE"]),
    ("CIF introdus= 1234 nu este inregistrat in Registrul RO e-Factura executari silite",
     ["ANAF-EXECUTARE"]),
    ("A aparut o eroare tehnica. Cod: XXX", ["ANAF-TECHNICAL"]),
    ("XML cu erori nepreluat de sistem", ["ANAF-NOT-TAKEN"]),
    ("[X-UNKNOWN-1] altceva", ["ANAF-OTHER"]),
    ("R9.9: Ceva necunoscut", ["ANAF-OTHER"]),
    ("", ["ANAF-OTHER"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_every_rule_that_anaf_names_is_explained(text: str, expected: list[str]):
    found = explain(text)
    assert [each.rule for each in found] == expected
    for each in found:
        assert each.text.ro
        assert each.text.en
        assert each.mend.ro
        assert each.mend.en


@pytest.mark.parametrize("rule", [rule for rule in rules() if rule.startswith("BR-")])
def test_every_published_rule_is_explained_by_what_anaf_prints(rule: str):
    known = rules()[rule]
    names = {each.rule for each in explain(f"[{known.label}]-text ({known.term})")}
    assert names & {rule, known.label}


def test_anafs_words_stay_as_they_are():
    text = "[BR-RO-110]-Daca ţara (BT-40) este RO"
    (refused,) = anaf_errors((text,))
    assert refused.message == text
    assert [each.rule for each in refused.explanations] == ["BR-RO-110"]


def test_a_refusal_without_a_reason_is_explained_too():
    (refused,) = anaf_errors(())
    assert [each.rule for each in refused.explanations] == ["ANAF-OTHER"]
    assert "indexul de încărcare" in refused.explanations[0].mend.ro


def test_a_huge_text_is_bounded_and_quick():
    assert len(explain("[BR-RO-110] " * 100_000)) == 1


def test_shared_label_names_its_terms():
    (each,) = explain("[BR-RO-080]-strada")
    assert "BT-35 (strada vânzătorului) / BT-50 (strada cumpărătorului)" in each.text.ro


def test_finding_goes_on_the_wire_with_both_languages():
    sent = finding(error("BR-CO-10", "BT-106", "/Invoice", "calculated", actual=1, expected=2))
    assert sent.text.ro.endswith("Valoarea este 1, iar din calcul rezultă 2.")
    assert sent.text.en.endswith("It is 1, the calculation gives 2.")
    assert (sent.severity, sent.label, sent.term) == ("error", "BR-CO-10", "BT-106")


def test_reason_of_a_refusal_holds_the_same_explanation():
    found = error("BR-RO-010", "BT-1", "/Invoice/cbc:ID")
    reason = rejection(found)
    assert reason.message == f"{found.text.ro} {found.mend.ro}"
    assert reason.explanations[0].text.en == found.text.en
    assert reason.path == "/Invoice/cbc:ID"
