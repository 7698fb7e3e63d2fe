"""One run over a source: publish within a window, hear what comes back, look up what was missed."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelInvalidStateError

from workers_cli.broker import connected
from workers_cli.errors import (
    BrokerLostError,
    BrokerRefusedError,
    BrokerUnreachableError,
    NotConfirmedError,
    TopologyMissingError,
)
from workers_cli.finality import event_patterns
from workers_cli.listening import Listener, listening
from workers_cli.output import note
from workers_cli.parcels import Parcel
from workers_cli.publishing import confirming_channel, publish
from workers_contracts.topology import COMMANDS, EVENTS

from .following import Followed, Following
from .making import Broken, Made, Maker
from .report import Report
from .results import Results
from .source import Place
from .telling import broken_line

SWEEP_SECONDS = 15.0
"""Between two looks into Redis while nothing is heard."""
RECONNECT_SECONDS = 2.0
_PASSING = (
    BrokerLostError,
    BrokerRefusedError,
    BrokerUnreachableError,
    ChannelInvalidStateError,
    NotConfirmedError,
    TopologyMissingError,
)
"""A broker that starts again refuses users and knows no queues for a moment."""


@dataclass(frozen=True)
class Options:
    """How a run goes."""

    url: str
    max_in_flight: int
    """Commands that were sent and of which nothing came back yet."""
    silence_seconds: float
    """Without any sign of any item, the run ends."""


class Run:
    """Takes every item of a source to its end, over interruptions of the broker.

    Args:
        places: the items.
        maker: how they become commands.
        report: what is done already, and where what becomes of them is written.
        results: what ended unheard.
        options: how the run goes.
        told: called with each line of the report.
    """

    def __init__(
        self,
        places: Iterable[Place],
        maker: Maker,
        report: Report,
        results: Results,
        options: Options,
        told: Callable[[dict[str, Any]], None],
    ) -> None:
        self._todo = deque(places)
        self._maker = maker
        self._report = report
        self._results = results
        self._options = options
        self._told = told
        self._following = Following(maker.command.key, report)
        self._window = asyncio.Semaphore(options.max_in_flight)
        self._sign = time.monotonic()
        self._ended = asyncio.Event()
        self._feeding = True
        self._reached = False
        """Something was published: from now on trouble passes, or the run ends by silence."""
        self._done: set[tuple[str, str]] = set()
        """Items of this run that have ended, each with the id of what it held."""
        self._names: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.skipped = 0

    @property
    def pending(self) -> int:
        """Items that have not ended."""
        return len(self._todo) + sum(len(one.items) for one in self._following.items.values())

    @property
    def on_their_way(self) -> frozenset[str]:
        """Message ids of the items that were sent and have not ended."""
        return frozenset(self._following.items)

    async def go(self) -> bool:
        """Run until all have ended; False when nothing was heard for too long.

        Raises:
            CliError: the broker was not reachable at all, or lacks the product's exchanges.
        """
        while not self._ended.is_set():
            try:
                async with connected(self._options.url) as connection:
                    patterns = [(EVENTS, each) for each in event_patterns(self._maker.command)]
                    async with listening(connection, patterns) as listener:
                        await self._session(await confirming_channel(connection), listener)
            except _PASSING as error:
                if not self._reached:
                    raise
                note(f"{error}; going on in {RECONNECT_SECONDS:g} s")
                await asyncio.sleep(RECONNECT_SECONDS)
                self._begin_anew()
            except TimeoutError:
                return False
            if self._silent_for() > self._options.silence_seconds:
                return self._ended.is_set()
        return True

    def _begin_anew(self) -> None:
        """What is on its way may have ended unheard: each is looked up, or sent again."""
        self._window = asyncio.Semaphore(self._options.max_in_flight)
        known = {place.name for place in self._todo}
        for one in self._following.items.values():
            one.in_window, one.resumed = False, True
            if one.place.name not in known:
                self._todo.appendleft(one.place)

    async def _session(self, channel: AbstractChannel, listener: Listener) -> None:
        """Work on one connection until all have ended; raises what ends the connection."""
        self._feeding = True
        work = [
            asyncio.create_task(each)
            for each in (self._feed(channel), self._hear(listener), self._sweep())
        ]
        ended = asyncio.create_task(self._ended.wait())
        try:
            # The feeder ends first, by itself; whatever else ends is an error, or the end of all.
            waiting: set[asyncio.Task[Any]] = {*work, ended}
            while not ended.done():
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in (*work, ended):
                task.cancel()
            await asyncio.gather(*work, ended, return_exceptions=True)

    async def _feed(self, channel: AbstractChannel) -> None:
        while self._todo:
            await self._window.acquire()
            place = self._todo[0]
            holds = False
            try:
                holds = await self._one(channel, place)
            finally:
                if not holds:
                    self._window.release()
            # Only now: a publish that failed is repeated on the next connection.
            self._todo.popleft()
        self._feeding = False
        self._look_for_end()

    async def _one(self, channel: AbstractChannel, place: Place) -> bool:
        """Send one item, unless it has ended; True when its place in the window is taken."""
        made = self._named(await self._maker.make(place), place)
        identity = made.sha256 if isinstance(made, Broken) else made.message_id
        if (made.name, identity) in self._done:
            return False  # it ended on the connection before this one
        before = self._report.outcome(made.name, identity)
        if before is not None:
            self.skipped += 1
            self._done.add((made.name, identity))
            self.counts[before] += 1
            self._told({"item": made.name, "outcome": before, "skipped": True})
            return False
        if isinstance(made, Broken):
            line = broken_line(made.name, made.sha256, made.error)
            self._report.write(line)
            self._count([line])
            return False
        followed = self._following.begin(made, place) or self._following.items[made.message_id]
        return await self._sent(channel, followed, made)

    def _named(self, made: Made | Broken, place: Place) -> Made | Broken:
        """Tell items of one name apart: the last line of a name counts, and hides the others."""
        first = self._names.setdefault(made.name, place.name)
        return made if first == place.name else replace(made, name=f"{made.name} ({place.name})")

    async def _sent(self, channel: AbstractChannel, followed: Followed, made: Made) -> bool:
        if followed.in_window or (followed.states and not followed.resumed):
            return False  # another item of the same content: its end is this one's too
        if followed.resumed and await self._looked_up([followed.message_id]):
            return False
        followed.in_window, followed.resumed = True, False
        parcel = Parcel(
            self._maker.command.key,
            made.body,
            made.message_id,
            made.message_id,
            self._maker.tenant,
        )
        try:
            await publish(channel, COMMANDS, parcel.key, parcel.message())
        except BaseException:
            followed.in_window, followed.resumed = False, True
            raise
        followed.reached("sent")
        self._sign = time.monotonic()
        self._reached = True
        return True

    async def _hear(self, listener: Listener) -> None:
        while True:
            heard = await listener.next()
            followed = self._following.items.get(heard.correlation_id)
            if followed is not None:
                self._take(followed, [heard])

    async def _sweep(self) -> None:
        """Look up what the listener may have missed, and end the run when nothing moves."""
        while True:
            await asyncio.sleep(min(SWEEP_SECONDS, self._options.silence_seconds))
            if self._silent_for() >= SWEEP_SECONDS:
                await self._looked_up(list(self._following.items))
            if self._silent_for() >= self._options.silence_seconds:
                raise TimeoutError

    async def _looked_up(self, ids: list[str]) -> int:
        """Take in what Redis knows; returns how many have ended by it."""
        ended = 0
        for message_id, events in (await self._results.of(ids)).items():
            followed = self._following.items.get(message_id)
            if followed is not None:
                ended += self._take(followed, events)
        return ended

    def _take(self, followed: Followed, events: list[Any]) -> bool:
        """Take events of one item in; True when it has ended."""
        for heard in events:
            lines = self._following.apply(followed, heard)
            if lines:
                self._sign = time.monotonic()
            self._count(lines)
            if followed.message_id not in self._following.items:
                break
        ended = followed.message_id not in self._following.items
        if followed.in_window:
            followed.in_window = False
            self._window.release()
        if ended:
            self._look_for_end()
        return ended

    def _count(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            if line["outcome"] != "pending":
                self.counts[line["outcome"]] += 1
                self._done.add((line["item"], line["message_id"] or line["sha256"]))
            self._told(line)

    def _look_for_end(self) -> None:
        if not self._feeding and not self._following.items:
            self._ended.set()

    def _silent_for(self) -> float:
        return time.monotonic() - self._sign
