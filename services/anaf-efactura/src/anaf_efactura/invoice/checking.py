"""All rules on one document."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import localcontext
from itertools import islice
from typing import Final

from workers_anaf.xml import Element

from . import (
    amounts,
    codes,
    cui,
    dates,
    decimals,
    identity,
    lengths,
    lines,
    parties,
    payment,
    repetition,
    required,
    structure,
    vat,
    vat_amounts,
)
from .document import Document
from .model import Finding, Severity
from .tree import ROOTS, error, where

MAX_FINDINGS: Final = 200
"""More than a person reads; a broken template repeats one mistake on every line."""
# Numbers have at most 40 digits, so that a product of two and a sum of thousands stay exact.
_PRECISION: Final = 120
_RULES: Final = (
    structure,
    repetition,
    identity,
    required,
    parties,
    cui,
    dates,
    lengths,
    decimals,
    codes,
    lines,
    amounts,
    vat,
    vat_amounts,
    payment,
)


def check(root: Element) -> list[Finding]:
    """Everything that is wrong with an invoice, in the order of reading, never an exception.

    No error means that ANAF's published rules are expected to pass, but for what is left to ANAF:
    the full UBL schema, the long code lists, and its registers.
    """
    kind = ROOTS.get(str(root.tag))
    if kind is None:
        return [error("WRK-ROOT", "", where(root))]
    with localcontext() as context:
        context.prec = _PRECISION
        findings = list(islice(_run(Document(root, kind)), MAX_FINDINGS + 1))
    if len(findings) > MAX_FINDINGS:
        findings[MAX_FINDINGS:] = [error("WRK-MANY", "", where(root), "limit", count=MAX_FINDINGS)]
    return findings


def has_errors(findings: list[Finding]) -> bool:
    """Whether at least one finding stops the invoice."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def _run(document: Document) -> Iterator[Finding]:
    for topic in _RULES:
        yield from topic.check(document)
