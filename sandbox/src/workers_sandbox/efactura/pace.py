"""How long things take: parts of a second, or minutes drawn as at ANAF."""

from datetime import timedelta

from workers_sandbox.chance import drawn
from workers_sandbox.settings import Settings

# Share of documents, shortest and longest processing in seconds. Drawn from what users report:
# most are ready within two minutes, a few take hours.
_PROCESSING = ((0.60, 20, 120), (0.30, 120, 600), (0.09, 600, 3600), (0.01, 3600, 4 * 3600))
_LISTING = (5 * 60, 15 * 60)


def processing(settings: Settings, index: str) -> timedelta:
    """Time from upload to the final state."""
    if settings.state_delay is not None:
        return timedelta(seconds=settings.state_delay)
    if settings.pace == "fast":
        return timedelta(seconds=0.5)
    chance = drawn(settings.seed, "processing", index)
    weights = [share for share, _, _ in _PROCESSING]
    _, shortest, longest = chance.choices(_PROCESSING, weights)[0]
    return timedelta(seconds=chance.uniform(shortest, longest))


def listing(settings: Settings, index: str) -> timedelta:
    """Time from the final state to the list entry."""
    if settings.list_delay is not None:
        return timedelta(seconds=settings.list_delay)
    if settings.pace == "fast":
        return timedelta(seconds=0.3)
    return timedelta(seconds=drawn(settings.seed, "listing", index).uniform(*_LISTING))
