"""Publishes one message and returns once the broker has it safe, or says why not."""

import asyncio

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity, DeliveryError, PublishError

from .errors import NotConfirmedError, TopologyMissingError

CONFIRM_SECONDS = 10.0
"""The broker's time to confirm one message."""


async def confirming_channel(connection: AbstractConnection) -> AbstractChannel:
    """Open a channel whose publishes wait for the confirm and raise when they come back."""
    return await connection.channel(publisher_confirms=True, on_return_raises=True)


async def publish(
    channel: AbstractChannel, exchange: str, routing_key: str, message: aio_pika.Message
) -> None:
    """Publish with a confirm, mandatory.

    Raises:
        TopologyMissingError: the exchange or the queue is not there.
        NotConfirmedError: the queue is full, or no confirm came; then it may have the message.
    """
    work = asyncio.create_task(_attempt(channel, exchange, routing_key, message))
    # An own task: a publish to a frozen broker heeds no time-out of its own.
    done, _ = await asyncio.wait({work}, timeout=CONFIRM_SECONDS)
    if not done or work.cancelled():
        work.cancel()
        raise NotConfirmedError(
            f"RabbitMQ did not confirm the message {message.message_id} within "
            f"{CONFIRM_SECONDS:g} s; it may have it",
            "do the same again with the same message id: workers act on an id once",
        )
    work.result()


async def _attempt(
    channel: AbstractChannel, exchange: str, routing_key: str, message: aio_pika.Message
) -> None:
    target = (
        await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
    )
    try:
        await target.publish(message, routing_key, mandatory=True)
    except ChannelNotFoundEntity:
        raise TopologyMissingError(
            f"RabbitMQ has no exchange {exchange}", "workers topology apply"
        ) from None
    except PublishError:
        where = f"{exchange} with the key {routing_key}" if exchange else routing_key
        raise TopologyMissingError(
            f"RabbitMQ has no queue for {where}", "workers topology apply"
        ) from None
    except DeliveryError:
        raise NotConfirmedError(
            f"RabbitMQ refused the message: the queue of {routing_key} is full",
            "workers status",
        ) from None
