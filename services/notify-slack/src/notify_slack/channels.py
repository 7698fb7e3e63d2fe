"""Which way leads to a channel: the bot's token, or the webhook that belongs to it. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .errors import ChannelUnroutableError


@dataclass(frozen=True)
class Route:
    """A way to one channel."""

    transport: Literal["webhook", "web_api"]
    channel: str | None
    """As the command or the operator names it, without `#`; None: the webhook's own."""

    webhook: str = ""
    """Address of the webhook; a secret."""


@dataclass(frozen=True)
class Channels:
    """The ways that the operator opened."""

    token: bool
    allowed: frozenset[str]
    webhooks: Mapping[str, str]
    webhook: str = ""
    default: str | None = None

    def route(self, wanted: str | None, *, needs_token: bool) -> Route:
        """Return the way to a channel, or to the default when none is asked for.

        Raises:
            ChannelUnroutableError: there is none; nothing is ever posted elsewhere instead.
        """
        channel = normal(wanted) if wanted is not None else self.default
        if self.token and channel in self.allowed:
            return Route("web_api", channel)
        if needs_token:
            raise ChannelUnroutableError(
                "files, update and attached texts go through a bot token only, to a channel of "
                f"the list: {self._list()}",
                field="channel",
            )
        if channel is None and self.webhook:
            return Route("webhook", None, self.webhook)
        if channel is not None and channel in self.webhooks:
            return Route("webhook", channel, self.webhooks[channel])
        raise ChannelUnroutableError(self._why(channel), field="channel")

    def _why(self, channel: str | None) -> str:
        if channel is None:
            return f"no channel was given and there is no default; give one of {self._list()}"
        return (
            f"the channel is not among those allowed here: {self._list()}; an operator can add "
            "it to NOTIFY_SLACK_CHANNELS or NOTIFY_SLACK_WEBHOOKS"
        )

    def _list(self) -> str:
        named = self.webhooks.keys() | (self.allowed if self.token else frozenset())
        return ", ".join(sorted(named)) or "none (the webhook's own channel takes no name)"


def normal(channel: str) -> str:
    """Return a channel's name without `#`, in lower case as Slack has it; an id as it is."""
    bare = channel.strip().removeprefix("#")
    is_id = len(bare) >= 9 and bare[0] in "CGD" and bare.isascii() and bare.isalnum()
    return bare if is_id and bare.isupper() else bare.lower()
