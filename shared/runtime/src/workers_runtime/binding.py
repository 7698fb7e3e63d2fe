"""Attaches handlers to a broker, so that every delivery passes through the kernel."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from aio_pika.abc import AbstractIncomingMessage
from faststream import AckPolicy
from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.subscriber import RabbitSubscriber

from workers_contracts.base import Command, Event
from workers_contracts.topology import COMMANDS, EVENTS

from .delivery import Lane
from .gathering import gather
from .giving_up import end_with_its_caller
from .injecting import injecting
from .kernel import Kernel
from .router import Router
from .unreadable import tolerate


def bind(router: Router, broker: RabbitBroker, kernel: Kernel, *, prefetch: int) -> list[Lane]:
    """Attach the handlers to a broker, each with its lane for suspects, and document its events."""
    tolerate()
    end_with_its_caller()
    gather()
    lanes: dict[str, Lane] = {}
    commands = RabbitExchange(COMMANDS, type=ExchangeType.TOPIC, durable=True, declare=False)
    events = RabbitExchange(EVENTS, type=ExchangeType.TOPIC, durable=True, declare=False)
    for handler in router.handlers:
        for suspect in (False, True):
            lane = Lane(handler, handler.command.queue(), suspect)
            lanes[lane.consumed] = lane
            subscriber = broker.subscriber(
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
            )
            subscriber(_unchecked(handler.function))
            # Its own way to the handler would cost more than all that the kernel does.
            setattr(  # noqa: B010 - it is a method, and this one's is replaced
                subscriber, "consume", _direct(broker, subscriber, lane, kernel)
            )
    # Once each, however many handlers publish it: the library calls a second one a clash.
    sent: dict[str, tuple[RabbitExchange, type[Event | Command]]] = {}
    for handler in router.handlers:
        sent |= {event.key: (events, event) for event in handler.emits}
        sent |= {command.key: (commands, command) for command in handler.sends}
    for key, (exchange, message) in sent.items():
        broker.publisher(
            exchange=exchange,
            routing_key=key,
            schema=message,
            persist=True,
            title=key,
            description=message.__doc__,
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


def _direct(
    broker: RabbitBroker, subscriber: RabbitSubscriber, lane: Lane, kernel: Kernel
) -> Callable[[AbstractIncomingMessage], Awaitable[None]]:
    """Return what hands a delivery to the kernel, which calls the handler with what it asks for."""
    call = injecting(broker, lane.handler.function)

    async def take(raw: AbstractIncomingMessage) -> None:
        # What a stopped subscriber still gets goes back to its queue with the channel.
        if subscriber.running:
            kernel.take(lane, raw, call)

    return take
