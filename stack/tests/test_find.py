"""The choice of servers: the first that works, one line for each choice, one message when none."""

import asyncio
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from workers_stack.servers import (
    ServerError,
    apt,
    containers,
    docker,
    find,
    find_servers,
    install_programs,
)
from workers_stack.servers.find import NOTHING_WORKS
from workers_stack.servers.node import broker_programs


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch):
    """Replace PATH by a folder of small shell scripts; returns a function that adds one."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def add(name: str, script: str = "exit 0") -> Path:
        file = folder / name
        file.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return file

    monkeypatch.setenv("PATH", str(folder))
    return add


@pytest.fixture
def bare_machine(programs, monkeypatch):
    """A machine on which nothing is installed and nothing runs."""
    monkeypatch.setattr("workers_stack.servers.node._LAUNCHERS", ())
    monkeypatch.setattr(find, "LOCAL_BROKER", "amqp://guest:guest@127.0.0.1:1/")
    monkeypatch.setattr(find, "LOCAL_REDIS", "redis://127.0.0.1:1/0")
    return programs


async def test_nothing_works_ends_in_one_message(bare_machine, monkeypatch, tmp_path, said):
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1000)
    bare_machine("apt-get", "exit 1")
    with pytest.raises(ServerError) as raised:
        await find_servers(tmp_path, said.append, {})
    assert str(raised.value) == NOTHING_WORKS.format(
        names="RabbitMQ and Redis", packages="rabbitmq-server redis-server"
    )
    assert said == []


@pytest.mark.integration
async def test_given_servers_are_used(broker, redis_server, tmp_path, said):
    given = {"RMQ_URL": broker.url, "REDIS_URL": redis_server.url}
    servers = await find_servers(tmp_path, said.append, given)
    assert (servers.amqp_url, servers.redis_url) == (broker.url, redis_server.url)
    assert said == ["RabbitMQ: the one that RMQ_URL names", "Redis: the one that REDIS_URL names"]
    await servers.close()
    assert broker.running
    assert redis_server.running


@pytest.mark.integration
async def test_given_broker_with_a_wrong_password_is_never_replaced(broker, tmp_path, said):
    url = broker.url.replace("guest:guest", "guest:wrong")
    with pytest.raises(
        ServerError, match=r"RMQ_URL=.*\*\*\*.*does not work: .*Correct it"
    ) as raised:
        await find_servers(tmp_path, said.append, {"RMQ_URL": url})
    assert "wrong" not in str(raised.value)


@pytest.mark.integration
async def test_running_local_servers_are_used(broker, redis_server, monkeypatch, tmp_path, said):
    monkeypatch.setattr(find, "LOCAL_BROKER", broker.url)
    monkeypatch.setattr(find, "LOCAL_REDIS", redis_server.url)
    servers = await find_servers(tmp_path, said.append, {})
    assert servers.amqp_url == broker.url
    assert said[0] == "RabbitMQ: the one already running on port 5672"


@pytest.mark.integration
async def test_private_redis_is_started_and_ended(broker, monkeypatch, tmp_path, said):
    monkeypatch.setattr(find, "LOCAL_REDIS", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(docker, "_DETECT_LIMIT", 0.5)
    servers = await find_servers(tmp_path, said.append, {"RMQ_URL": broker.url})
    assert said[-1].startswith("Redis: private server on port ")
    port = int(said[-1].rsplit(" ", 1)[1])
    assert servers.redis_url == f"redis://127.0.0.1:{port}/0"
    await servers.close()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", port)


PUBLISHED = """
{"Service": "rabbitmq", "State": "running", "Publishers": [
 {"URL": "127.0.0.1", "TargetPort": 5672, "PublishedPort": 40001, "Protocol": "tcp"},
 {"URL": "127.0.0.1", "TargetPort": 15672, "PublishedPort": 40002, "Protocol": "tcp"}]}
