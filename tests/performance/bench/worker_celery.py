"""Celery as it is run for jobs that matter: acks_late, prefork, results in Redis, quorum queue.

It has an environment of its own (`requirements/bench.txt`): Celery is no part of the product.
"""

import functools
import os

from celery import Celery
from kombu import Connection, Exchange, Producer, Queue

from workers_contracts.taxpayer import ValidateTaxpayer
from workers_contracts.topology import EVENTS

from .job import DONE, PREFETCH, answer, queue_of

QUEUE = queue_of("celery")
app = Celery("bench", broker=os.environ["RMQ_URL"], backend=os.environ["REDIS_URL"])
app.conf.update(
    task_queues=[
        Queue(QUEUE, Exchange(""), routing_key=QUEUE, queue_arguments={"x-queue-type": "quorum"})
    ],
    task_default_queue=QUEUE,
    task_default_queue_type="quorum",
    worker_detect_quorum_queues=True,
    task_acks_late=True,
    worker_prefetch_multiplier=PREFETCH,
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
)


@functools.cache
def producer() -> Producer:
    """Return the one producer of this process; it confirms every publish."""
    options = {"confirm_publish": True}
    return Connection(os.environ["RMQ_URL"], transport_options=options).Producer(auto_declare=False)


@app.task(name="bench.validate")
def validate(body: str) -> str:
    """Answer, and publish the event before the command is acknowledged."""
    event = answer(ValidateTaxpayer.model_validate_json(body)).model_dump_json()
    producer().publish(
        event, exchange=EVENTS, routing_key=DONE, delivery_mode=2, content_type="application/json",
        content_encoding="utf-8", correlation_id=validate.request.correlation_id,
    )  # fmt: skip
    return event


if __name__ == "__main__":
    app.worker_main([
        "worker", "--pool=prefork", "--concurrency=1", "--loglevel=INFO",
        "--without-gossip", "--without-mingle",
    ])  # fmt: skip
