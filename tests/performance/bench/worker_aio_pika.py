"""The bare client library: what the wire costs, with nothing around it."""

import asyncio
import os

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from workers_contracts.taxpayer import ValidateTaxpayer
from workers_contracts.topology import EVENTS

from .job import DONE, PREFETCH, answer, queue_of


async def main() -> None:
    """Consume until the process is ended."""
    connection = await aio_pika.connect_robust(os.environ["RMQ_URL"])
    channel = await connection.channel()
    await channel.set_qos(PREFETCH)
    events = await channel.get_exchange(EVENTS, ensure=False)

    async def handle(message: AbstractIncomingMessage) -> None:
        event = answer(ValidateTaxpayer.model_validate_json(message.body))
        reply = aio_pika.Message(
            event.model_dump_json().encode(),
            correlation_id=message.correlation_id,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await events.publish(reply, DONE)
        await message.ack()

    queue = await channel.get_queue(queue_of("aio-pika"), ensure=False)
    await queue.consume(handle)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
