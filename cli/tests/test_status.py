"""`workers status` and `workers doctor`: what is seen, and what it means."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from workers_cli.checks.fleet import heartbeats
from workers_cli.fleet import Fleet
from workers_contracts.catalog import commands
from workers_contracts.topology import command_queues
from workers_runtime.testing import Bus

pytestmark = pytest.mark.integration


def instance(tag, **changes):
    now = datetime.now(UTC).isoformat()
    return {"id": f"{tag}-1", "status": "idle", "missing": False, "last_seen": now} | changes


def worker(tag, **changes):
    return {
        "tag": tag, "status": "idle", "reason": "", "instance_count": 1, "health_score": 100,
        "deductions": [], "last_seen": datetime.now(UTC).isoformat(), "queue_size": 0,
        "stale": False, "instances": [instance(tag)], "versions": ["0.1.0"],
    } | changes  # fmt: skip


def fleet(*workers, **changes):
    as_of = datetime.now(UTC).isoformat()
    return {"workers": list(workers), "stale": False, "as_of": as_of} | changes


QUEUES = {command.queue() for command in commands().values()}
TAGS = sorted({command.tag for command in commands().values()})


def everybody(**instead):
    """Every worker there is, well; ``anaf_taxpayer=…`` puts another in its place, None none."""
    named = {tag.replace("_", "."): one for tag, one in instead.items()}
    found = (named.get(tag, worker(tag)) for tag in TAGS)
    return [one for one in found if one is not None]


@pytest.fixture
async def consumed(bus: Bus):
    """Somebody consumes every queue of commands."""

    async def keep(message):
        """Hold it for ever."""

    for name in command_queues():
        queue = await bus._channel.get_queue(name, ensure=False)
        await queue.consume(keep)


async def test_all_well_is_0(bus: Bus, later, page, consumed):
    ran = await later("status", "--registry-url", page(fleet(*everybody())), "--json")
    assert ran.code == 0, ran.out
    assert ran.json["ok"] is True
    assert [one["tag"] for one in ran.json["workers"]] == TAGS
    words = await later("status", "--registry-url", page(fleet(*everybody())))
    assert "all is well" in words.out


@pytest.fixture
def later(later, redis_url):
    """Run the command where Redis is this test's own."""
    return lambda *arguments, **options: later(*arguments, **{"REDIS_URL": redis_url, **options})


SILENT = worker("anaf.taxpayer", instances=[instance("x", missing=True)])
SICK = worker(
    "anaf.taxpayer",
    status="error",
    health_score=30,
    deductions=[{"reason": "broker_disconnected", "points": 70, "detail": "for 9 s"}],
)
PROBLEMS = {
    "missing worker": (fleet(*everybody(anaf_taxpayer=None)), "no worker anaf.taxpayer runs"),
    "stale": (fleet(*everybody(), stale=True), "answers from memory"),
    "silent instance": (
        fleet(*everybody(anaf_taxpayer=SILENT)),
        "anaf.taxpayer: no heartbeat from x-1",
    ),
    "error": (
        fleet(*everybody(anaf_taxpayer=SICK)),
        "anaf.taxpayer is error: -70 broker_disconnected (for 9 s)",
    ),
}  # fmt: skip


async def test_sick_workers_are_1(bus: Bus, later, page, consumed):
    for answer, words in PROBLEMS.values():
        url = page(answer)
        ran = await later("status", "--registry-url", url, "--json")
        assert ran.code == 1
        (problem,) = ran.json["problems"]
        assert words in problem["what"]
        assert problem["next"]
        assert words in (await later("status", "--registry-url", url)).out


async def test_number_of_waiting_commands_points_to_the_list_of_them(bus: Bus, later, page):
    answer = fleet(worker("anaf.efactura", waiting=17), worker("anaf.taxpayer", waiting=0))
    ran = await later("status", "--registry-url", page(answer))
    assert "17" in ran.out
    assert "workers waiting" in ran.err


async def test_score_and_stale_mark_are_in_the_table(bus: Bus, later, page):
    slow = [{"reason": "authority_slow", "points": 20, "detail": "9.2 s"}]
    answer = fleet(worker("anaf.efactura", health_score=80, deductions=slow, stale=True))
    text = (await later("status", "--registry-url", page(answer))).out
    assert "80" in text
    assert "-20 authority_slow (9.2 s)" in text
    assert "idle (stale)" in text


async def test_dead_unrouted_backlog_and_lonely_queues_are_1(bus: Bus, later, page, bury):
    await bury("m1")
    await bury("m2", queue="no.such.key", exchange="workers.commands")
    for _ in range(3):
        await bus.publish("efactura.submit", {})
    await bus.delete("anaf.efactura.check")
    url = page(fleet(*everybody()))
    ran = await later("status", "--registry-url", url, "--backlog", "2", "--json")
    assert ran.code == 1
    assert {problem["what"] for problem in ran.json["problems"]} == {
        "1 dead letters in anaf.taxpayer.dead",
        "1 messages that no queue took wait for the registry's answer",
        "3 messages wait in anaf.efactura",
        *(f"nobody consumes {queue}" for queue in QUEUES - {"anaf.efactura.check"}),
        "the queue anaf.efactura.check is missing",
    }


async def test_without_registry_the_broker_is_asked(bus: Bus, later, consumed):
    ran = await later("status")
    assert ran.code == 1
    assert "this is what RabbitMQ tells" in ran.err
    assert "anaf.taxpayer" in ran.out
    assert "the registry does not answer at http://127.0.0.1:1" in ran.out


