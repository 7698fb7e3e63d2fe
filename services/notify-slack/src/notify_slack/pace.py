"""About one message a second and channel, over all replicas."""

from collections.abc import Callable
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from workers_runtime import pace

from .errors import SharedStateError, SlackConfigurationError, SlackPacedError

CONFIGURATION_SECONDS = 300.0
"""A refused token or webhook is left alone for this long: only a person can mend it."""


class Pace:
    """Turns of one account: a token or a webhook.

    Args:
        client: the Redis that all replicas share.
        account: what tells accounts apart; never the secret itself.
        per_second: messages to one channel.
        burst: messages to one channel that may go at once.
    """

    def __init__(
        self, client: "redis.Redis", account: str, *, per_second: float, burst: int
    ) -> None:
        self._rows = pace.Pace(client, f"wrk:slack:{account}", per_second=per_second, burst=burst)

    async def take(self, channel: str, job: str) -> None:
        """Take a turn for one message now.

        Raises:
            SlackPacedError: it is not this message's turn; with the seconds until then.
            SlackConfigurationError: the token or webhook was refused a moment ago.
            SharedStateError: Redis does not answer.
        """
        turn = await shared(lambda: self._rows.take(channel, job))
        if turn.held:
            raise SlackConfigurationError(
                "Slack refused the token or webhook a moment ago: an operator has to give a valid "
                "one",
                word="",
                retry_after=turn.wait,
            )
        if turn.wait > 0:
            raise SlackPacedError(f"its turn is in {turn.wait:.1f} s", retry_after=turn.wait)

    async def hold(self, channel: str, seconds: float) -> None:
        """Send nothing to this channel for some time: Slack said so."""
        await shared(lambda: self._rows.hold(channel, seconds))

    async def hold_account(self) -> None:
        """Send nothing with this token or webhook for some time: it is refused."""
        await shared(lambda: self._rows.hold_all(CONFIGURATION_SECONDS))


async def shared(ask: Callable[[], Any]) -> Any:
    """Return what Redis answers; SharedStateError when it does not."""
    try:
        return await ask()
    except (TimeoutError, RedisError, OSError) as error:
        raise SharedStateError(f"Redis does not answer: {type(error).__name__}") from error
