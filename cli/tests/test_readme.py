"""Every example of the README, in its order, on the whole of workers-core."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from workers_runtime.testing import Bus, StartWorker
from workers_sandbox.testing import SandboxServer

pytestmark = pytest.mark.integration
README = Path(__file__).parents[1] / "README.md"
Ran = tuple[int, str, str]
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "contracts" / "examples"
WORKERS = [one.name.replace("-", "_") for one in sorted(ROOT.glob("services/*"))]


def examples() -> list[tuple[str, int]]:
    """Return the command lines and the exit codes that the README tells."""
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    told = [re.search(r"# exits with (\d)", line) for line in lines]
    return [
        (line.split("  #")[0], int(code.group(1)) if code else 0)
        for line, code in zip(lines, told, strict=True)
    ]


@pytest.fixture
def environment(
    sandbox: SandboxServer, start_worker: StartWorker, vhost_url: str, redis_url: str, alone: Path
) -> dict[str, str]:
    """Sandbox, every worker and the registry, ready; returns where they are."""
    seal = alone / "seal.pem"
    seal.write_bytes(sandbox.control.seal_pem())
    authorities = {
        "ANAF_BASE_URL": sandbox.url,
        "ANAF_LOGIN_URL": sandbox.url,
        "ANAF_PUBLIC_URL": sandbox.url,
        "ANAF_CLIENT_ID": sandbox.client_id,
        "ANAF_CLIENT_SECRET": sandbox.client_secret,
        "ANAF_REFRESH_TOKEN": sandbox.refresh_token,
        "ANAF_EFACTURA_TRUSTED_SEALS": str(seal),
        "ANAF_EFACTURA_CHECK_PLAN": "1,1,1",
        **sandbox.slack,
        **sandbox.smtp,
    }
    registry = start_worker("registry_service", WORKERS_ENV="dev")
    programs = [start_worker(name, **authorities) for name in WORKERS]
    for program in (registry, *programs):
        program.wait_ready()
    return {"RMQ_URL": vhost_url, "REDIS_URL": redis_url, "REGISTRY_URL": registry.url}


def write_files(folder: Path) -> None:
    """Write the files that the README speaks of."""
    (folder / "look-up.json").write_text('{"number": "RO12345674"}')
    invoice = json.loads((EXAMPLES / "efactura.submit" / "valid-text.json").read_text("utf-8"))
    (folder / "invoice.xml").write_text(invoice["xml"], encoding="utf-8")
    wrong = json.loads((EXAMPLES / "efactura.validate" / "valid-text.json").read_text("utf-8"))
    (folder / "wrong.xml").write_text(wrong["xml"], encoding="utf-8")
    (folder / "invoices").mkdir()
    for name in ("invoice.xml", "wrong.xml"):
        (folder / "invoices" / name).write_bytes((folder / name).read_bytes())
    (folder / "invoices.jsonl").write_text(json.dumps(invoice) + "\n", encoding="utf-8")


def shell(line: str, environment: dict[str, str]) -> Ran:
    """Run a line as a person's shell would."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", line],
        check=False,
        env={**os.environ, **environment, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return ran.returncode, ran.stdout, ran.stderr


def run(line: str, environment: dict[str, str], offline) -> Ran:
    """Run a line; without a pipe or redirection it needs no shell, and half the time."""
    words = shlex.split(line)
    if words[0] != "workers" or {"|", ">"} & set(words):
        return shell(line, environment)
    ran = offline(*words[1:], **environment)
    return ran.code, ran.out, ran.err


async def test_every_example_does_what_the_readme_says(bus: Bus, environment, alone, offline):
    write_files(alone)
    # The first line asks whether all is well: the registry must have heard every worker.
    url = f"{environment['REGISTRY_URL']}/v1/workers"
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as registry:
        while len((await registry.get(url)).json()["workers"]) < len(WORKERS):
            await asyncio.sleep(0.1)
    assert len(examples()) > 20
    for line, code in examples():
        ended, out, err = await asyncio.to_thread(run, line, environment, offline)
        assert ended == code, f"{line}\n{out}\n{err}"
        assert "Traceback" not in err
        if "dead replay" in line:
            await asyncio.sleep(0.3)  # the worker buries it again for the next example
    accepted = [event for event in bus.events if event.key == "efactura.accepted"]
    assert [event.envelope["tid"] for event in accepted] == ["acme"]
