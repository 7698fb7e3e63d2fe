"""The journal of stateless workers, in Redis: one hash a message, one Lua script a step."""

import asyncio
import contextlib
import time
import uuid
from typing import Any

from redis.exceptions import NoScriptError, RedisError

from .errors import JournalUnavailableError
from .journal import (
    COOL_SECONDS,
    DEATHS_BEFORE_SUSPECT,
    STORM_SECONDS,
    Busy,
    Claim,
    Claims,
    Done,
    InDoubt,
    New,
)
from .logs import get_logger
from .redis_batch import Batch
from .redis_pool import connect
from .results import Result
from .tasks import end

ALIVE_SECONDS = 6
"""An instance that did not prove its life for this long is dead; proved every second."""

# KEYS: the message, prefix of alive keys, last signs of life.
# ARGV: owner, token, ttl, ttl of the proof of life, now, seconds that a suspect rests,
# seconds that a crash is remembered, deaths that make a suspect.
# The proof of life is written with the claim: a claim without it looks abandoned.
# A takeover is decided by the owner's proof of life, never by AMQP's redelivered flag: that flag
# may belong to another copy of a duplicated command whose owner is alive.
_CLAIM = """
redis.call('SET', KEYS[2] .. ARGV[1], '1', 'EX', ARGV[4])
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'done' then return {'done', redis.call('HGET', KEYS[1], 'outcome')} end
-- What this process works on it does not ask for: its own claim is one whose answer was lost.
local kind, deaths = 'new', tonumber(redis.call('HGET', KEYS[1], 'deaths') or '0')
if state == 'run' then
  local owner = redis.call('HGET', KEYS[1], 'owner')
  local mine = owner == ARGV[1]
  if not mine and redis.call('EXISTS', KEYS[2] .. owner) == 1 then return {'busy', ''} end
  if not mine then
    local rested = ARGV[5] - (redis.call('HGET', KEYS[1], 'at') or '0')
    if deaths >= tonumber(ARGV[8]) and rested < tonumber(ARGV[6]) then return {'busy', ''} end
    deaths = deaths + 1
  end
  kind = 'doubt'
elseif state == 'doubt' then kind = 'doubt' end
redis.call('HSET', KEYS[1], 'state', 'run', 'owner', ARGV[1], 'token', ARGV[2], 'deaths', deaths,
  'at', ARGV[5])
redis.call('EXPIRE', KEYS[1], ARGV[3])
if deaths == 0 then return {kind, '0 0'} end
local crashes = redis.call('ZCOUNT', KEYS[3], ARGV[5] - ARGV[7], ARGV[5] - ARGV[4])
return {kind, deaths .. ' ' .. crashes}
"""

# KEYS: the message, its result (or nothing).
# ARGV: token, new state, outcome, ttl, '1' when the worker survived, result, its ttl.
# The token fences off a worker that was given up for dead.
# A record that vanished (Redis was emptied) was taken over by nobody: the outcome counts.
# The same step again means that only Redis's answer to it was lost.
_SETTLE = """
local token = redis.call('HGET', KEYS[1], 'token')
if token and token ~= ARGV[1] then return 0 end
local state = redis.call('HGET', KEYS[1], 'state')
if state and state ~= 'run' then
  return (state == ARGV[2] and redis.call('HGET', KEYS[1], 'outcome') == ARGV[3]) and 1 or 0
end
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'outcome', ARGV[3], 'token', ARGV[1])
if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'deaths', 0) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[6], 'EX', ARGV[7]) end
return 1
"""

# A fresh message gets a new id; a redelivered one the id that its first delivery got.
_STAMP = """
if ARGV[2] == '1' then
  local known = redis.call('GET', KEYS[1])
  if known then return known end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return ARGV[1]
"""

_JUDGED = (COOL_SECONDS, STORM_SECONDS, DEATHS_BEFORE_SUSPECT)
_log = get_logger(__name__)


def _unavailable(error: Exception) -> JournalUnavailableError:
    return JournalUnavailableError(f"Redis does not answer: {type(error).__name__}")


