"""What the workers keep in Redis of each command's end, for those who were away meanwhile."""

import json
from collections.abc import Sequence

from redis.exceptions import RedisError

from workers_cli.listening import Heard
from workers_cli.output import note
from workers_runtime.redis_pool import connect

AT_ONCE = 200


class Results:
    """Reads ``wrk:result:…``; without Redis nothing is known, and commands are sent again."""

    def __init__(self, url: str, tenant: str | None) -> None:
        self._redis = connect(url)
        self._prefix = f"wrk:result:{tenant}:" if tenant else "wrk:result:"
        self._told = False

    async def close(self) -> None:
        """Disconnect."""
        await self._redis.aclose()

    async def of(self, ids: Sequence[str]) -> dict[str, list[Heard]]:
        """Return the newest events of commands, of those that are known."""
        found: dict[str, list[Heard]] = {}
        try:
            for start in range(0, len(ids), AT_ONCE):
                some = ids[start : start + AT_ONCE]
                texts = await self._redis.mget([self._prefix + one for one in some])
                found |= {one: _events(text) for one, text in zip(some, texts, strict=True) if text}
        except (TimeoutError, RedisError, OSError) as error:
            if not self._told:
                note(
                    f"Redis does not answer ({type(error).__name__}): what ended while this "
                    "program was away is asked for by sending it again under its id"
                )
            self._told = True
        return found


def _events(text: bytes | str) -> list[Heard]:
    try:
        envelopes = json.loads(text)
    except ValueError:
        return []
    listed = envelopes if isinstance(envelopes, list) else []
    return [Heard("", "", each, 0) for each in listed if isinstance(each, dict)]
