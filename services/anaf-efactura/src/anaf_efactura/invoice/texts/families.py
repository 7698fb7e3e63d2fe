"""The texts of the VAT families: ten questions, answered by the table of `vat_families`."""

from __future__ import annotations

from typing import Any

from anaf_efactura.invoice.vat_families import FAMILIES, Family


def rules_of_families(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The entries of the rules BR-S-01 to BR-IP-10, from the table `vat.toml`."""
    return {
        f"{family.prefix}-{number}": _entry(number, question, data, family)
        for family in FAMILIES.values()
        for number, question in data["questions"].items()
    }


def _entry(
    number: str, question: dict[str, str], data: dict[str, Any], family: Family
) -> dict[str, Any]:
    """The question's texts with the family's answers in them; `{term}` stays to be filled."""
    named, answers = data["families"][family.prefix], data["answers"]
    given = {
        "code": named["code"],
        "term": "{term}",
        **answers["rate"][family.rate.name],
        **answers["identified"][family.identified.name],
        **answers["by_rate"]["yes" if family.by_rate else "no"],
        **answers["reason"]["yes" if family.reason else "no"],
    }
    filled = {
        key: question[key].format_map({**given, "family": named[key.rpartition("_")[2]]})
        for key in ("ro", "en", "mend_ro", "mend_en")
    }
    return {"term": question["term"], "like": _like(number, family), **filled}


def _like(number: str, family: Family) -> str:
    """Which mend of the table `json.toml` is this question's."""
    if number in ("02", "03", "04"):
        return f"identified.{family.identified.name}"
    if number in ("05", "06", "07"):
        return f"rate.{family.rate.name}"
    if number == "10":
        return f"reason.{'yes' if family.reason else 'no'}"
    return f"question.{number}"
