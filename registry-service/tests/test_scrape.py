"""Scrapes and probes, against small web servers."""

import time

import pytest

from registry_service import fetch
from registry_service.probe import Prober
from registry_service.scrape import TRIES, Scraper, digest

TAG = "anaf.efactura"
METRICS = b"""# TYPE worker_outcomes counter
worker_outcomes_total{tag="anaf.efactura",command="efactura.submit",outcome="ok"} 7
worker_outcomes_total{tag="anaf.efactura",command="efactura.check",outcome="ok"} 3
worker_outcomes_total{tag="anaf.efactura",command="efactura.submit",outcome="failed"} 1
worker_outcomes_total{tag="anaf.efactura",command="efactura.submit",outcome="invalid"} 1
worker_outcomes_total{tag="anaf.efactura",command="efactura.submit",outcome="retried"} 5
# TYPE task_duration_seconds histogram
task_duration_seconds_bucket{tag="anaf.efactura",command="efactura.submit",le="+Inf"} 8
task_duration_seconds_sum{tag="anaf.efactura",command="efactura.submit"} 2.5
task_duration_seconds_count{tag="anaf.efactura",command="efactura.submit"} 8
"""


@pytest.fixture
def scraper(lone_service, fetcher, clock):
    return Scraper(lone_service.registry, fetcher, lone_service.measures, clock)


@pytest.fixture
def prober(lone_service, fetcher):
    return Prober(lone_service.registry, fetcher, lone_service.measures)


def failures(service, check):
    return service.measures.failed_checks.labels(TAG, check)._value.get()


def test_digest_sums_instances_and_outcomes(clock):
    made = digest(TAG, [METRICS.decode()] * 2, failed=1, at=clock())
    assert (made.tasks_succeeded, made.tasks_failed) == (20, 4)
    assert (made.duration_seconds_sum, made.duration_count) == (5.0, 16)
    assert (made.instances_scraped, made.instances_failed) == (2, 1)


async def test_scrape_keeps_a_digest_that_the_api_shows(lone_service, scraper, serve, beat, clock):
    web = await serve()
    web.answer("/metrics", METRICS)
    lone_service.registry.heartbeat(beat(health_endpoint=web.url))
    await scraper.scrape()
    assert lone_service.registry.reply_for(TAG).metrics.tasks_succeeded == 10
    clock.forward(151)
    assert lone_service.registry.reply_for(TAG).metrics is None


async def test_hanging_targets_delay_nobody_and_are_counted(lone_service, scraper, serve, beat):
    hanging, good = await serve(), await serve()
    hanging.hang("/metrics")
    good.answer("/metrics", METRICS)
    for number in range(30):
        status = beat(tag=f"hang{number}", health_endpoint=hanging.url)
        lone_service.registry.heartbeat(status)
    lone_service.registry.heartbeat(beat(tag="zz", health_endpoint=good.url))
    began = time.monotonic()
    await scraper.scrape()
    # 30 targets, 20 at a time, 3 tries of 0.3 s each: two rounds and not thirty.
    assert time.monotonic() - began < 6
    assert lone_service.registry.reply_for("zz").metrics.instances_scraped == 1
    assert lone_service.registry.reply_for("hang0").metrics.instances_failed == 1
    assert hanging.asked.count("/metrics") == 30 * TRIES


async def test_failed_scrape_is_tried_three_times_and_counted(lone_service, scraper, serve, beat):
    web = await serve()
    web.answer("/metrics", b"", "500 Internal Server Error")
    lone_service.registry.heartbeat(beat(health_endpoint=web.url))
    await scraper.scrape()
    assert web.asked == ["/metrics"] * 3
    assert failures(lone_service, "metrics") == 1


async def test_refused_address_is_not_tried(lone_service, scraper, beat):
    lone_service.registry.heartbeat(beat(health_endpoint="http://169.254.169.254"))
    began = time.monotonic()
    await scraper.scrape()
    assert time.monotonic() - began < 2
    assert failures(lone_service, "metrics") == 1


@pytest.mark.parametrize("body", [b"this is no exposition {{{", b"a{ 1", b"\xff\xfe"])
async def test_answer_that_is_no_exposition_is_counted(lone_service, scraper, serve, beat, body):
    web = await serve()
    web.answer("/metrics", body)
    lone_service.registry.heartbeat(beat(health_endpoint=web.url))
    await scraper.scrape()
    assert failures(lone_service, "metrics") == 1


async def test_missing_instance_is_not_scraped(lone_service, scraper, serve, beat, clock):
    web = await serve()
    lone_service.registry.heartbeat(beat(health_endpoint=web.url))
    clock.forward(80)
    lone_service.registry.sweep()
    await scraper.scrape()
    assert web.asked == []


async def test_crash_is_shown_after_two_refused_probes(lone_service, prober, serve, beat):
    web = await serve()
    web.answer("/health/live", b"{}")
    lone_service.registry.heartbeat(beat(health_endpoint=web.url))
    await prober.probe()
    web.server.close()
    await web.server.wait_closed()
    await prober.probe()
    assert lone_service.registry.workers()[0].status == "running"
    await prober.probe()
    (worker,) = lone_service.registry.workers()
    assert (worker.status, worker.health_score) == ("error", 0)
    assert "port is closed" in worker.reason
    assert failures(lone_service, "live") == 2


async def test_instance_that_was_never_reached_is_not_condemned(lone_service, prober, beat):
    lone_service.registry.heartbeat(beat(health_endpoint="http://127.0.0.1:1"))
    for _ in range(4):
        await prober.probe()
    assert lone_service.registry.workers()[0].status == "running"


async def test_beat_acquits_an_instance_whose_port_is_closed(
    lone_service, prober, serve, beat, clock
):
    web = await serve()
    web.answer("/health/live", b"{}")
    lone_service.registry.heartbeat(beat(health_endpoint=web.url))
    await prober.probe()
    web.server.close()
    await web.server.wait_closed()
    for _ in range(3):
        await prober.probe()
    assert lone_service.registry.workers()[0].status == "error"
    clock.forward(30)
    lone_service.registry.heartbeat(beat(health_endpoint=web.url))
    for _ in range(3):
        await prober.probe()
    assert lone_service.registry.workers()[0].status == "running"


async def test_slow_or_unwell_instance_is_not_a_crash(lone_service, prober, serve, beat):
    web = await serve()
    web.answer("/health/live", b"{}")
    lone_service.registry.heartbeat(beat(health_endpoint=web.url))
    await prober.probe()
    web.answer("/health/live", b"", "503 Service Unavailable")
    for _ in range(3):
        await prober.probe()
    assert lone_service.registry.workers()[0].status == "running"
    assert failures(lone_service, "live") == 3


def test_limits_are_those_promised():
    assert (fetch.MAX_BYTES, TRIES) == (2 * 1024 * 1024, 3)
