"""`workers topology` on a real broker."""

import aio_pika
import pytest

from workers_runtime.testing import Bus

pytestmark = pytest.mark.integration


def test_empty_broker_is_filled_once(workers):
    before = workers("topology", "diff", "--json")
    assert before.code == 1
    assert {one["problem"] for one in before.json["differences"]} == {"missing"}
    made = workers("topology", "apply", "--json").json["declared"]
    assert {"kind": "queue", "name": "workers.unrouted"} in made
    assert workers("topology", "diff", "--json").json == {"equal": True, "differences": []}
    assert workers("topology", "apply", "--json").json == {"declared": []}
    assert workers("topology", "diff").out == "equal\n"


async def test_one_missing_queue_is_shown_and_made_with_its_binding(bus: Bus, later):
    await bus.delete("anaf.taxpayer")
    ran = await later("topology", "diff")
    assert ran.code == 1
    assert "anaf.taxpayer" in ran.out
    assert "missing" in ran.out
    assert "declared queue anaf.taxpayer" in (await later("topology", "apply")).out
    await bus.publish("taxpayer.validate", {"number": "1"})
    assert await bus.count("anaf.taxpayer") == 1


async def test_conflict_is_shown_exactly_and_nothing_is_changed(bus: Bus, later, vhost_url):
    await bus.delete("anaf.taxpayer")
    await bus.delete("anaf.efactura")
    connection = await aio_pika.connect(vhost_url)
    channel = await connection.channel()
    await channel.declare_queue(
        "anaf.taxpayer", durable=True, arguments={"x-queue-type": "quorum", "x-max-length": 5}
    )
    await connection.close()
    ran = await later("topology", "diff", "--json")
    assert ran.code == 1
    (conflict,) = [one for one in ran.json["differences"] if one["name"] == "anaf.taxpayer"]
    assert conflict["problem"] == "differs"
    assert conflict["argument"].startswith("x-")
    assert conflict["wanted"] != conflict["found"]
    refused = await later("topology", "apply", "--json")
    assert refused.code == 1
    assert refused.error["code"] == "declaration_conflict"
    assert conflict["argument"] in refused.error["message"]
    assert "drain anaf.taxpayer" in refused.error["next"]
    assert "delete_queue" in refused.error["next"]
    assert await bus.count("anaf.efactura") is None
    assert conflict["argument"] in (await later("topology", "apply")).out
