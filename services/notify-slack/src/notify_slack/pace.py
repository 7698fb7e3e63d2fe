"""About one message a second and channel, over all replicas: turns and holds kept in Redis.

Nobody waits here. Who is too early is told the seconds, and the broker brings the message back.
"""

from collections.abc import Callable
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from .errors import SharedStateError, SlackConfigurationError, SlackPacedError

# A turn, by Redis's own clock, in microseconds. `free` is when the bucket of real sends is full
# again; `tail` is where the row of those who wait ends, and `slot` a message's own place in it.
# Who comes back at its place goes before newcomers; who missed it takes a new one at the end.
# KEYS: two holds, free, tail, slot. ARGV: interval, burst, life of a place in ms.
_TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local function at(key) return tonumber(redis.call('GET', key) or '0') end
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local function keep(key, moment)
  local life = math.ceil((moment - now + burst * interval) / 1000) + tonumber(ARGV[3])
  redis.call('SET', key, string.format('%.0f', moment), 'PX', life)
end
local free, tail, slot = at(KEYS[3]), at(KEYS[4]), at(KEYS[5])
local ready = math.max(at(KEYS[1]), at(KEYS[2]), free - (burst - 1) * interval)
if slot == 0 then ready = math.max(ready, tail) else ready = math.max(ready, slot) end
if ready <= now then
  keep(KEYS[3], math.max(now, free) + interval)
  redis.call('DEL', KEYS[5])
  return {'0', ''}
end
if slot <= now then
  ready = math.max(ready, tail)
  keep(KEYS[4], ready + interval)
  keep(KEYS[5], ready)
end
local refused = at(KEYS[1]) > now and 'refused' or ''
return {string.format('%.0f', ready - now), refused}
"""
# The later one of two holds counts.
_HOLD = """
local now = redis.call('TIME')
local till = now[1] * 1000000 + now[2] + tonumber(ARGV[1])
if till > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.0f', till), 'PX', math.ceil(ARGV[1] / 1000) + 1000)
end
return 1
"""
CONFIGURATION_SECONDS = 300.0
"""A refused token or webhook is left alone for this long: only a person can mend it."""

_PLACE_MS = 3_600_000


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
        self._redis = client
        self._prefix = f"wrk:slack:{account}"
        self._interval = int(1_000_000 / per_second)
        self._burst = burst

    async def take(self, channel: str, job: str) -> None:
        """Take a turn for one message now.

        Raises:
            SlackPacedError: it is not this message's turn; with the seconds until then.
            SlackConfigurationError: the token or webhook was refused a moment ago.
            SharedStateError: Redis does not answer.
        """
        row = f"{self._prefix}:{channel}"
        keys = [f"{self._prefix}:hold", f"{row}:hold", f"{row}:free", f"{row}:tail"]
        args = [str(self._interval), str(self._burst), str(_PLACE_MS)]
        slot = f"{row}:slot:{job}"
        wait, refused = await shared(lambda: self._redis.eval(_TAKE, 5, *keys, slot, *args))
        seconds = int(wait) / 1_000_000
        if refused:
            raise SlackConfigurationError(
                "Slack refused the token or webhook a moment ago: an operator has to give a valid "
                "one",
                word="",
                retry_after=seconds,
            )
        if seconds > 0:
            raise SlackPacedError(f"its turn is in {seconds:.1f} s", retry_after=seconds)

    async def hold(self, channel: str, seconds: float) -> None:
        """Send nothing to this channel for some time: Slack said so."""
        key = f"{self._prefix}:{channel}:hold"
        await shared(lambda: self._redis.eval(_HOLD, 1, key, str(int(seconds * 1_000_000))))

    async def hold_account(self) -> None:
        """Send nothing with this token or webhook for some time: it is refused."""
        key, micros = f"{self._prefix}:hold", str(int(CONFIGURATION_SECONDS * 1_000_000))
        await shared(lambda: self._redis.eval(_HOLD, 1, key, micros))


async def shared(ask: Callable[[], Any]) -> Any:
    """Return what Redis answers; SharedStateError when it does not."""
    try:
        return await ask()
    except (TimeoutError, RedisError, OSError) as error:
        raise SharedStateError(f"Redis does not answer: {type(error).__name__}") from error
