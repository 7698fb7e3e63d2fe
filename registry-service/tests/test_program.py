"""The program as the operator meets it: settings, tokens, signals."""

import asyncio
import os
import signal
import socket
import sys
import time

import httpx
import jwt
import pytest

from registry_service.__main__ import main

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def environment(monkeypatch):
    """Set exactly these variables; the rest of the service's are unset."""

    def use(**variables):
        for name in ("RMQ_URL", "REDIS_URL", "WORKERS_ENV", "HTTP_PORT", "REGISTRY_JWT_SECRET",
                     "REGISTRY_JWT_SECRET_FILE"):  # fmt: skip
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return use


BROKEN = {
    "no secret": ({"RMQ_URL": "amqp://x"}, "REGISTRY_JWT_SECRET"),
    "short secret": ({"RMQ_URL": "amqp://x", "REGISTRY_JWT_SECRET": "short"}, "at least 32"),
    "no broker": ({"WORKERS_ENV": "dev"}, "RMQ_URL is not set"),
    "other broker": (
        {"WORKERS_ENV": "dev", "RMQ_URL": "http://u:hunter2@x"},
        "amqp:// or amqps://",
    ),
    "other redis": (
        {"WORKERS_ENV": "dev", "RMQ_URL": "amqp://x", "REDIS_URL": "x"},
        "REDIS_URL must start with redis://",
    ),
    "port": ({"WORKERS_ENV": "dev", "RMQ_URL": "amqp://x", "HTTP_PORT": "70000"}, "HTTP_PORT"),
}


@pytest.mark.parametrize(("variables", "words"), BROKEN.values(), ids=BROKEN)
def test_wrong_setting_ends_with_one_clear_line(environment, capsys, variables, words):
    environment(**variables)
    try:
        code = main([])
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr().err
    assert code == 2
    assert words in said
    assert said.count("\n") == 1
    assert "hunter2" not in said


def test_token_from_a_secret_file_has_the_scopes(environment, capsys, tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    environment(REGISTRY_JWT_SECRET_FILE=str(file))
    assert (
        main(["token", "--scope", "workers:read", "--scope", "workers:admin", "--ttl", "60"]) == 0
    )
    claims = jwt.decode(
        capsys.readouterr().out.strip(), SECRET, ["HS256"], audience="registry-service"
    )
    assert claims["scope"] == "workers:read workers:admin"
    assert claims["exp"] - claims["iat"] == 60


def test_token_without_a_secret_says_what_to_do(environment, capsys):
    environment(WORKERS_ENV="dev")
    assert main(["token"]) == 2
    assert "REGISTRY_JWT_SECRET" in capsys.readouterr().err


@pytest.mark.parametrize("ttl", ["0", "-1", "x", "99999999"])
def test_life_of_a_token_is_bounded(environment, capsys, ttl):
    environment(REGISTRY_JWT_SECRET=SECRET)
    with pytest.raises(SystemExit):
        main(["token", "--ttl", ttl])
    assert "give 1 to 2592000 seconds" in capsys.readouterr().err


@pytest.mark.integration
async def test_program_serves_without_servers_and_stops_at_sigterm(eventually):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {
        "RMQ_URL": "amqp://guest:guest@127.0.0.1:1/",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "WORKERS_ENV": "dev",
        "HTTP_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "registry_service",
        env=os.environ | variables, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

            async def answers():
                try:
                    return (await client.get("/health/live")).json()["live"]
                except httpx.HTTPError:
                    return False

            await eventually(answers, 20)
            assert (await client.get("/health/ready")).status_code == 503
            reply = (await client.get("/v1/workers")).json()
            assert (reply["workers"], reply["stale"]) == ([], True), "reads are open in dev"
            assert (await client.delete("/v1/workers/reges")).status_code == 401
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(process.communicate(), 10)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    assert time.monotonic() - began < 5
    assert b"Traceback" not in said
    assert b"guest:guest" not in said
