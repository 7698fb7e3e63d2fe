"""Which request misbehaves: a rule of the control API, a marker in a number, or chaos."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workers_sandbox.chance import drawn

from .catalogue import CATALOGUE, Scenario
from .catalogue.scenario import SLACK, TOKEN, UPLOAD

# A refresh whose answer is lost needs a person with the certificate.
_LOSES_TOKENS = frozenset({"timeout-after-acceptance", "reset-mid-body"})
_MATCHES = frozenset({"operation", "cif", "number"})


@dataclass(frozen=True, slots=True)
class Subject:
    """What a request is about, as far as selection needs it."""

    operation: str
    cifs: frozenset[str] = frozenset()
    owner: str = ""
    number: str = ""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A misbehaviour chosen for one request."""

    scenario: Scenario
    params: Mapping[str, Any] = field(default_factory=dict)
    source: str = "control"

    @property
    def variant(self) -> str:
        """The chosen variant; the first one when nothing was said."""
        chosen: str = self.params.get("variant") or next(iter(self.scenario.variants), "")
        return chosen

    def number(self, name: str, default: float) -> float:
        """A numeric parameter."""
        return float(self.params.get(name, default))


@dataclass(slots=True)
class Rule:
    """A misbehaviour asked for; `left` is None when it acts without end."""

    id: int
    scenario: Scenario
    match: Mapping[str, str]
    params: Mapping[str, Any]
    left: int | None

    def fits(self, subject: Subject) -> bool:
        """Whether the rule is for this request."""
        wanted = self.match.get("operation")
        operations = {wanted} if wanted else self.scenario.usual
        return (
            self.left != 0
            and subject.operation in operations
            and ("cif" not in self.match or self.match["cif"] in subject.cifs)
            and ("number" not in self.match or self.match["number"] == subject.number)
            and _page_fits(self.scenario, subject)
        )


def _page_fits(scenario: Scenario, subject: Subject) -> bool:
    # Page 1 is where a reading starts; pages can only have moved at a later one.
    return scenario.id != "pages-change-between-calls" or (subject.page or 1) > 1


class Faults:
    """All that was asked for, and what already happened to marked documents."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules: list[Rule] = []
        self._made = 0
        self._requests = 0
        self._happened: set[tuple[str, ...]] = set()

    @property
    def rules(self) -> list[Rule]:
        """The rules, oldest first, spent ones included."""
        return list(self._rules)

    def add(self, wish: Mapping[str, Any]) -> Rule:
        """Add a rule from `{scenario, match, times, params}`; ValueError or TypeError if wrong."""
        scenario = CATALOGUE.get(str(wish.get("scenario")))
        if scenario is None:
            raise ValueError(f"'scenario' must be one of: {', '.join(CATALOGUE)}")
        match, params = _object(wish, "match"), _object(wish, "params")
        times = wish.get("times", 1)
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError("'times' must be a whole number of 1 or more, or null for no end")
        _check(scenario, match, params)
        self._made += 1
        self._rules.append(
            Rule(self._made, scenario, {k: str(v) for k, v in match.items()}, params, times)
        )
        return self._rules[-1]

    def remove(self, rule_id: int) -> bool:
        """Take one rule away; False when there is none with that id."""
        before = len(self._rules)
        self._rules = [rule for rule in self._rules if rule.id != rule_id]
        return len(self._rules) < before

    def clear(self) -> None:
        """Take all rules away."""
        self._rules.clear()

    def pick(self, subject: Subject, chaos: float) -> Fault | None:
        """The misbehaviour of this request, if any: rule first, then marker, then chaos."""
        self._requests += 1
        return self._ruled(subject) or self._marked(subject) or self._chaotic(subject, chaos)

    def _ruled(self, subject: Subject) -> Fault | None:
        for rule in self._rules:
            if rule.fits(subject):
                rule.left = None if rule.left is None else rule.left - 1
                return Fault(rule.scenario, rule.params)
        return None

    def _marked(self, subject: Subject) -> Fault | None:
        found = marker(subject.number)
        if found is None:
            return None
        scenario, params = found
        operations = {UPLOAD} if scenario.armed_by_upload else scenario.usual
        if subject.operation not in operations:
            return None
        key = (subject.owner, subject.number, subject.operation)
        if key in self._happened and not scenario.lasting:
            return None
        self._happened.add(key)
        return Fault(scenario, params, "marker")

    def _chaotic(self, subject: Subject, probability: float) -> Fault | None:
        chance = drawn(self._seed, "chaos", self._requests)
        if chance.random() >= probability:
            return None
        able = [
            one for one in CATALOGUE.values()
            if one.chaos
            and subject.operation in one.operations
            and subject.operation not in SLACK
            and _page_fits(one, subject)
            and not (subject.operation == TOKEN and one.id in _LOSES_TOKENS)
        ]  # fmt: skip
        if not able:
            return None
        scenario = chance.choice(able)
        variants = scenario.variants
        params = {"variant": chance.choice(variants)} if variants else {}
        return Fault(scenario, params, "chaos")


def marker(number: str) -> tuple[Scenario, dict[str, str]] | None:
    """The scenario that a document's number asks for: `...SBX-<id>[.<variant>]...`."""
    found = re.search(r"SBX-([a-z0-9-]+)(?:\.([a-z0-9-]+))?", number, flags=re.IGNORECASE)
    if found is None:
        return None
    text = found.group(1).lower()
    named = [one for one in CATALOGUE.values() if text.startswith(one.id)]
    if not named:
        return None
    scenario = max(named, key=lambda one: len(one.id))
    variant = (found.group(2) or "").lower()
    return scenario, {"variant": variant} if variant in scenario.variants else {}


def _object(wish: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = wish.get(name) or {}
    if not isinstance(value, Mapping):
        raise TypeError(f"'{name}' must be an object")
    return value


def _check(scenario: Scenario, match: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    if unknown := set(match) - _MATCHES:
        raise ValueError(f"'match' knows operation, cif and number, not: {', '.join(unknown)}")
    operation = match.get("operation")
    if operation and operation not in scenario.operations:
        able = ", ".join(sorted(scenario.operations))
        raise ValueError(f"'{scenario.id}' acts on: {able}; not on '{operation}'")
    allowed = set(scenario.parameters) | ({"variant"} if scenario.variants else set())
    if unknown := set(params) - allowed:
        able = ", ".join(sorted(allowed)) or "nothing"
        raise ValueError(f"'params' of '{scenario.id}' knows {able}, not: {', '.join(unknown)}")
    if "variant" in params and params["variant"] not in scenario.variants:
        raise ValueError(f"'variant' must be one of: {', '.join(scenario.variants)}")
    for name in set(params) - {"variant", "message", "accepted"}:
        if isinstance(params[name], bool) or not isinstance(params[name], int | float):
            raise TypeError(f"'params.{name}' must be a number")
