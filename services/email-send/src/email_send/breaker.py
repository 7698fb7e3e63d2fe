"""Leaves a server alone that did not answer several times in a row."""

import time
from dataclasses import dataclass, field


@dataclass
class Breaker:
    """Open after `failures` in a row, for `seconds`; then one try decides."""

    failures: int = 3
    seconds: float = 30.0
    _row: int = 0
    _until: float = field(default=0.0)
    cause: str = ""
    """Why it was opened last."""

    @property
    def closed_for(self) -> float:
        """Seconds until a try makes sense; 0 when one may be made now."""
        if self._row < self.failures:
            return 0.0
        return max(0.0, self._until - time.monotonic())

    def succeeded(self) -> None:
        """Note that the server answered."""
        self._row, self.cause = 0, ""

    def failed(self, cause: str) -> None:
        """Note that it did not."""
        self._row += 1
        self.cause = cause
        self._until = time.monotonic() + self.seconds
