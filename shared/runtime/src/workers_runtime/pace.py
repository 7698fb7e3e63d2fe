"""A pace over all replicas: turns and holds kept in Redis.

Nobody waits here. Who is too early is told the seconds, and the broker brings the message back.
"""

from dataclasses import dataclass

import redis.asyncio as redis

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
_PLACE_MS = 3_600_000
"""How long a place in the row is kept for who does not come."""


@dataclass(frozen=True)
class Turn:
    """Whether it is somebody's turn."""

    wait: float
    """Seconds until then; 0: the turn was taken, now."""

    held: bool
    """All rows are held: `hold_all` was asked for."""


class Pace:
    """Rows of turns that share a prefix, for example the channels of one account.

    Every method raises what the Redis client raises when Redis does not answer.

    Args:
        client: the Redis that all replicas share.
        prefix: of the keys; tells accounts apart and never holds a secret.
        per_second: turns of one row.
        burst: turns of one row that may be taken at once.
    """

    def __init__(
        self, client: "redis.Redis", prefix: str, *, per_second: float, burst: int
    ) -> None:
        self._redis = client
        self._prefix = prefix
        self._interval = int(1_000_000 / per_second)
        self._burst = burst

    async def take(self, row: str, who: str) -> Turn:
        """Take a turn now, or a place in the row; the same `who` keeps its place."""
        at = f"{self._prefix}:{row}"
        keys = [
            f"{self._prefix}:hold",
            f"{at}:hold",
            f"{at}:free",
            f"{at}:tail",
            f"{at}:slot:{who}",
        ]
        args = [str(self._interval), str(self._burst), str(_PLACE_MS)]
        wait, refused = await self._redis.eval(_TAKE, len(keys), *keys, *args)
        return Turn(int(wait) / 1_000_000, bool(refused))

    async def hold(self, row: str, seconds: float) -> None:
        """Give no turn of this row for some time."""
        await self._hold(f"{self._prefix}:{row}:hold", seconds)

    async def hold_all(self, seconds: float) -> None:
        """Give no turn of any row for some time."""
        await self._hold(f"{self._prefix}:hold", seconds)

    async def _hold(self, key: str, seconds: float) -> None:
        await self._redis.eval(_HOLD, 1, key, str(int(seconds * 1_000_000)))
