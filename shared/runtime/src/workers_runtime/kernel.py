"""The life of a delivery: gate, journal, handler, record, publish, acknowledge. In that order."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from aio_pika.abc import AbstractIncomingMessage

from workers_contracts.base import Command

from .decoding import decode
from .delivery import ACK_SECONDS, Delivery, Exits, Lane, failure_of
from .errors import (
    HandlerTimeoutError,
    InvalidMessageError,
    JournalUnavailableError,
    KilledItsWorkerError,
    MessageIdReusedError,
    OutcomeUnknownError,
    WorkerError,
)
from .failpoints import hit, interfere
from .failure import GiveUp, Policy, Retry, decide
from .identity import Identity, Task, derived_id
from .journal import Busy, Done, InDoubt, Journal, New
from .ladder import remaining_seconds
from .logs import get_logger
from .metrics import Metrics
from .tasks import is_being_cancelled
from .tracing import Tracing
from .wire import Wire, answering, dump, undump, with_id

BUSY_SECONDS = 5.0
HAND_BACK_SECONDS = 1.0
"""Before an unsettled delivery goes back: slow enough not to burn a processor."""

Call = Callable[[Command, Task], Awaitable[Any]]
ResultType = TypeVar("ResultType")
_log = get_logger(__name__)


@dataclass
class Progress:
    """What a lane has done; only grows while work is really done."""

    delivered: int = 0
    settled: int = 0

    @property
    def in_hand(self) -> int:
        """Deliveries that this process still works on."""
        return self.delivered - self.settled


class Kernel:
    """Settles every delivery of a worker."""

    def __init__(
        self,
        *,
        tag: str,
        journal: Journal,
        exits: Exits,
        metrics: Metrics,
        tracing: Tracing,
        policy: Policy,
        environment: str,
        handler_seconds: float,
    ) -> None:
        self._tag = tag
        self._journal = journal
        self._exits = exits
        self._metrics = metrics
        self._tracing = tracing
        self._policy = policy
        self._environment = environment
        self._handler_seconds = handler_seconds
        self.progress: dict[str, Progress] = {}
        self.running: set[asyncio.Task[None]] = set()

    def take(self, lane: Lane, raw: AbstractIncomingMessage, call: Call) -> None:
        """Begin to settle one delivery; it is in ``running`` until its end.

        The work is a task of its own: the AMQP library cancels its consumers' tasks when a
        channel is lost, and a handler cut off in the middle of an effect is what we prevent.
        """
        task = asyncio.create_task(self._one(lane, raw, call))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _one(self, lane: Lane, raw: AbstractIncomingMessage, call: Call) -> None:
        progress = self.progress.setdefault(lane.consumed, Progress())
        progress.delivered += 1
        self._metrics.in_flight.inc()
        try:
            identity = await self._identify(raw)
            structlog.contextvars.bind_contextvars(
                message_id=identity.message_id,
                correlation_id=identity.correlation_id,
                command=lane.handler.command.key,
                tid=identity.tenant,
            )
            with self._tracing.process(lane.handler.command.key, identity) as traced:
                await self._settle(Delivery(lane, raw, traced), call)
        except Exception:  # noqa: BLE001 - whatever it was, the delivery must not wait silently
            # Unsettled: the broker counts its tries and buries it after the last one.
            _log.exception("delivery not settled, handed back to the broker")
            await self._hand_back(raw)
        finally:
            progress.settled += 1
            self._metrics.in_flight.dec()

    async def _hand_back(self, raw: AbstractIncomingMessage) -> None:
        await asyncio.sleep(HAND_BACK_SECONDS)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(ACK_SECONDS):
                await raw.nack(requeue=True)

    async def _settle(self, delivery: Delivery, call: Call) -> None:
        wait = remaining_seconds(delivery.identity.due_ms, int(time.time() * 1000))
        if wait > 0:
            await self._exits.later(delivery, wait)
            return
        if delivery.identity.bad_tenant:
            error = InvalidMessageError(
                "the header tid must have 1 to 128 letters, digits or . _ : @ / + -", field="tid"
            )
            await self._refuse(delivery, error)
            return
        try:
            command = decode(delivery.lane.handler.command, delivery.raw)
        except InvalidMessageError as error:
            await self._refuse(delivery, error)
            return
        content = hashlib.sha256(command.short_json().encode()).hexdigest()
        known = replace(delivery, content=content, subject=command.about())
        await self._claimed(known, command, call)

    async def _claimed(self, delivery: Delivery, command: Command, call: Call) -> None:
        claim = await self._until_available(lambda: self._journal.claim(delivery.key))
        match claim:
            case Busy():
                self._count(delivery, "busy")
                await self._exits.later(delivery, BUSY_SECONDS)
            case Done(outcome):
                content, _, recorded = outcome.partition("\n")
                if content == delivery.content:
                    self._count(delivery, "duplicate")
                    _log.info("duplicate answered from the journal")
                    await self._again(delivery, undump(recorded))
                else:
                    await self._reused(delivery)
            case InDoubt(token, deaths) if claim.is_killer:
                error = KilledItsWorkerError(
                    f"{deaths} worker processes died while they handled this message"
                )
                await self._give_up(delivery, token, GiveUp(error.code, str(error)))
            case InDoubt(token) if claim.is_suspect and not delivery.lane.suspect:
                _log.warning("message moved to the lane for suspects: two workers died with it")
                self._count(delivery, "suspect")
                await self._release(delivery, token, in_doubt=True, survived=False)
                await self._exits.suspect(delivery)
            case New(token) | InDoubt(token):
                hit("after_claim", self._environment)
                doubt = delivery.identity.in_doubt or isinstance(claim, InDoubt)
                if doubt:
                    identity = replace(delivery.identity, in_doubt=True)
                    delivery = replace(delivery, identity=identity)
                await self._handle(delivery, token, command, call)

    async def _handle(self, delivery: Delivery, token: str, command: Command, call: Call) -> None:
        started = time.perf_counter()
        try:
            returned = await self._limited(call, command, delivery)
            hit("after_handler", self._environment)
            outbox = self._exits.outbox(delivery, datetime.now(UTC))
            wires = outbox.outcome(delivery.lane.handler, returned)
        except asyncio.CancelledError:
            if not is_being_cancelled():
                # A library cancelled itself inside the handler; nobody asked this task to end.
                lost = OutcomeUnknownError("a library cancelled its own work in the handler")
                await self._failed(delivery, token, lost)
                return
            # The process stops before the handler ended: hand the message over, in doubt.
            with contextlib.suppress(JournalUnavailableError, asyncio.TimeoutError):
                release = self._journal.release(delivery.key, token, in_doubt=True)
                await asyncio.wait_for(release, 2)
            raise
        except Exception as error:  # noqa: BLE001 - the one place that classifies every failure
            await self._failed(delivery, token, error)
            return
        if await self._record(delivery, token, wires):
            self._count(delivery, "ok", time.perf_counter() - started)
            await self._exits.publish(delivery, wires, kept=self._journal.keeps_results)
        else:
            self._count(delivery, "fenced")
            _log.warning("another worker took this message over; its outcome counts")
            await self._exits.ack(delivery)

    async def _limited(self, call: Call, command: Command, delivery: Delivery) -> Any:
        await interfere(self._environment)
        try:
            async with asyncio.timeout(self._handler_seconds) as limit:
                return await call(command, delivery.task())
        except TimeoutError as error:
            if not limit.expired():
                raise
            # A delivery held for ever would wait silently, and the broker closes the channel.
            raise HandlerTimeoutError(
                f"the handler did not end within {self._handler_seconds:g} s"
            ) from error

    async def _failed(self, delivery: Delivery, token: str, error: Exception) -> None:
        identity = delivery.identity
        decision = decide(error, identity, self._policy, datetime.now(UTC))
        unexpected = decision.code == "internal_error"
        _log.warning(
            "command failed",
            code=decision.code,
            decision=type(decision).__name__,
            attempt=identity.attempt,
            error=str(error),
            exc_info=error if unexpected else None,
        )
        if isinstance(decision, Retry):
            self._count(delivery, "retried")
            await self._release(delivery, token, in_doubt=decision.in_doubt)
            await self._exits.retry(delivery, decision, self._follow_ups(delivery, error))
        else:
            await self._give_up(delivery, token, decision, self._follow_ups(delivery, error))

    def _follow_ups(self, delivery: Delivery, error: Exception) -> list[Wire]:
        asked = error.follow_ups if isinstance(error, WorkerError) else ()
        outbox = self._exits.outbox(delivery, datetime.now(UTC))
        return [outbox.command(after, index) for index, after in enumerate(asked)]

    async def _give_up(
        self, delivery: Delivery, token: str, decision: GiveUp, follow_ups: Sequence[Wire] = ()
    ) -> None:
        wires = [*self._exits.failure(delivery, decision), *follow_ups]
        if await self._record(delivery, token, wires):
            self._count(delivery, "failed")
            await self._exits.bury(delivery, decision)
            await self._exits.publish(delivery, wires, kept=self._journal.keeps_results)
        else:
            await self._exits.ack(delivery)

    async def _again(self, delivery: Delivery, wires: list[Wire]) -> None:
        given_up = failure_of(wires) if delivery.identity.redelivered else None
        if given_up is not None:
            # Its first owner may have died between the record and the dead letter.
            await self._exits.bury(delivery, given_up)
        # The same facts under the same ids; a client that lost its own id waits under a new one.
        asked_as = delivery.identity.correlation_id or ""
        await self._exits.publish(delivery, [answering(wire, asked_as) for wire in wires])

    async def _reused(self, delivery: Delivery) -> None:
        error = MessageIdReusedError(
            "another command with other content was published under this message_id before; "
            "publish this one again under an id of its own"
        )
        _log.warning("message id used twice for different commands")
        self._count(delivery, "failed")
        decision = GiveUp(error.code, str(error))
        await self._exits.bury(delivery, decision)
        wires = self._exits.failure(delivery, decision)
        # The first command may have failed too: its event has the id that this one would get.
        other = [with_id(w, derived_id(w.message_id, delivery.content)) for w in wires]
        await self._exits.publish(delivery, other)

    async def _refuse(self, delivery: Delivery, error: InvalidMessageError) -> None:
        # A bad message is judged by its bytes alone: each copy gets the same event, same id.
        decision = GiveUp(error.code, str(error), error.field)
        _log.warning("message refused", code=error.code, field=error.field, error=str(error))
        self._count(delivery, "invalid")
        await self._exits.bury(delivery, decision)
        await self._exits.publish(delivery, self._exits.failure(delivery, decision))

    async def _record(self, delivery: Delivery, token: str, wires: list[Wire]) -> bool:
        outcome = f"{delivery.content}\n{dump(wires)}"
        result = self._exits.result(delivery, wires)
        recorded = await self._until_available(
            lambda: self._journal.finish(delivery.key, token, outcome, result)
        )
        hit("after_record", self._environment)
        return recorded

    async def _release(
        self, delivery: Delivery, token: str, *, in_doubt: bool, survived: bool = True
    ) -> None:
        await self._until_available(
            lambda: self._journal.release(delivery.key, token, in_doubt=in_doubt, survived=survived)
        )

    async def _identify(self, raw: AbstractIncomingMessage) -> Identity:
        identity = Identity.of(raw)
        if identity.message_id is not None:
            completed = identity.completed(identity.message_id)
        else:
            fingerprint = hashlib.sha256(raw.body).hexdigest()
            stamp = await self._until_available(
                lambda: self._journal.stamp(fingerprint, redelivered=identity.redelivered)
            )
            completed = identity.completed(stamp)
            _log.warning(
                "message came without message_id; one was made, but only the publisher's own "
                "id protects against publishing twice",
                message_id=completed.message_id,
            )
        for name in completed.made:
            self._metrics.made_ids.labels(property=name).inc()
        return completed

    async def _until_available(self, step: Callable[[], Awaitable[ResultType]]) -> ResultType:
        """Ask the journal until it answers: nothing may start or end without it."""
        attempt = 0
        while True:
            try:
                return await step()
            except JournalUnavailableError as error:
                if attempt % 10 == 0:
                    _log.warning("journal unavailable, waiting", reason=str(error))
                await asyncio.sleep(min(0.2 * 2 ** min(attempt, 4), 3.0))
                attempt += 1

    def _count(self, delivery: Delivery, outcome: str, seconds: float | None = None) -> None:
        self._metrics.finished(delivery.command, outcome, seconds)
