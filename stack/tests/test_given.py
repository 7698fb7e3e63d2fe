"""Servers that somebody else runs, and what the fixtures do without any."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from workers_stack.servers import ServerError
from workers_stack.servers.given import GivenBroker, GivenRedis
from workers_stack.servers.handshake import without_secret


@pytest.fixture
def management():
    """A management API that notes what it is asked; yields its URL and its notes."""
    notes = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            notes.append((self.command, self.path, self.rfile.read(length).decode()))
            self.send_response(401 if "forbidden" in self.path else 204)
            self.end_headers()

        do_PUT = do_DELETE = answer  # noqa: N815 - the names http.server looks for

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", notes
        server.shutdown()


async def test_vhost_of_a_given_broker_belongs_to_its_user(management):
    url, notes = management
    broker = GivenBroker("amqp://me:pass@broker:5672/main", url)
    assert await broker.add_vhost("test-1") == "amqp://me:pass@broker:5672/test-1"
    await broker.delete_vhost("test-1")
    assert [note[:2] for note in notes] == [
        ("PUT", "/api/vhosts/test-1"),
        ("PUT", "/api/permissions/test-1/me"),
        ("DELETE", "/api/vhosts/test-1"),
    ]
    assert notes[1][2] == '{"configure":".*","write":".*","read":".*"}'


async def test_refused_management_says_what_to_set(management):
    url, _ = management
    with pytest.raises(ServerError, match=r"401(.|\n)*Set RMQ_MANAGEMENT_URL"):
        await GivenBroker("amqp://me:pass@broker/", url).add_vhost("forbidden")


def test_given_redis_has_sixteen_databases():
    used = {GivenRedis("redis://r:6379/0").database(number) for number in range(100)}
    assert used == {f"redis://r:6379/{number}" for number in range(1, 16)}


def test_password_is_hidden_in_messages():
    assert without_secret("amqp://me:pass@host:5672/v") == "amqp://me:***@host:5672/v"
    assert without_secret("amqp://host/") == "amqp://host/"


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_missing_server_skips_here_and_fails_in_ci(tmp_path: Path, ci, outcome):
    (tmp_path / "conftest.py").write_text(
        "import workers_stack.servers.node as node\nnode._LAUNCHERS = ()\n"
    )
    (tmp_path / "test_it.py").write_text("def test_it(broker):\n    assert broker.url\n")
    environment = {**os.environ, "PATH": str(tmp_path), "CI": ci}
    environment.pop("RMQ_URL", None)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-rsE",
        "-q",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert outcome in done.stdout
    assert "needs RabbitMQ: install the package rabbitmq-server" in done.stdout
