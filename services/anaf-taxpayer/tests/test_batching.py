"""Questions that come together go together."""

import asyncio
import itertools
import time
from contextlib import asynccontextmanager

import pytest

from anaf_taxpayer.batching import Batcher
from workers_runtime.errors import PermanentError, TransientError


class Steps:
    """Turns that come after a while, and are counted."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.waits = 0

    @asynccontextmanager
    async def turn(self):
        self.waits += 1
        await asyncio.sleep(self.seconds)
        yield


async def until(holds) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0)


class Authority:
    """Answers with the question's double; notes the calls."""

    def __init__(self, *, error=None, poison=None) -> None:
        self.calls: list[list[int]] = []
        self.moments: list[float] = []
        self.error = error
        self.poison = poison

    async def __call__(self, keys):
        self.calls.append(keys)
        self.moments.append(time.monotonic())
        if self.error:
            raise self.error
        if self.poison in keys:
            raise PermanentError("malformed")
        return {key: key * 2 for key in keys}


async def test_250_at_once_are_three_calls_of_at_most_a_hundred():
    authority, turns = Authority(), Steps(0.05)
    batcher = Batcher(authority, turns)
    answers = await asyncio.gather(*(batcher.get(n) for n in range(250)))
    assert answers == [n * 2 for n in range(250)]
    assert [len(call) for call in authority.calls] == [100, 100, 50]
    assert turns.waits == 3
    assert all(b - a >= 0.045 for a, b in itertools.pairwise(authority.moments))


async def test_same_question_is_sent_once():
    authority = Authority()
    batcher = Batcher(authority, Steps())
    assert await asyncio.gather(*(batcher.get(7) for _ in range(30))) == [14] * 30
    assert authority.calls == [[7]]
    await batcher.get(7)
    assert len(authority.calls) == 2


async def test_what_comes_while_a_call_is_on_its_way_goes_with_the_next():
    class Gated(Steps):
        @asynccontextmanager
        async def turn(self):
            await gate.wait()
            yield

    authority, gate = Authority(), asyncio.Event()
    batcher = Batcher(authority, Gated())
    first = asyncio.create_task(batcher.get(1))
    await until(lambda: batcher._task is not None)
    later = [asyncio.create_task(batcher.get(n)) for n in (2, 3)]
    await until(lambda: len(batcher._waiting) == 3)
    gate.set()
    assert await asyncio.gather(first, *later) == [2, 4, 6]
    assert authority.calls == [[1, 2, 3]]


async def test_failure_reaches_all_who_wait_and_the_next_question_is_asked():
    authority = Authority(error=TransientError("down"))
    batcher = Batcher(authority, Steps())
    outcomes = await asyncio.gather(*(batcher.get(n) for n in range(120)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {TransientError}
    authority.error = None
    assert await batcher.get(5) == 10


async def test_one_refused_question_does_not_take_the_others_with_it():
    authority = Authority(poison=42)
    batcher = Batcher(authority, Steps())
    outcomes = await asyncio.gather(*(batcher.get(n) for n in range(100)), return_exceptions=True)
    assert [n for n, each in enumerate(outcomes) if isinstance(each, PermanentError)] == [42]
    assert len(authority.calls) <= 16


async def test_error_in_place_of_an_answer_is_only_for_who_asked():
    async def partly(keys):
        return {key: TransientError("silent") if key == 2 else key for key in keys}

    batcher = Batcher(partly, Steps())
    outcomes = await asyncio.gather(*(batcher.get(n) for n in (1, 2, 3)), return_exceptions=True)
    assert (outcomes[0], outcomes[2]) == (1, 3)
    assert isinstance(outcomes[1], TransientError)


async def test_cancelled_waiter_takes_no_answer_away():
    authority = Authority()
    batcher = Batcher(authority, Steps(0.05))
    impatient, patient = (asyncio.create_task(batcher.get(1)) for _ in range(2))
    await asyncio.sleep(0.01)
    impatient.cancel()
    assert await patient == 2
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_everybody_cancelled_is_no_warning():
    batcher = Batcher(Authority(error=TransientError("down")), Steps(0.01))
    waiter = asyncio.create_task(batcher.get(1))
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.sleep(0.05)
    assert waiter.cancelled()


async def test_authority_that_forgets_an_answer_leaves_nobody_waiting():
    async def forgetful(keys):
        return {keys[0]: 1}

    batcher = Batcher(forgetful, Steps())
    outcomes = await asyncio.gather(batcher.get(1), batcher.get(2), return_exceptions=True)
    assert outcomes[0] == 1
    assert isinstance(outcomes[1], KeyError)


async def test_broken_limit_leaves_nobody_waiting():
    class Broken:
        def turn(self):
            raise RuntimeError("broken")

    batcher = Batcher(Authority(), Broken())
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(batcher.get(1), 30)


async def test_closing_cancels_who_waits():
    batcher = Batcher(Authority(), Steps(60))
    waiters = [asyncio.create_task(batcher.get(n)) for n in range(3)]
    await asyncio.sleep(0.01)
    await batcher.close()
    assert {type(each) for each in await asyncio.gather(*waiters, return_exceptions=True)} == {
        asyncio.CancelledError
    }
    await batcher.close()
