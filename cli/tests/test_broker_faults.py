"""A broker that freezes and restarts under the command."""

import asyncio

import pytest

from workers_runtime.testing import Bus

pytestmark = [pytest.mark.integration, pytest.mark.fault]


async def test_frozen_broker_is_not_waited_for_and_a_restarted_one_is_found_again(
    private_broker, offline, start_cli
):
    url = private_broker.url
    applied = await asyncio.to_thread(offline, "topology", "apply", "--rmq-url", url)
    assert applied.code == 0

    await private_broker.freeze()
    command = ("send", "taxpayer.validate", "--field", "number=12345674", "--json")
    ran = await asyncio.to_thread(offline, *command, "--rmq-url", url)
    await private_broker.thaw()
    assert ran.code == 2
    assert ran.error["code"] == "broker_unreachable"
    assert "no answer within 5 s" in ran.error["message"]

    tail = start_cli("tail", "a.b", "--count", "1", "--timeout", "60", "--rmq-url", url)
    assert "listening" in await asyncio.to_thread(tail.stderr.readline)
    await private_broker.restart(clean=False)
    while "listening" not in await asyncio.to_thread(tail.stderr.readline):
        await asyncio.sleep(0)
    async with Bus.connect(url) as bus:
        await bus.publish("a.b", {"type": "a.b", "data": {}}, exchange="workers.events")
    assert await asyncio.to_thread(tail.wait, 20) == 0
