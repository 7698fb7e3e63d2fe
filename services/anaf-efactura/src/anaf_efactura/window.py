"""The interval of a list, and how it is set right when ANAF's clock is not ours. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workers_anaf.refusals import Refusal
from workers_anaf.romania import ROMANIA

STEP: Final = timedelta(minutes=2)
"""By which the interval is cut where ANAF does not say what time it has; doubled each time."""

BEFORE_THEIRS: Final = timedelta(seconds=2)
"""ANAF quotes whole seconds, and its answer is under way for a while."""


@dataclass(frozen=True, slots=True)
class Window:
    """From a moment to a moment, both aware."""

    start: datetime
    end: datetime

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to ask for."""
        return self.start >= self.end

    @property
    def _is_longest(self) -> bool:
        return self.end - self.start > timedelta(days=59)

    def query(self, cif: str, page: int) -> dict[str, str]:
        """The parameters of `listaMesajePaginatieFactura`."""
        return {
            "startTime": str(int(self.start.timestamp() * 1000)),
            "endTime": str(int(self.end.timestamp() * 1000)),
            "cif": cif,
            "pagina": str(page),
        }

    def corrected(self, refusal: Refusal, correction: int) -> Window:
        """A window that ANAF may accept after it refused this one.

        Its clock, when quoted, tells the end. Otherwise the end moves earlier, and of a window as
        long as ANAF's lists reach back also the start: either may be what was refused.
        """
        step = STEP * 2**correction
        if refusal.authority_time is None:
            return Window(
                self.start + (step if self._is_longest else timedelta(0)), self.end - step
            )
        # Wall time; in the hour that comes twice in autumn the earlier one is the safer.
        theirs = refusal.authority_time.replace(tzinfo=ROMANIA, fold=0)
        end = min(self.end, theirs) - BEFORE_THEIRS * (correction + 1)
        return Window(self.start, end)
