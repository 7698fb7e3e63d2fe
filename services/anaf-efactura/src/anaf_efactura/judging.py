"""The local verdict on a document: every rule that is here, and what was not judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from workers_anaf.xml import Element, MalformedXml, parse
from workers_runtime.logs import get_logger

from .building import Built
from .flags import FiledFor, Flags, check_date, check_flags, choose
from .invoice import (
    Finding,
    Invoice,
    NotAnInvoice,
    check,
    cii,
    from_root,
    has_errors,
    parties_of_filing,
)
from .invoice.model import Severity
from .invoice.schema import NAME as XSD
from .invoice.schema import Schema, SchemaChangedError, find
from .invoice.tree import error, where
from .schematron import Schematron, SchematronError

_log = get_logger(__name__)

RULES: Final = ("en16931", "cius-ro-1.0.9", "check-digits")
UNCHECKED: Final = ("ubl_xsd", "schematron", "code_lists", "anaf_registers")
"""All that may be left out, and is where a document cannot be read."""
_CII: Final = ("cii", "schematron", "code_lists", "anaf_registers")
_BETTER: Final = {"WRK-ORDER", "WRK-ONCE", "WRK-XSD", "WRK-NUMBER", "WRK-CURRENCY"}
"""Rules that tell an accountant more of the same mistake than the schema does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; `invoice` is None when the document is none that can be read."""

    invoice: Invoice | None
    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    unchecked: tuple[str, ...] = field(default=())
    flags: Flags = field(default=Flags())
    """How it is to be handed in."""

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

    def __init__(self, schema: Schema | None, schematron: Schematron | None = None) -> None:
        self._schema = schema
        self._schematron = schematron

    def judge(self, content: bytes, filing: FiledFor, built: Built | None = None) -> Verdict:
        """Everything that is wrong with a document, never an exception.

        Of a document that was made from JSON, each finding names its place there too.
        """
        verdict = self._judge(content, filing)
        if built is None:
            return verdict
        findings = (*built.findings, *built.placed(verdict.findings))
        return replace(verdict, findings=findings)

    def _judge(self, content: bytes, filing: FiledFor) -> Verdict:
        try:
            root = parse(content)
            if root.tag == cii.ROOT:
                return _judge_cii(root, filing)
            invoice = from_root(root)
        except MalformedXml as problem:
            flags = choose(None, filing)
            return Verdict(None, (_malformed(problem),), ("xml",), UNCHECKED, flags)
        flags = choose(invoice, filing)
        ours = [*check(root), *_of_filing(invoice, filing, flags, where(root, "cbc:IssueDate"))]
        schema, official = self._by_schema(root), self._officially(root)
        checked = ["xml", *([] if schema is None else [XSD]), *RULES]
        unchecked = ["ubl_xsd"] if schema is None else []
        if official is None:
            unchecked += ["schematron", "code_lists"]
        elif self._schematron:
            checked += self._schematron.names
        findings = _beside(_merged(schema or [], ours), official or [])
        left = (*unchecked, "anaf_registers")
        return Verdict(invoice, tuple(findings), tuple(checked), left, flags)

    def _by_schema(self, root: Element) -> list[Finding] | None:
        """What the schema does not allow; None where it is not applied."""
        try:
            return self._schema.check(root) if self._schema else None
        except SchemaChangedError as problem:
            # The rules judge all the same; the answer says that the schema has not.
            _log.warning("schema not applied", reason=str(problem))
            return None

    def _officially(self, root: Element) -> list[Finding] | None:
        """What the official rules say; None where they are not applied."""
        try:
            return self._schematron.check(root) if self._schematron else None
        except SchematronError as problem:
            _log.warning("official rules not applied", reason=str(problem))
            return None


def _judge_cii(root: Element, filing: FiledFor) -> Verdict:
    invoice = cii.read_cii(root)
    flags = choose(invoice, filing)
    place = "/CrossIndustryInvoice/rsm:ExchangedDocument/ram:IssueDateTime"
    findings = [*cii.check(root), *_of_filing(invoice, filing, flags, place)]
    return Verdict(invoice, tuple(findings), ("xml", "cii-facts", "check-digits"), _CII, flags)


def _of_filing(invoice: Invoice, filing: FiledFor, flags: Flags, date_path: str) -> list[Finding]:
    """What depends on how the document is filed: flags, CIF, date."""
    found = [*check_flags(invoice, filing), *check_date(invoice, filing, date_path)]
    if not filing.enforcement:
        # An enforcement body files in a debtor's place, under its own code.
        found += parties_of_filing(invoice, filing.cif, self_billed=flags.self_billed)
    return found


def make_judge(xsd_folder: Path | None, stylesheets: Sequence[Path] = ()) -> Judge:
    """A judge with the schema that can be found, and the official rules where they are given.

    Raises:
        SchemaChangedError: the folder does not hold the published files.
        SchematronError: SaxonC is not installed, or a stylesheet cannot be read.
    """
    return Judge(find(xsd_folder), Schematron(stylesheets) if stylesheets else None)


def _beside(ours: list[Finding], official: Sequence[Finding]) -> list[Finding]:
    """Ours, then what only the official rules found: the same rule is said once, by us."""
    said = {finding.rule for finding in ours}
    return [*ours, *(finding for finding in official if finding.rule not in said)]


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
    absent = [finding.path for finding in rules if finding.detail == "element"]
    kept = (
        finding
        for finding in schema
        if finding.path not in told and not any(_follows(finding, path) for path in absent)
    )
    return [*kept, *rules]


def _follows(schema: Finding, absent: str) -> bool:
    """Whether the schema only says that something is not at the place of an absent element."""
    parent, _, name = absent.rpartition("/")
    expected = schema.values.get("expected", "").split(", ")
    return parent in (schema.path.rpartition("/")[0], schema.path) and name[4:] in expected
