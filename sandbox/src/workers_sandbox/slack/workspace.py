"""What the played workspace holds: channels, messages, files, and how fast it may be told more."""

import time
from dataclasses import dataclass, field
from typing import Any

BOT_TOKEN = "sandbox-bot-token"  # noqa: S105 - a documented constant, opens nothing real
"""The bot token that may do everything here."""

NARROW_TOKEN = "sandbox-bot-token-narrow"  # noqa: S105 - as above
"""A bot token that may write and share, and read nothing."""

CHANNELS = {"general": "C0GENERAL1", "ops": "C0OPS00001", "contabilitate": "C0CONTAB01"}
"""Channels by name; the bot is in each of them."""

ARCHIVED = "C0ARCHIVE1"


_ON_ITS_WAY = 1.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message that somebody would read."""

    ts: str
    channel: str
    text: str
    transport: str
    blocks: list[Any] | None = None
    thread_ts: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    edited: bool = False


@dataclass(slots=True)
class File:
    """A file; nobody sees it before it is shared."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    shared_in: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Trouble:
    """An answer that was asked for; `left` is None when it is given without end."""

    operation: str
    status: int
    error: str
    retry_after: float | None
    left: int | None


class Bucket:
    """Messages to one channel: a rate and a burst, and for how long it said to wait."""

    def __init__(self) -> None:
        self.free = 0.0
        self.closed_at = self.closed_until = 0.0

    def close(self, seconds: float) -> None:
        """Take nothing in for some time, as the answer tells."""
        now = time.monotonic()
        if now >= self.closed_until:
            self.closed_at = now
        self.closed_until = max(self.closed_until, now + seconds)

    @property
    def is_early(self) -> bool:
        """Whether who comes now was told to wait. What was on its way is forgiven a second."""
        return self.closed_at + _ON_ITS_WAY < time.monotonic() < self.closed_until

    def take(self, rate: float, burst: int) -> bool:
        """Take one message in, or say no."""
        now = time.monotonic()
        if now < self.free - (burst - 1) / rate:
            return False
        self.free = max(now, self.free) + 1 / rate
        return True


class Workspace:
    """State of the played Slack."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.files: dict[str, File] = {}
        self.troubles: list[Trouble] = []
        self.buckets: dict[str, Bucket] = {}
        self.early = 0
        """Messages that came although the last answer said to wait longer."""

        self.limited = 0
        """Answers 429."""

        self._last = 0.0

    def ts(self) -> str:
        """A new ts; later ones are greater."""
        self._last = max(time.time(), self._last + 0.000001)
        return f"{self._last:.6f}"

    def bucket(self, channel: str) -> Bucket:
        """The limit of one channel."""
        return self.buckets.setdefault(channel, Bucket())

    def trouble(self, wish: dict[str, Any]) -> None:
        """Ask for an answer: `{operation, status, error, retry_after, times}`; ValueError."""
        unknown = set(wish) - {"operation", "status", "error", "retry_after", "times"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        times, after = wish.get("times", 1), wish.get("retry_after")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError("'times' must be a whole number of 1 or more, or null for no end")
        self.troubles.append(
            Trouble(
                operation=str(wish.get("operation", "chat.postMessage")),
                status=int(wish.get("status", 200)),
                error=str(wish.get("error", "internal_error")),
                retry_after=None if after is None else float(after),
                left=times,
            )
        )

    def next_trouble(self, operation: str) -> Trouble | None:
        """The answer asked for, if any is left."""
        for one in self.troubles:
            if one.operation == operation and one.left != 0:
                one.left = None if one.left is None else one.left - 1
                return one
        return None

    def find(self, ts: str, channel: str) -> Message | None:
        """A message by its ts."""
        return next((m for m in self.messages if (m.ts, m.channel) == (ts, channel)), None)

    def replace(self, old: Message, new: Message) -> None:
        """Change a message."""
        self.messages[self.messages.index(old)] = new


def channel_id(name: str) -> str | None:
    """A channel's id from its name, with or without #, or from its id."""
    bare = name.removeprefix("#")
    if bare in (*CHANNELS.values(), ARCHIVED):
        return bare
    return CHANNELS.get(bare)
