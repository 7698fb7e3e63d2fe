"""How far a mail came, kept in Redis: a mail that comes again reaches nobody a second time.

It is noted before the content goes out and after the answer came. A mail that is only noted as on
its way is in doubt: its answer was lost, or its worker died.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from json import dumps, loads
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from workers_runtime.logs import get_logger

from .errors import MailBusyError, SharedStateError
from .replies import Reply

_log = get_logger(__name__)

# Only over what was read: a worker that was given up for dead writes nothing any more.
_SWAP = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one recipient."""

    status: str
    """accepted, deferred, refused or gave_up."""

    code: int | None = None
    text: str = ""

    @classmethod
    def of(cls, status: str, reply: Reply) -> "Outcome":
        """Make one from a server's answer."""
        return cls(status, reply.code, reply.text)


@dataclass(frozen=True)
class Flight:
    """A mail whose content went out."""

    owner: str
    """The message id of the command that sends it."""

    until: float
    """Seconds since 1970 after which its owner has certainly ended."""


@dataclass(frozen=True)
class Record:
    """What is known of one mail."""

    content: str = ""
    """Digest of the command."""

    owner: str = ""
    """The message id of the command that was tried last."""

    replay: int = 0
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By the address as it stands on the wire."""

    flight: Flight | None = None
    lost: int = 0
    """Answers that were lost."""

    deferrals: int = 0
    size: int = 0
    settled_at: float = 0.0

    def having(self, *statuses: str) -> list[str]:
        """Return the addresses whose outcome is one of these."""
        return [one for one, outcome in self.outcomes.items() if outcome.status in statuses]

    def with_outcomes(self, found: dict[str, Outcome]) -> "Record":
        """Return it with further outcomes."""
        return replace(self, outcomes={**self.outcomes, **found})


class Progress:
    """The record of one mail.

    Args:
        client: the Redis that all replicas share; decodes.
        job: the mail's own id.
        seconds: how long it is remembered.
    """

    def __init__(self, client: "redis.Redis", job: str, *, seconds: int) -> None:
        self._redis = client
        self._key = f"wrk:email:job:{job}"
        self._seconds = seconds
        self._read = ""
        self.record = Record()

    async def load(self) -> Record:
        """Return what is known."""
        self._read = await shared(lambda: self._redis.get(self._key)) or ""
        self.record = _from_text(self._read) if self._read else Record()
        return self.record

    async def save(self, record: Record) -> None:
        """Write it down; nothing may be sent when this fails.

        Raises:
            MailBusyError: another worker wrote in between.
            SharedStateError: Redis does not answer.
        """
        text = dumps(asdict(record))
        args = (self._read, text, str(self._seconds))
        if not await shared(lambda: self._redis.eval(_SWAP, 1, self._key, *args)):
            raise MailBusyError("another worker has this mail in hand", retry_after=5)
        self._read, self.record = text, record

    async def settle(self, record: Record) -> None:
        """Write down what a server answered; Redis being away does not undo it."""
        self.record = record
        try:
            await self.save(record)
        except (SharedStateError, MailBusyError) as error:
            _log.warning("answer of the mail server not noted", reason=str(error))


def flight(owner: str, seconds: float) -> Flight:
    """Return the note of a mail that goes out now."""
    return Flight(owner, time.time() + seconds)


def _from_text(text: str) -> Record:
    values: dict[str, Any] = loads(text)
    on_its_way = values.pop("flight")
    outcomes = {one: Outcome(**what) for one, what in values.pop("outcomes").items()}
    return Record(**values, outcomes=outcomes, flight=Flight(**on_its_way) if on_its_way else None)


async def shared(ask: Callable[[], Any]) -> Any:
    """Return what Redis answers; SharedStateError when it does not."""
    try:
        return await ask()
    except (TimeoutError, RedisError, OSError) as error:
        raise SharedStateError(f"Redis does not answer: {type(error).__name__}") from error
