"""The private broker: boots, survives, and leaves nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aio_pika
import pytest

from workers_stack.servers import PrivateBroker, ServerError
from workers_stack.servers.handshake import broker_problem

pytestmark = pytest.mark.integration


async def publish_one(url: str, queue: str) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        await channel.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(b"hello", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, queue)


async def take_one(url: str, queue: str) -> bytes:
    """Read a message and put it back."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        declared = await channel.declare_queue(queue, passive=True)
        message = await declared.get(timeout=10)
        await message.nack(requeue=True)
        return message.body


async def test_vhost_is_a_place_of_its_own(broker, vhost_url):
    await publish_one(vhost_url, "letters")
    assert await take_one(vhost_url, "letters") == b"hello"
    with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
        await take_one(broker.url, "letters")


async def test_vhost_is_gone_after_removal(broker):
    url = await broker.add_vhost("short-lived")
    assert await broker_problem(url) is None
    await broker.delete_vhost("short-lived")
    assert await broker_problem(url) is not None


async def test_vhost_name_cannot_carry_code(broker):
    with pytest.raises(ValueError, match="letters, digits"):
        await broker.add_vhost('x">>), halt().')


async def test_ctl_speaks_to_this_node(broker):
    assert str(broker.port) in await broker.ctl("status")
    with pytest.raises(ServerError, match="rabbitmqctl failed"):
        await broker.ctl("no_such_command")


@pytest.mark.fault
async def test_url_and_a_queue_made_a_moment_ago_survive_a_kill(private_broker):
    url, first = private_broker.url, private_broker.pid
    await publish_one(url, "letters")
    await private_broker.kill()
    assert not private_broker.running
    assert await broker_problem(url, limit=2) is not None
    await private_broker.start()
    assert private_broker.url == url
    assert private_broker.pid != first
    assert await take_one(url, "letters") == b"hello"


@pytest.mark.fault
async def test_frozen_broker_hangs_thaws_and_stops_while_its_neighbour_works(
    broker, private_broker
):
    assert broker.url != private_broker.url
    await private_broker.freeze()
    assert await broker_problem(broker.url, limit=5) is None
    assert await broker_problem(private_broker.url, limit=1) == "no answer within 1 s"
    assert private_broker.running
    await private_broker.thaw()
    assert await broker_problem(private_broker.url, limit=5) is None
    await private_broker.freeze()
    await asyncio.wait_for(private_broker.stop(), 15)
    assert not private_broker.running


async def test_broker_that_was_never_started_says_so():
    with pytest.raises(ServerError, match=r"call start\(\)"):
        _ = PrivateBroker(Path("unused")).url


OWNER = """
import asyncio, os, sys
from workers_stack.servers import PrivateBroker, PrivateRedis
async def main():
    broker, redis = PrivateBroker(), PrivateRedis()
    await broker.start()
    await redis.start()
    await broker.freeze()
    print(broker.pid, broker._epmd.pid, redis.pid, flush=True)
    await asyncio.sleep(120)
asyncio.run(main())
"""


@pytest.mark.fault
def test_nothing_is_left_when_the_parent_is_killed(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, env=environment
    )
    pids = [int(word) for word in owner.stdout.readline().split()]
    assert len(pids) == 3
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if alive(pid)] == []


def alive(pid: int) -> bool:
    try:
        # A zombie waiting for the init process to collect it is dead.
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
