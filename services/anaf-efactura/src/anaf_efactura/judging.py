"""The local verdict on a document: every rule that is here, and what was not judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from workers_anaf.xml import MalformedXml, parse

from .invoice import (
    Finding,
    Invoice,
    NotAnInvoice,
    check,
    from_root,
    has_errors,
    parties_of_filing,
)
from .invoice.model import Severity
from .invoice.schema import NAME as XSD
from .invoice.schema import Schema, find
from .invoice.tree import error

RULES: Final = ("en16931", "cius-ro-1.0.9", "check-digits")
_BETTER: Final = {"WRK-ORDER", "WRK-ONCE", "WRK-XSD", "WRK-NUMBER", "WRK-CURRENCY"}
"""Rules that tell an accountant more of the same mistake than the schema does."""


@dataclass(frozen=True, slots=True)
class FiledFor:
    """How the document will be filed, where that is known."""

    cif: str | None = None
    self_billed: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; `invoice` is None when the document is none that can be read."""

    invoice: Invoice | None
    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    unchecked: tuple[str, ...] = field(default=())

    @property
    def errors(self) -> list[Finding]:
        """What stops the document."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @property
    def valid(self) -> bool:
        """Whether nothing stops it."""
        return not has_errors(list(self.findings))


class Judge:
    """Applies the schema and all rules."""

    def __init__(self, schema: Schema | None) -> None:
        self._schema = schema

    def judge(self, content: bytes, filing: FiledFor) -> Verdict:
        """Everything that is wrong with a document, never an exception."""
        try:
            root = parse(content)
            invoice = from_root(root)
        except MalformedXml as problem:
            return Verdict(None, (_malformed(problem),), ("xml",), self._unchecked)
        known = parties_of_filing(invoice, filing.cif, self_billed=filing.self_billed)
        findings = [*check(root), *known]
        if self._schema is not None:
            findings = _merged(self._schema.check(root), findings)
        return Verdict(invoice, tuple(findings), self._checked, self._unchecked)

    @property
    def _checked(self) -> tuple[str, ...]:
        return ("xml", *([XSD] if self._schema else []), *RULES)

    @property
    def _unchecked(self) -> tuple[str, ...]:
        return (*([] if self._schema else ["ubl_xsd"]), "code_lists", "anaf_registers")


def make_judge(xsd_folder: Path | None) -> Judge:
    """A judge with the schema that can be found. Raises SchemaChangedError."""
    return Judge(find(xsd_folder))


def _malformed(problem: MalformedXml) -> Finding:
    rule = "WRK-ROOT" if isinstance(problem, NotAnInvoice) else "WRK-XML"
    reasons = {"reason_ro": problem.reason_ro, "reason_en": problem.reason}
    if not problem.line:
        return error(rule, "", "/", "malformed", **reasons)
    return error(rule, "", "/", "malformed_at", line=problem.line, column=problem.column, **reasons)


def _merged(schema: Sequence[Finding], rules: list[Finding]) -> list[Finding]:
    """The schema's findings first, without those that a rule tells better at the same place."""
    told = {
        path
        for finding in rules
        if finding.rule in _BETTER or finding.rule.startswith("BR-RO-DT")
        for path in (finding.path, finding.path.rpartition("/")[0])
    }
    return [*(finding for finding in schema if finding.path not in told), *rules]
