"""Redis commands of many callers in one round trip: what is asked in one moment travels together.

A round trip of its own for every command is the largest cost of a message. Here one batch is on its
way at a time, and whoever asks meanwhile goes with the next: the busier, the cheaper each command.
"""

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from .tasks import end

MOST = 100
"""Commands of one batch: outcomes are large, and all of a batch wait for its last answer."""


TURNS = 2
"""Turns of the event loop that a batch waits for company: what is ready now joins it."""


class Batch:
    """Sends commands through a client; each caller gets its own answer or error."""

    def __init__(self, client: "Redis") -> None:
        self._client = client
        self._waiting: list[tuple[list[bytes], asyncio.Future[Any]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def execute(self, *command: str | int) -> Any:
        """Return Redis's answer; raises RedisError or OSError.

        For steps that may be repeated: one whose answer was lost is sent again, or raises although
        it was executed.
        """
        # Encoded here: text that cannot be must fail its own caller, not the whole batch.
        encoded = [str(part).encode() for part in command]
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((encoded, answer))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        return await answer

    async def close(self) -> None:
        """Stop sending; whoever still waits is told."""
        await end(self._sender)
        for _, answer in self._waiting:
            _settle(answer, RedisConnectionError("the client was closed"))

    async def _send(self) -> None:
        while self._waiting:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            answers: list[Any] = [RedisConnectionError("the client was closed")] * len(batch)
            try:
                answers = await self._ask([command for command, _ in batch])
            except Exception as error:  # noqa: BLE001 - each caller decides what it means to it
                answers = [error] * len(batch)
            finally:
                for (_, answer), found in zip(batch, answers, strict=True):
                    _settle(answer, found)

    async def _ask(self, commands: list[list[bytes]]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            return await pipeline.execute(raise_on_error=False)


def _settle(answer: "asyncio.Future[Any]", found: Any) -> None:
    if answer.done():  # whoever was cancelled meanwhile wants no answer
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)
