"""FastStream with its defaults, except that its events survive the broker."""

import asyncio
import os

from faststream import FastStream
from faststream.rabbit import ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitQueue

from workers_contracts.taxpayer import TaxpayerValidated, ValidateTaxpayer
from workers_contracts.topology import EVENTS

from .job import DONE, answer, queue_of

QUEUE = queue_of("faststream-default")


def build() -> FastStream:
    """Put the worker together."""
    broker = RabbitBroker(os.environ["RMQ_URL"])
    events = RabbitExchange(EVENTS, type=ExchangeType.TOPIC, durable=True, declare=False)
    queue = RabbitQueue(QUEUE, queue_type=QueueType.QUORUM, durable=True, declare=False)

    @broker.publisher(exchange=events, routing_key=DONE, persist=True)
    @broker.subscriber(queue)
    async def validate(command: ValidateTaxpayer) -> TaxpayerValidated:
        return answer(command)

    return FastStream(broker)


if __name__ == "__main__":
    asyncio.run(build().run())
