"""From findings and ANAF's own words to explanations that other teams and accountants read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from workers_contracts import efactura as wire

from .invoice import Finding
from .invoice.texts import Rule, Text, labels, name_of, rules

_NAMED: Final = re.compile(r"\[([A-Z][A-Za-z0-9._-]{1,30})\]|\b((?:BR|UBL)-[A-Z0-9][A-Z0-9_-]*)")
_TERM: Final = re.compile(r"\bB[GT]-\d+(?:-\d)?\b")
_OTHER: Final = "ANAF-OTHER"
"""Stands for every reason that no table knows."""
_READ: Final = 4000
"""Characters of a text of ANAF's; longer ones are stack traces."""
_NAMES: Final = 3
"""Terms that are spelled out where several rules share what ANAF prints."""


def finding(found: Finding) -> wire.Finding:
    """A finding as it goes on the wire."""
    return wire.Finding(
        rule=found.rule,
        label=found.label,
        severity=found.severity.value,
        term=found.term,
        path=found.path,
        field=found.json_path or None,
        text=_text(found.text),
        mend=_text(found.mend),
    )


def rejection(found: Finding) -> wire.Rejection:
    """A finding as a reason of ``efactura.rejected``."""
    explained = wire.Explanation(rule=found.rule, text=_text(found.text), mend=_text(found.mend))
    path = found.path if found.path != "/" else None
    return wire.Rejection(
        rule=found.rule,
        message=found.message,
        path=path,
        field=found.json_path or None,
        explanations=[explained],
    )


def explain(text: str) -> list[wire.Explanation]:
    """Explain every rule that a text of ANAF's names, in its order; else that it is none of ours.

    ANAF prints labels, which several rules share: the business term that the text mentions decides.
    """
    text = text[:_READ]
    terms = set(_TERM.findall(text))
    found: dict[str, wire.Explanation] = {}
    for match in _NAMED.finditer(text):
        for each in _explanations(match[1] or match[2], terms):
            found.setdefault(each.rule + each.text.en, each)
    folded = _fold(text)
    for rule in rules().values():
        if rule.pattern and re.search(rule.pattern, folded):
            found.setdefault(rule.id, _of([rule], rule.id))
    return list(found.values()) or [_of([rules()[_OTHER]], _OTHER)]


def _explanations(name: str, terms: set[str]) -> Iterable[wire.Explanation]:
    candidates = labels().get(name) or ([rules()[name]] if name in rules() else [])
    meant = [rule for rule in candidates if rule.term in terms] or candidates
    alike: dict[str, list[Rule]] = {}
    for rule in meant:
        alike.setdefault(rule.what.en, []).append(rule)
    return [_of(group, name) for group in alike.values()]


def _of(group: list[Rule], name: str) -> wire.Explanation:
    first = group[0]
    if len(group) == 1:
        said, mend = first.said(), first.mended()
    else:
        said, mend = first.said(_joined(group)), first.mended(_joined(group))
    rule = first.id if len(group) == 1 else name
    return wire.Explanation(rule=rule, text=_text(said), mend=_text(mend))


def _joined(group: list[Rule]) -> Text:
    more = " …" if len(group) > _NAMES else ""
    shown = [rule.term for rule in group[:_NAMES]]
    return Text(
        " / ".join(name_of(term, "ro") for term in shown) + more,
        " / ".join(name_of(term, "en") for term in shown) + more,
    )


def _text(text: Text) -> wire.Text:
    return wire.Text(ro=text.ro, en=text.en)


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())
