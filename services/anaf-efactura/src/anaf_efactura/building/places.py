"""From the XPath of a finding back to the place in the JSON.

The builder knows from which field each element came. Where the element is absent, or one field
gave several, the business term decides: each field's description begins with its terms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from anaf_efactura.invoice.tree import NS
from workers_anaf.xml import Element
from workers_contracts.efactura_invoice import InvoiceDocument

_STEP: Final = re.compile(r"([A-Za-z]+:[A-Za-z]+)(?:\[([0-9]+)\])?")
_TERM: Final = re.compile(r"B[TG]-[0-9]+(?:-[0-9])?")


class _Field(NamedTuple):
    name: str
    terms: frozenset[str]
    model: type[BaseModel] | None
    many: bool


class Places:
    """Where each element of a built document came from."""

    def __init__(self, root: Element, places: Mapping[Element, str]) -> None:
        self._root = root
        self._places = places

    def of(self, path: str, term: str) -> str:
        """Return the JSON place of a finding, for example ``invoice.lines[0].price``."""
        return by_term(self._nearest(path), term)

    def _nearest(self, path: str) -> str:
        element: Element | None = self._root
        found = "invoice"
        for step in path.split("/")[2:]:
            match = _STEP.fullmatch(step)
            if element is None or match is None:
                break
            same = element.findall(match[1], NS)
            position = int(match[2] or 1) - 1
            if position >= len(same):
                break
            element = same[position]
            found = self._places.get(element, found)
        return found


def by_term(place: str, term: str) -> str:
    """Return the field of a business term at a place, or near it; else the place itself."""
    if not term:
        return place
    steps = place.split(".")
    for count in range(len(steps), 0, -1):
        here = ".".join(steps[:count])
        field = _field(steps[1:count])
        if field and term in field.terms:
            return here
        model = InvoiceDocument if count == 1 else field.model if field else None
        # A list without a position names no entry of which a field could be told.
        if model is None or (field and field.many and not here.endswith("]")):
            continue
        below = next(_below(model, term, depth=2), None)
        if below:
            return f"{here}.{below}"
    return place


def _field(steps: list[str]) -> _Field | None:
    model: type[BaseModel] | None = InvoiceDocument
    found: _Field | None = None
    for step in steps:
        name = step.partition("[")[0]
        found = _fields(model).get(name) if model else None
        model = found.model if found else None
    return found


def _below(model: type[BaseModel], term: str, *, depth: int) -> Iterator[str]:
    fields = _fields(model)
    for field in fields.values():
        if term in field.terms:
            yield field.name
    if depth > 1:
        for field in fields.values():
            for below in _below(field.model, term, depth=depth - 1) if field.model else ():
                yield field.name if field.many else f"{field.name}.{below}"


@cache
def _fields(model: type[BaseModel]) -> Mapping[str, _Field]:
    found = {}
    for name, info in model.model_fields.items():
        alias = info.alias or name
        said = (info.description or "").partition(":")[0]
        terms = frozenset(_TERM.findall(said)) if said.startswith("B") else frozenset()
        found[alias] = _Field(alias, terms, _model_of(info), "tuple" in str(info.annotation))
    return found


def _model_of(info: FieldInfo) -> type[BaseModel] | None:
    waiting: list[object] = [info.annotation]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        waiting += get_args(kind)
    return None
