"""What waits on the delay ladder, read from Redis and counted by worker, command and code."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from workers_contracts.catalog import commands
from workers_runtime.redaction import redact_text
from workers_runtime.waiting import Waiting, WaitingPage, read_waiting

from . import next_steps
from .errors import RedisUnreachableError

SECONDS = 5.0
COUNTED = 10_000
"""Commands of one worker that are looked at, the next one due first; the rest is only counted."""

OVERDUE_SECONDS = 60.0


def tags() -> list[str]:
    """Return the tags of the workers that the contracts know."""
    return sorted({command.tag for command in commands().values()})


async def read(url: str, names: Iterable[str], limit: int = COUNTED) -> dict[str, WaitingPage]:
    """Return what waits in each worker.

    Raises:
        RedisUnreachableError: Redis does not answer.
    """
    # Imported here: the library takes longer to load than the rest of the program.
    from redis.asyncio import Redis  # noqa: PLC0415
    from redis.exceptions import RedisError  # noqa: PLC0415

    client = Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
    try:
        return {tag: await read_waiting(client, tag, limit=limit) for tag in names}
    except (RedisError, OSError) as error:
        words = redact_text(str(error)).strip() or type(error).__name__
        raise RedisUnreachableError(
            f"Redis does not answer: {words}; what waits is not known",
            "give --redis-url or REDIS_URL, or start Redis",
        ) from None
    finally:
        await client.aclose()


def overdue(entry: Waiting, now: datetime) -> bool:
    """Say whether a command should have been tried a minute ago."""
    return (now - entry.due).total_seconds() > OVERDUE_SECONDS


@dataclass(frozen=True)
class Group:
    """Commands of one worker that wait with the same code."""

    tag: str
    code: str
    count: int
    since: datetime
    """The oldest of them."""
    reason: str
    """Of the oldest, for a person."""

    @property
    def step(self) -> next_steps.Step:
        """What helps."""
        return next_steps.of_code(self.code)


@dataclass(frozen=True)
class Waits:
    """Everything that waits, in one look."""

    groups: tuple[Group, ...] = ()
    late: tuple[tuple[str, int], ...] = ()
    """Workers with how many of their commands are overdue."""
    uncounted: int = 0
    """Waiting commands beyond those that were looked at."""


def counted(pages: dict[str, WaitingPage], now: datetime | None = None) -> Waits:
    """Count what waits."""
    now = now or datetime.now(UTC)
    groups = [group for tag, page in pages.items() for group in _groups(tag, page.entries)]
    late = [(tag, sum(overdue(one, now) for one in page.entries)) for tag, page in pages.items()]
    return Waits(
        tuple(groups),
        tuple((tag, count) for tag, count in late if count),
        sum(max(0, page.total - COUNTED) for page in pages.values()),
    )


def _groups(tag: str, entries: list[Waiting]) -> Iterable[Group]:
    by_code: dict[str, list[Waiting]] = defaultdict(list)
    for entry in entries:
        by_code[entry.code].append(entry)
    for code, alike in sorted(by_code.items()):
        oldest = min(alike, key=lambda entry: entry.since)
        yield Group(tag, code, len(alike), oldest.since, oldest.reason)
