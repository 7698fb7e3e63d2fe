"""What an operator should know of the boxes that are read."""

from anaf_efactura.watching import Clock, utc_now
from workers_ledger.inboxes import Inboxes

from .plan import LOST

TROUBLE = 5
"""Readings in a row that failed before it is told."""


class InboxHealth:
    """A deep health check: are all boxes read?"""

    def __init__(self, inboxes: Inboxes, clock: Clock = utc_now) -> None:
        self._inboxes = inboxes
        self._clock = clock

    async def problem(self) -> str | None:
        """Return which box is not read, and why; None when all are."""
        wrong = await self._inboxes.overdue(before=self._clock() - LOST, failures=TROUBLE)
        if not wrong:
            return None
        first = wrong[0]
        read = f"{first.read_at:%Y-%m-%d %H:%M} UTC" if first.read_at else "never"
        why = first.error or "its messages are lost, send efactura.receive again"
        return f"{len(wrong)} boxes are not read; CIF {first.cif}, last read {read}: {why}"[:500]
