"""From an invoice in JSON to CIUS-RO UBL: the same invoice gives the same bytes. No I/O."""

from .document import MAX_ATTACHED_BYTES, Built, build

__all__ = ["MAX_ATTACHED_BYTES", "Built", "build"]
