"""Invoices of RO e-Factura: reading them, and the rules of CIUS-RO 1.0.9 and EN 16931.

Checked here: see the modules, each a topic; texts in both languages are the tables of `texts`.
`schema` applies the UBL 2.1 schema where its files can be had. Left to ANAF: units, charge
reasons and identifier schemes by their full lists, the warnings UBL-CR, and its registers.
"""

from .checking import MAX_FINDINGS, check, has_errors
from .cui import is_cui, parties_of_filing
from .model import Finding, Invoice, Kind, Party, Severity, Totals
from .reading import NotAnInvoice, from_root, read

__all__ = [
    "MAX_FINDINGS",
    "Finding",
    "Invoice",
    "Kind",
    "NotAnInvoice",
    "Party",
    "Severity",
    "Totals",
    "check",
    "from_root",
    "has_errors",
    "is_cui",
    "parties_of_filing",
    "read",
]
