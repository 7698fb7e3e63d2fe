"""Attaches handlers to a broker, so that every delivery passes through the kernel."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from faststream import AckPolicy, BaseMiddleware, ContextRepo
from faststream.message import StreamMessage
from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

from workers_contracts.topology import COMMANDS, EVENTS

from .delivery import Lane
from .identity import Task
from .kernel import Kernel
from .router import Router
from .unreadable import tolerate


def bind(router: Router, broker: RabbitBroker, kernel: Kernel, *, prefetch: int) -> list[Lane]:
    """Attach the handlers to a broker, each with its lane for suspects, and document its events."""
    tolerate()
    lanes: dict[str, Lane] = {}
    broker.add_middleware(_middleware(kernel, lanes))
    commands = RabbitExchange(COMMANDS, type=ExchangeType.TOPIC, durable=True, declare=False)
    events = RabbitExchange(EVENTS, type=ExchangeType.TOPIC, durable=True, declare=False)
    for handler in router.handlers:
        for suspect in (False, True):
            lane = Lane(handler, handler.command.queue(), suspect)
            lanes[lane.consumed] = lane
            broker.subscriber(
                RabbitQueue(
                    lane.consumed, routing_key=handler.command.key, durable=True, declare=False
                ),
                commands,
                # An own channel a lane: a prefetch bounds what one lane holds.
                channel=Channel(prefetch_count=1 if suspect else prefetch),
                ack_policy=AckPolicy.MANUAL,
                no_reply=True,
                title=handler.command.key,
                include_in_schema=handler.command.is_public() and not suspect,
            )(_unchecked(handler.function))
        for event in handler.emits:
            broker.publisher(
                exchange=events,
                routing_key=event.key,
                schema=event,
                persist=True,
                title=event.key,
                description=event.__doc__,
            )
    return list(lanes.values())


def _unchecked(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Hide the return annotation: FastStream would check it, and call a wrong event a bug."""

    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    signature = inspect.signature(function, eval_str=True)
    hidden = signature.replace(return_annotation=inspect.Signature.empty)
    call.__signature__ = hidden  # type: ignore[attr-defined]
    call.__annotations__ = {name: p.annotation for name, p in hidden.parameters.items()}
    return call


def _middleware(kernel: Kernel, lanes: Mapping[str, Lane]) -> Any:
    class Settling(BaseMiddleware):
        """Hands every delivery to the kernel, which calls the handler through FastStream."""

        async def consume_scope(self, call_next: Any, msg: StreamMessage[Any]) -> None:
            subscriber = self.context.get_local("handler_")
            lane = lanes[subscriber.queue.name]

            async def call(command: Any, task: Task) -> Any:
                async def decoded(_message: StreamMessage[Any]) -> Any:
                    return command

                msg.set_decoder(decoded)
                with self.context.scope("task", task):
                    return await call_next(msg)

            await kernel.consume(lane, msg.raw_message, call)

    def build(message: Any, /, *, context: ContextRepo) -> Settling:
        return Settling(message, context=context)

    return build