def _claim(kind: str, value: str, token: str) -> Claim:
    match kind:
        case "done":
            return Done(value)
        case "busy":
            return Busy()
        case "doubt":
            return InDoubt(token, *map(int, value.split()))
        case _:
            return New(token)


class RedisJournal:
    """Implements `Journal` on Redis. Losing Redis loses what was done: fine without effects."""

    keeps_results = True

    def __init__(self, url: str, *, tag: str, instance: str, ttl_seconds: int) -> None:
        self._redis = connect(url, seconds=5, decode=True)
        self._batch = Batch(self._redis)
        # By their digests: the text travels once, not with every message.
        self._digests = {
            text: self._redis.register_script(text).sha for text in (_CLAIM, _SETTLE, _STAMP)
        }
        self._prefix = f"wrk:journal:{tag}:"
        self._alive = f"wrk:alive:{tag}:"
        self._signs = f"wrk:signs:{tag}"
        self._instance = instance
        self._ttl = ttl_seconds
        self._claims = Claims()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to prove that this instance is alive; Redis may come later."""
        self._task = asyncio.create_task(self._prove_life())

    async def stop(self) -> None:
        """Stop proving it and disconnect."""
        await end(self._task)
        await self._batch.close()
        with contextlib.suppress(RedisError, OSError):
            await self._redis.delete(self._alive + self._instance)
            await self._redis.zrem(self._signs, self._instance)
        await self._redis.aclose()

    async def _prove_life(self) -> None:
        while True:
            with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError):
                await self._redis.set(self._alive + self._instance, "1", ex=ALIVE_SECONDS)
                # Who ends in order takes its sign away: what stays behind has crashed.
                now = int(time.time())
                await self._redis.zadd(self._signs, {self._instance: now})
                await self._redis.zremrangebyscore(self._signs, 0, now - STORM_SECONDS)
                await self._redis.expire(self._signs, STORM_SECONDS)
            await asyncio.sleep(1)

    async def _eval(self, script: str, keys: list[str], args: list[Any]) -> Any:
        step = (len(keys), *keys, *args)
        try:
            try:
                return await self._batch.execute("EVALSHA", self._digests[script], *step)
            except NoScriptError:
                return await self._batch.execute("EVAL", script, *step)
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    async def ping(self) -> None:
        """Raise JournalUnavailableError when Redis does not answer."""
        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    async def stamp(self, fingerprint: str, *, redelivered: bool) -> str:
        """Return an id for a message without one; the same id when it is redelivered."""
        fresh = str(uuid.uuid4())
        args = [fresh, "1" if redelivered else "0", self._ttl]
        return str(await self._eval(_STAMP, [f"{self._prefix}stamp:{fingerprint}"], args))

    async def claim(self, key: str) -> Claim:
        """Take ``key`` for this instance, or learn why not."""
        return await self._claims.ask(key, lambda: self._claim(key))

    async def _claim(self, key: str) -> Claim:
        token = uuid.uuid4().hex
        keys = [self._prefix + key, self._alive, self._signs]
        now = int(time.time())
        args = [self._instance, token, self._ttl, ALIVE_SECONDS, now, *_JUDGED]
        kind, value = await self._eval(_CLAIM, keys, args)
        return _claim(kind, value, token)

    async def _settle(
        self,
        key: str,
        token: str,
        state: str,
        outcome: str,
        *,
        survived: bool = True,
        result: Result | None = None,
    ) -> bool:
        keys = [self._prefix + key]
        args = [token, state, outcome, self._ttl, "1" if survived else "0"]
        if result is not None:
            keys.append(result.key)
            args += [result.text, result.ttl_seconds]
        settled = bool(await self._eval(_SETTLE, keys, args))
        self._claims.end(key)
        return settled

    async def finish(
        self, key: str, token: str, outcome: str, result: Result | None = None
    ) -> bool:
        """Record the outcome and its result; False when another worker took the message over."""
        return await self._settle(key, token, "done", outcome, result=result)

    async def release(self, key: str, token: str, *, in_doubt: bool, survived: bool = True) -> None:
        """Give the message back for a later try."""
        state = "doubt" if in_doubt else "free"
        if not await self._settle(key, token, state, "", survived=survived):
            _log.warning("release refused, another worker took over", key=key)