"""
COMPOSE = f"""
echo "$*" >> "$0.log"
case "$*" in
  *" ps "*) echo '{PUBLISHED.replace(chr(10), "")}'
            echo '{
    PUBLISHED.replace(chr(10), "")
    .replace("rabbitmq", "redis")
    .replace("5672", "6379")
    .replace("40001", "40003")
}' ;;
esac
"""


async def test_containers_are_used_where_an_engine_answers(bare_machine, tmp_path, said):
    program = bare_machine("docker", COMPOSE)
    servers = await find_servers(tmp_path, said.append, {})
    assert servers.amqp_url == "amqp://guest:guest@127.0.0.1:40001/"
    assert servers.redis_url == "redis://127.0.0.1:40003/0"
    assert said == ["RabbitMQ and Redis: containers of the local Docker engine"]
    await servers.close()
    calls = Path(f"{program}.log").read_text().splitlines()[2:]
    assert " down --volumes" in calls[-1]
    names = {re.search(r"--project-name (workers-[0-9a-f]{8}) ", call)[1] for call in calls}
    assert len(names) == 1


async def test_two_stacks_never_share_containers(bare_machine):
    program = bare_machine("docker", COMPOSE)
    one, two = await docker.start_compose(), await docker.start_compose()
    await one.close()
    await two.close()
    text = Path(f"{program}.log").read_text()
    assert len(set(re.findall(r"--project-name (\S+)", text))) == 2


async def test_containers_that_hang_are_given_up(bare_machine, monkeypatch):
    monkeypatch.setattr(containers, "_LIMIT", 0.3)
    bare_machine("docker", 'case "$*" in *" up "*) exec sleep 30;; esac')
    with pytest.raises(ServerError, match=r"no answer within 0\.3 s"):
        await asyncio.wait_for(docker.start_compose(), 10)


async def test_services_that_publish_nothing_are_an_error(bare_machine):
    bare_machine("docker", "exit 0")
    with pytest.raises(ServerError, match="rabbitmq is not running"):
        await docker.start_compose()


def test_library_of_containers_is_loaded_only_where_an_engine_answers():
    program = "import workers_stack.testing, workers_stack.dev, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert b"testcontainers" not in done.stdout


async def test_engine_that_hangs_is_no_engine(bare_machine, monkeypatch):
    monkeypatch.setattr(docker, "_DETECT_LIMIT", 0.2)
    bare_machine("docker", "exec sleep 30")
    assert await asyncio.wait_for(docker.engine_answers(), 3) is False


async def test_containers_that_do_not_come_up_are_removed(
    bare_machine, tmp_path, said, monkeypatch
):
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1000)
    failing = 'echo "$*" >> "$0.log"; case "$*" in *" up "*) echo no such image >&2; exit 1;; esac'
    program = bare_machine("docker", failing)
    with pytest.raises(ServerError, match="No RabbitMQ and Redis"):
        await find_servers(tmp_path, said.append, {})
    assert "no such image" in said[-1]
    assert " down --volumes" in Path(f"{program}.log").read_text().splitlines()[-1]


def test_apt_installs_while_services_are_held_down(bare_machine, tmp_path, monkeypatch, said):
    policy = tmp_path / "policy-rc.d"
    program = bare_machine(
        "apt-get", f'echo "$*" >> "$0.log"; [ -x {policy} ]; sh {policy} || true'
    )
    monkeypatch.setattr(apt, "can_install", lambda: True)
    monkeypatch.setattr(apt.install, "__kwdefaults__", {"policy": policy})
    told = bare_machine("debconf-set-selections", 'cat > "$0.log"')
    install_programs(said.append, {})
    assert said == [
        "installing rabbitmq-server and redis-server with apt-get (about half a minute)",
        "installing postfix with apt-get, a mail server for the tests; it stays down",
    ]
    calls = Path(f"{program}.log").read_text().splitlines()
    assert calls[0].endswith(" update")
    assert calls[1].endswith(" install --no-install-recommends rabbitmq-server redis-server")
    assert calls[3].endswith(" install --no-install-recommends postfix")
    assert "No configuration" in Path(f"{told}.log").read_text()
    assert not policy.exists()


def test_apt_failure_tells_its_last_words_and_cleans_up(bare_machine, tmp_path):
    policy = tmp_path / "policy-rc.d"
    bare_machine("apt-get", "echo E: Unable to locate package >&2; exit 100")
    with pytest.raises(ServerError, match="Unable to locate package"):
        apt.install(["rabbitmq-server"], policy=policy)
    assert not policy.exists()


def test_somebody_elses_policy_is_kept(bare_machine, tmp_path):
    policy = tmp_path / "policy-rc.d"
    policy.write_text("mine")
    bare_machine("apt-get")
    apt.install(["redis-server"], policy=policy)
    assert policy.read_text() == "mine"


def test_nothing_is_installed_for_given_servers(bare_machine, said):
    install_programs(said.append, {"RMQ_URL": "amqp://x/", "REDIS_URL": "redis://x/"})
    assert said == []


def test_wrapper_that_only_root_may_run_is_not_taken_for_the_launcher(bare_machine):
    bare_machine("rabbitmq-server")
    assert broker_programs() is None
