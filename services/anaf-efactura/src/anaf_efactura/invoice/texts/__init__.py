"""What is said of each rule, in Romanian and English: the tables beside this module, read once.

A rule's text says what is wrong; `mend` says how to put it right; a detail adds the values that a
finding saw. Sources: CIUS-RO 1.0.9 and EN 16931 for the rules; the wording is this product's.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from .families import rules_of_families

LANGUAGES: Final = ("ro", "en")
TABLES: Final = (
    "cius_ro",
    "cius_ro_limits",
    "en16931",
    "vat",
    "codes",
    "syntax",
    "product",
    "anaf",
)


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in both languages."""

    ro: str
    en: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, what ANAF prints for it, its business term and its texts."""

    id: str
    label: str
    term: str
    table: str
    what: Text
    """With the fields `{term}` and those of `fields`."""
    mend: Text
    mend_json: Text
    """How to put it right in an invoice that came as JSON."""
    pattern: str
    """Where ANAF's servers name the rule otherwise than in brackets: what its text looks like."""
    fields: Mapping[str, Any]

    def said(self, term: str | Text = "") -> Text:
        """What is wrong, of the rule's term or of what is named instead."""
        return _filled(self.what, self.fields, term or self.term)

    def mended(self, term: str | Text = "", *, in_json: bool = False) -> Text:
        """How to put it right."""
        mend = self.mend_json if in_json else self.mend
        return _filled(mend, self.fields, term or self.term)


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id."""
    found = {rule.id: rule for name in TABLES for rule in _read(name)}
    return dict(sorted(found.items()))


@cache
def labels() -> Mapping[str, tuple[Rule, ...]]:
    """The rules by what ANAF prints in brackets, which several may share."""
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rules().values():
        found[rule.label] = (*found.get(rule.label, ()), rule)
    return found


@cache
def terms() -> Mapping[str, Text]:
    """The names of the business terms."""
    return {term: Text(**names) for term, names in _load("terms").items()}


@cache
def details() -> Mapping[str, Text]:
    """What findings add to a rule's text."""
    return {name: Text(**texts) for name, texts in _load("details").items()}


@cache
def unchecked() -> Mapping[str, Text]:
    """Why something is not part of a local verdict."""
    return {name: Text(**texts) for name, texts in _load("unchecked").items()}


def name_of(term: str, language: str = "ro") -> str:
    """The term with its name, as `BT-109 (totalul fără TVA)`; bare when it has none."""
    name = terms().get(term)
    return f"{term} ({getattr(name, language)})" if name else term


def detail_text(name: str, values: Mapping[str, str]) -> Text:
    """The sentence that a finding adds; empty without a detail."""
    if not name:
        return Text("", "")
    text = details()[name]
    return Text(text.ro.format_map(values), text.en.format_map(values))


def _filled(text: Text, fields: Mapping[str, Any], term: str | Text) -> Text:
    named = term if isinstance(term, Text) else Text(name_of(term, "ro"), name_of(term, "en"))
    return Text(
        text.ro.format_map({**fields, "term": named.ro}),
        text.en.format_map({**fields, "term": named.en}),
    )


def _read(name: str) -> Iterator[Rule]:
    data = _load(name)
    likes = data.get("like", {})
    entries = dict(data.get("rules", {}))
    if "questions" in data:
        entries |= rules_of_families(data)
    for rule, own in entries.items():
        entry = likes.get(own.get("like"), {}) | own
        mend = Text(entry["mend_ro"], entry["mend_en"])
        yield Rule(
            id=rule,
            label=entry.get("label", rule),
            term=entry.get("term", ""),
            table=name,
            what=Text(entry["ro"], entry["en"]),
            mend=mend,
            mend_json=_in_json(rule, own.get("like"), mend),
            pattern=entry.get("pattern", ""),
            fields={key: value for key, value in entry.items() if key not in _OWN},
        )


def _in_json(rule: str, like: str | None, mend: Text) -> Text:
    table = _load("json")
    found = table["rules"].get(rule) or table["like"].get(like)
    if found is None and _OF_XML.search(mend.en):
        found = table["general"]
    return Text(**found) if found else mend


_OF_XML: Final = re.compile(r"cac:|cbc:|currencyID|schemeID|listID|attribute|element|UBL")
_OWN: Final = {"like", "label", "term", "ro", "en", "mend_ro", "mend_en", "pattern"}


@cache
def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__name__) / f"{name}.toml").read_text("utf-8"))