ANSWERS = {
    "token": ((b"", 401), "REGISTRY_TOKEN"),
    "other program": ((b"<html>", 200), "correct --registry-url"),
    "broken": ((b"", 500), "correct --registry-url"),
}


@pytest.mark.parametrize(("answer", "words"), ANSWERS.values(), ids=ANSWERS)
def test_registry_that_answers_otherwise_is_explained(offline, page, answer, words):
    ran = offline("doctor", "--listen", "0.1", "--registry-url", page(*answer), "--json")
    checks = {check["name"]: check for check in ran.json["checks"]}
    assert ran.code == 1
    assert checks["registry"]["state"] == "wrong"
    assert words in checks["registry"]["next"]
    assert checks["heartbeats"]["state"] == "unchecked"


def test_token_of_the_environment_is_sent(offline, page):
    url = page(fleet(*everybody()))
    offline("status", "--registry-url", url, REGISTRY_TOKEN="abc")
    offline("status", "--registry-url", url)
    assert page.tokens == ["Bearer abc", None]


def test_doctor_marks_with_signs_on_a_terminal(offline):
    ran = offline("doctor", "--listen", "0.1", FORCE_COLOR="1")
    assert "✗ broker" in ran.out


def test_doctor_of_nothing_says_what_to_start(offline, alone):
    (alone / ".run").mkdir()
    stack = alone / ".run" / "stack.json"
    stack.write_text(json.dumps({"sandbox_url": "http://127.0.0.1:1"}))
    ran = offline("doctor", "--listen", "0.1", "--json")
    assert ran.code == 1
    states = {check["name"]: check["state"] for check in ran.json["checks"]}
    assert states == {
        "broker": "wrong", "permissions": "unchecked", "topology": "unchecked",
        "consumers": "unchecked", "dead letters": "unchecked", "unrouted": "unchecked",
        "redis": "wrong", "waiting": "unchecked", "registry": "wrong", "heartbeats": "unchecked",
        "workers": "unchecked", "clocks": "unchecked", "sandbox": "wrong",
    }  # fmt: skip
    assert all(c["next"] for c in ran.json["checks"] if c["state"] == "wrong")


async def beat(bus: Bus, behind: float) -> None:
    told = (datetime.now(UTC) - timedelta(seconds=behind)).isoformat()
    envelope = {"type": "worker.heartbeat", "time": told, "data": {"status": "idle"}}
    await bus.publish("worker.heartbeat", envelope, exchange="workers.heartbeats")


async def test_doctor_compares_clocks_by_a_heartbeat(
    bus: Bus, later, page, consumed, redis_url, alone
):
    (alone / ".run").mkdir()
    (alone / ".run" / "stack.json").write_text(json.dumps({"sandbox_url": page({})}))
    url = page(fleet(*everybody()))
    arguments = ("--registry-url", url, "--redis-url", redis_url, "--listen", "10", "--json")
    for behind, state, code in ((0, "ok", 0), (60, "wrong", 1), (-60, "wrong", 1)):
        task = later("doctor", *arguments)
        while not task.done():
            await beat(bus, behind)
            await asyncio.sleep(0.05)
        ran = await task
        states = {check["name"]: check["state"] for check in ran.json["checks"]}
        assert states.pop("clocks") == state
        assert set(states.values()) == {"ok"}, ran.out
        assert ran.code == code


async def test_doctor_names_what_is_wrong_with_the_broker_in_plain_ascii(bus: Bus, later, bury):
    await bury("m1")
    await bus.delete("anaf.efactura")
    ran = await later("doctor", "--listen", "0.1")
    assert ran.code == 1
    for words in (
        "ok    broker",
        "ok    permissions",
        "WRONG topology      1 differences: anaf.efactura",
        "WRONG consumers",
        "1 in anaf.taxpayer.dead",
        "next: workers dead list anaf.taxpayer.dead",
    ):
        assert words in ran.out
    assert ran.out.isascii()


async def test_doctor_names_a_missing_permission(bus: Bus, later, private_user):
    ran = await later("doctor", "--listen", "0.1", "--json", "--rmq-url", private_user)
    checks = {check["name"]: check for check in ran.json["checks"]}
    assert checks["broker"]["state"] == "ok"
    assert checks["permissions"]["state"] == "wrong"
    assert "refuses" in checks["permissions"]["detail"]
    assert checks["unrouted"]["state"] == "ok"


@pytest.fixture
async def private_user(broker, vhost_url):
    """A user that may look and nothing more."""
    vhost = vhost_url.rsplit("/", 1)[1]
    await broker.ctl("add_user", "looker", "secret")
    await broker.ctl("set_permissions", "-p", vhost, "looker", "^$", "^$", ".*")
    yield vhost_url.replace("guest:guest", "looker:secret")
    await broker.ctl("delete_user", "looker")


def test_silent_instance_is_not_fresh():
    old = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
    silent = worker("anaf.taxpayer", instances=[instance("x", last_seen=old)])
    check = heartbeats(Fleet.model_validate(fleet(silent)))
    assert check.state == "wrong"
    others = ", ".join(tag for tag in TAGS if tag != "anaf.taxpayer")
    assert check.detail == f"never heard: {others}; silent: x-1 (3 min ago)"
