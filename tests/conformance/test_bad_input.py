"""Hundreds of kinds of bad input, each of which every worker refuses with help, and lives on."""

import asyncio
import collections
import time

import aio_pika
import pytest

from workers_contracts.topology import dead_queue
from workers_runtime.testing.bad_input import Bad, bad_input

pytestmark = pytest.mark.integration
LEAST = 300
MOST_INNER = 400
CODES = {"invalid_message", "message_too_large"}


@pytest.fixture
def corpus(service) -> dict[str, Bad]:
    """Every kind by its name, made from the command's schema and its fullest example.

    Of a command with hundreds of inner fields every n-th kind inside them: they differ in place.
    """
    kinds = bad_input(service.command, service.fullest())
    inner = [name for name, bad in kinds.items() if bad.field and "." in bad.field]
    left_out = set(inner) - set(inner[:: len(inner) // MOST_INNER + 1])
    return {name: bad for name, bad in kinds.items() if name not in left_out}


@pytest.fixture
async def dead_letters(service, bus, vhost_url):
    """The dead letters so far, by their correlation id, which is the kind's number."""
    found: dict[str, list[aio_pika.abc.AbstractIncomingMessage]] = collections.defaultdict(list)

    async def receive(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        found[message.correlation_id].append(message)

    async with await aio_pika.connect(vhost_url) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(dead_queue(service.queue))
        await queue.consume(receive, no_ack=True)
        yield found


async def test_every_kind_of_bad_input_is_one_dead_letter_with_its_reason_and_field(
    service, start, bus, corpus, dead_letters
):
    worker = start().wait_ready(90)
    assert len({(bad.body, str(bad.properties)) for bad in corpus.values()}) >= LEAST
    pid = worker.pid
    for number, bad in enumerate(corpus.values()):
        await bus.publish(
            service.key, bad.body, message_id=f"b{number}", correlation_id=f"{number}",
            **bad.properties,
        )  # fmt: skip
    numbers = {str(number) for number in range(len(corpus))}
    await _until(lambda: numbers <= dead_letters.keys(), worker)
    await _until(lambda: numbers <= {event.correlation_id for event in bus.events}, worker)
    # A good command last: what was refused twice would have been seen before its answer.
    assert (await service.answered(bus, await service.send(bus))).key in service.outcomes
    events = collections.defaultdict(list)
    for event in bus.events:
        events[event.correlation_id].append(event)
    wrong = {
        name: problem
        for number, (name, bad) in enumerate(corpus.items())
        if (problem := _problem(service, bad, dead_letters[str(number)], events[str(number)]))
    }
    assert not wrong
    assert worker.running
    assert worker.pid == pid
    assert worker.log.count('"event": "started"') == 1
    assert "Traceback" not in worker.log


def _problem(service, bad: Bad, letters, events) -> str | None:
    """Say what is wrong with a refusal, or None."""
    if len(letters) != 1 or len(events) != 1:
        return f"{len(letters)} dead letters, {[event.key for event in events]}"
    headers, told = letters[0].headers, events[0].data
    if events[0].key != service.failed or letters[0].body != bad.body:
        return f"{events[0].key}, with another body"
    if headers["x-reason-code"] not in CODES or told["code"] != headers["x-reason-code"]:
        return f"the codes are {headers['x-reason-code']} and {told['code']}"
    if (headers["x-reason-field"] or None, told["field"]) != (bad.field, bad.field):
        return f"names {headers['x-reason-field']!r} and {told['field']!r}, not {bad.field!r}"
    if bad.field and not told["message"].startswith(("the header", f"{bad.field}: ")):
        return f"the text does not begin with the field: {told['message']}"
    return None if told["message"].startswith(headers["x-reason"][:200]) else "two reasons"


async def _until(condition, worker, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert worker.running, worker.log[-3000:]
        assert time.monotonic() < deadline, f"not within {seconds:g} s\n{worker.log[-3000:]}"
        await asyncio.sleep(0.1)
