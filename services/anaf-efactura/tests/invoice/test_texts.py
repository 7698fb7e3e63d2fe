"""Every rule has its texts, and the rules of CIUS-RO are exactly those of the published package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from anaf_efactura import invoice
from anaf_efactura.invoice.texts import details, labels, rules, terms, unchecked

SOURCES = sorted(Path(invoice.__file__).parent.glob("*.py"))
PACKAGE = {
    "BR-27", "BR-RO-001", "BR-RO-010", "BR-RO-020_1", "BR-RO-020_2", "BR-RO-030", "BR-RO-040",
    "BR-RO-065", "BR-RO-081", "BR-RO-082", "BR-RO-091", "BR-RO-092", "BR-RO-100", "BR-RO-101",
    "BR-RO-110", "BR-RO-111", "BR-RO-120", "BR-RO-140", "BR-RO-150", "BR-RO-160", "BR-RO-170",
    "BR-RO-180", "BR-RO-201", "BR-RO-202", "BR-RO-211", "BR-RO-212", "BR-RO-A020", "BR-RO-A051",
    "BR-RO-A052", "BR-RO-A500", "BR-RO-L140", "BR-RO-L1000", "BR-RO-L155", "BR-RO-L156",
    "BR-RO-L301", "BR-RO-L302", "BR-RO-L303", "BR-RO-DT003_CN",
    *(f"BR-RO-L020{n}" for n in range(1, 5)),
    *(f"BR-RO-L030{n}" for n in range(2, 9)),
    *(f"BR-RO-L050{n}" for n in range(1, 6)),
    *(f"BR-RO-L10{n:02}" for n in range(1, 26)),
    *(f"BR-RO-L15{n}" for n in range(1, 5)),
    *(f"BR-RO-L2{n:02}" for n in range(1, 13)),
    *(f"BR-RO-DT00{n}" for n in range(1, 7)),
    *(f"BR-DEC-RO-{n:02}" for n in (1, 2, 5, 6, *range(9, 19), 23, 24, 25, 27, 28, 1009, 1010)),
}  # fmt: skip
"""The 122 rules of CIUS-RO 1.0.9; ANAF prints DT003_CN as DT003-CN."""
ALL = list(rules().values())


def test_the_rules_of_cius_ro_are_those_of_the_package():
    ours = {rule.id for rule in ALL if rule.table.startswith("cius_ro")}
    assert len(PACKAGE) == 122
    assert ours == PACKAGE


def test_every_rule_has_four_texts_that_are_filled_and_end():
    for rule in ALL:
        said, mend = rule.said(), rule.mended()
        for text in (said.ro, said.en, mend.ro, mend.en):
            assert len(text) > 5, rule.id
            assert text.endswith("."), rule.id
            assert not re.search(r"[{}]|\s{2}|None", text), rule.id
        assert said.ro != said.en, rule.id
        assert mend.ro != mend.en, rule.id


def test_romanian_has_no_cedilla_and_english_no_romanian():
    for rule in ALL:
        romanian = rule.said().ro + rule.mended().ro
        english = rule.said().en + rule.mended().en
        assert not re.search("[şţŞŢ]", romanian), rule.id
        assert not re.search("[ăâîșțĂÂÎȘȚ]", english), rule.id


def test_every_term_that_a_rule_names_has_a_name():
    assert {rule.term for rule in ALL} - {""} <= terms().keys()


def test_details_and_reasons_have_both_languages():
    for text in (*details().values(), *unchecked().values(), *terms().values()):
        romanian, english = (
            {name.removesuffix("_ro").removesuffix("_en") for name in re.findall(r"\{(\w+)\}", one)}
            for one in (text.ro, text.en)
        )
        assert text.ro
        assert text.en
        assert romanian == english, text


def test_every_rule_and_detail_in_the_code_is_in_the_tables():
    named = {
        node.value
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    ids = {value for value in named if re.fullmatch(r"(BR|UBL|WRK)-[A-Z0-9_-]*[0-9A-Z]", value)}
    prefixes = {"BR-S", "BR-Z", "BR-E", "BR-AE", "BR-IC", "BR-G", "BR-O", "BR-IG", "BR-IP"}
    assert len(ids) > 250
    assert ids - prefixes <= rules().keys()


def test_every_label_leads_to_its_rules():
    assert len(labels()["BR-RO-L100"]) == 25
    assert {rule.id for rule in labels()["BR-RO-080"]} == {"BR-RO-081", "BR-RO-082"}
    assert sum(len(group) for group in labels().values()) == len(ALL)
