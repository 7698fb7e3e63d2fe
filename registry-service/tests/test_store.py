"""Redis: what is written, how long it lives, and what happens while it is away."""

import asyncio
import json
import time

import pytest
import redis.asyncio
from pydantic import SecretStr

from registry_service import keys
from registry_service.app import make_service
from registry_service.clock import utc_now
from registry_service.jobs import start
from registry_service.store import MAX_NOTICES, Store, connect
from registry_service.views import Digest, InstanceRecord, Notice, WorkerView

TAG = "anaf.efactura"


@pytest.fixture
async def raw(redis_url):
    async with redis.asyncio.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


def test_frozen_names():
    assert keys.status("reges") == "wrk:registry:status:reges"
    assert keys.metrics("reges") == "wrk:registry:metrics:reges"
    assert keys.instance("reges", "a-1") == "wrk:registry:instance:reges:a-1"
    assert keys.EVENTS == "wrk:events"
    assert (keys.STATUS_SECONDS, keys.METRICS_SECONDS, keys.INSTANCE_SECONDS) == (120, 60, 120)


async def test_every_key_matches_its_schema_and_expires(service, beat, clock, raw, eventually):
    service.registry.heartbeat(beat())
    service.registry.note_scrape(
        Digest(tag=TAG, scraped_at=clock(), instances_scraped=1, instances_failed=0)
    )
    names = [keys.status(TAG), keys.instance(TAG, "one"), keys.metrics(TAG)]

    async def written():
        return await raw.exists(*names) == 3

    await eventually(written)
    assert sorted(await raw.keys("*")) == sorted(names)
    assert 115 < await raw.ttl(names[0]) <= 120
    assert 115 < await raw.ttl(names[1]) <= 120
    assert 55 < await raw.ttl(names[2]) <= 60
    assert WorkerView.model_validate_json(await raw.get(names[0])).health_score == 100
    assert InstanceRecord.model_validate_json(await raw.get(names[1])).status == beat()
    assert Digest.model_validate_json(await raw.get(names[2])).instances_scraped == 1


async def test_changes_are_published_in_order(service, beat, clock, raw, eventually):
    async with raw.pubsub() as channel:
        await channel.subscribe(keys.EVENTS)
        service.registry.heartbeat(beat(ago=2))
        service.registry.heartbeat(beat(ago=1, status="error"))
        clock.forward(90)
        service.registry.sweep()
        service.registry.heartbeat(beat(ago=1))
        service.registry.heartbeat(beat(status="stopped"))
        service.registry.heartbeat(beat(id="two"))
        service.registry.remove(TAG)
        heard = []
        async with asyncio.timeout(10):
            while len(heard) < 7:
                message = await channel.get_message(ignore_subscribe_messages=True, timeout=1)
                if message:
                    heard.append(Notice.model_validate_json(message["data"]))
    assert [notice.event for notice in heard] == [
        "registered",
        "status_changed",
        "missing",
        "status_changed",
        "stopped",
        "registered",
        "removed",
    ]
    assert heard[2].reason.startswith("no heartbeat")

    async def gone():
        return await raw.keys("*") == []

    await eventually(gone)


async def test_restarted_registry_remembers(service, settings, beat, clock, redis_url, eventually):
    service.registry.heartbeat(beat())
    await eventually(lambda: not service.store.stale and not service.store._pending)
    second = make_service(settings(redis_url=SecretStr(redis_url)), clock)
    second.registry.adopt(await second.store.load())
    assert [view.tag for view in second.registry.workers()] == [TAG]
    await second.store.close()


async def test_unreadable_memory_is_skipped(service, raw):
    await raw.set(keys.instance(TAG, "bad"), '{"status": 1}')
    assert await service.store.load() == []


async def test_notices_kept_for_an_absent_redis_are_bounded(beat, clock):
    store = Store(connect("redis://127.0.0.1:1/0"), clock)
    notice = Notice(event="registered", tag=TAG, id="x", status="idle", at=clock())
    for _ in range(MAX_NOTICES + 10):
        store.announce(notice)
    assert len(store._notices) == MAX_NOTICES
    await store.close()


@pytest.mark.fault
@pytest.mark.integration
async def test_redis_stopped_and_restarted(private_redis, settings, beat, eventually):
    """Reads answer from memory, marked stale; beats of that time are written afterwards."""
    made = make_service(settings(redis_url=SecretStr(private_redis.url)), utc_now)
    made._tasks.append(start("store", made.store.run(made.registry.adopt)))
    now = utc_now()
    made.registry.heartbeat(beat(last_seen=now))
    await eventually(lambda: not made.store.stale and not made.store._pending)
    await private_redis.kill()
    await eventually(lambda: made.store.stale)
    began = time.monotonic()
    for second in range(1, 4):
        outcome = made.registry.heartbeat(beat(last_seen=utc_now(), progress=second))
        assert outcome == "updated"
        reply = made.registry.reply()
        assert reply.stale
        assert reply.workers[0].stale
        assert reply.workers[0].instances[0].progress == second
        await asyncio.sleep(0.5)
    made.registry.heartbeat(beat(id="born-meanwhile", last_seen=utc_now()))
    assert time.monotonic() - began < 3, "nothing waits for Redis"
    await private_redis.start()
    await eventually(lambda: not made.store.stale and not made.store._pending)
    async with redis.asyncio.Redis.from_url(private_redis.url, decode_responses=True) as client:
        view = json.loads(await client.get(keys.status(TAG)))
        assert {i["id"] for i in view["instances"]} == {"one", "born-meanwhile"}
        record = json.loads(await client.get(keys.instance(TAG, "one")))
        assert record["status"]["progress"] == 3
    await made.stop()


@pytest.mark.fault
@pytest.mark.integration
async def test_frozen_redis_delays_nobody(private_redis, settings, beat, eventually):
    made = make_service(settings(redis_url=SecretStr(private_redis.url)), utc_now)
    made._tasks.append(start("store", made.store.run(made.registry.adopt)))
    await eventually(lambda: not made.store.stale)
    await private_redis.freeze()
    began = time.monotonic()
    made.registry.heartbeat(beat(last_seen=utc_now()))
    assert made.registry.reply().workers[0].tag == TAG
    assert time.monotonic() - began < 1
    await eventually(lambda: made.store.stale)
    await private_redis.thaw()
    await eventually(lambda: not made.store.stale and not made.store._pending)
    await made.stop()
