"""When to ask ANAF again: soon at first, then rarely. Pure arithmetic, in seconds.

ANAF allows 100 questions a document and day and blocks who ignores that; the plan's own steps are
few, and whatever was configured, the tail behind them keeps the day's sum below the limit.
"""

from dataclasses import dataclass

QUICK_ROUNDS = 30
"""The plan's last pause repeats until this round, then the slower pauses begin."""

SLOW = 1800.0
SLOWEST = 3 * 3600.0
DAY = 86_400.0


@dataclass(frozen=True)
class CheckPlan:
    """Pauses before each question after an upload."""

    pauses: tuple[float, ...]

    @property
    def first(self) -> float:
        """Before the first question."""
        return self.pauses[0]

    @property
    def patience(self) -> float:
        """Before a damaged download is asked for again; ten a day are allowed."""
        return max(self.pauses[-1] / 2, self.pauses[0])

    def after(self, round_: int) -> float:
        """Return the pause after the question of this round (1 is the first)."""
        if round_ < len(self.pauses):
            return self.pauses[round_]
        last = self.pauses[-1]
        if round_ < QUICK_ROUNDS:
            return last
        slow = max(last, SLOW)
        return slow if (round_ - QUICK_ROUNDS) * slow < DAY else max(last, SLOWEST)
