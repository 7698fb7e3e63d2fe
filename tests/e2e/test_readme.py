"""What the README promises, run as a newcomer runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

pytestmark = [pytest.mark.integration, pytest.mark.e2e]
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON_BIN = Path(sys.executable).parent


def environment(**more: str) -> dict[str, str]:
    """Return a newcomer's environment, with the workspace's programs first on the path."""
    return {**os.environ, "PATH": f"{PYTHON_BIN}:{os.environ['PATH']}", **more}


@pytest.fixture(scope="module")
def stack():
    """`just dev`, as in a terminal of its own; what it wrote into .run/stack.json."""
    file = ROOT / ".run" / "stack.json"
    if file.exists():
        pytest.fail(f"{file} is there: a stack is running here already; stop it first")
    process = subprocess.Popen(
        [sys.executable, "-m", "workers_stack", "dev"],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 90
    while not file.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    try:
        assert file.exists(), process.communicate(timeout=20)[0]
        yield json.loads(file.read_text())
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=40)
    assert process.returncode == 0, output
    assert not file.exists()


def run(*command: str, seconds: float = 60, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_demo_ends_well_and_prints_only_events_as_json():
    done = run(sys.executable, "-m", "workers_stack", "demo", "--json", seconds=150)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    types = [event["type"] for event in events if "type" in event]
    assert types.count("efactura.accepted") == 2
    assert types.count("efactura.rejected") == 2
    assert types.count("efactura.received") == 1


def test_ten_lines_of_python_in_the_readme_work(stack):
    block = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    assert block == (ROOT / "docs/snippets/first_lookup.py").read_text(encoding="utf-8")
    done = run(sys.executable, "-c", block, RMQ_URL=stack["amqp_url"])
    assert done.returncode == 0, done.stderr
    assert "FURNIZOR TEST SRL" in done.stdout


ENDLESS = {"workers tail": " --timeout 1"}
"""What ends with Ctrl-C only: the option that ends it here."""

SAYS = {
    "workers send": "anaf.taxpayer.validated",
    "workers status": "anaf.efactura",
    "workers waiting": "nothing waits",
    "workers doctor": "workers beat",
}


def shell_lines() -> list[str]:
    """Return the lines of the README's shell blocks that use the command `workers`."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.split("  #")[0] for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("workers ")]


def test_shell_commands_in_the_readme_work(stack):
    told = {" ".join(line.split()[:2]) for line in shell_lines()}
    assert told >= SAYS.keys()
    for line in shell_lines():
        name = " ".join(line.split()[:2])
        done = run("bash", "-c", line + ENDLESS.get(name, ""))
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{line}\n{said}"
        assert "Traceback" not in said
        assert SAYS.get(name, "") in said


def test_addresses_in_the_stack_file_answer(stack):
    assert {"amqp_url", "redis_url", "registry_url", "portal_url", "sandbox_url"} <= stack.keys()
    assert {"anaf_efactura_url", "anaf_taxpayer_url"} <= stack.keys()
    for name in ("portal_url", "sandbox_url"):
        page = httpx.get(stack[name], trust_env=False, follow_redirects=True)
        assert page.status_code == 200
        assert "<html" in page.text
    workers = httpx.get(f"{stack['registry_url']}/v1/workers", trust_env=False).json()
    assert "anaf.efactura" in json.dumps(workers)


def test_every_link_into_the_tree_leads_somewhere():
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert len(targets) > 10
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing


def test_every_recipe_that_the_readme_names_exists():
    recipes = set(re.findall(r"\./justw ([a-z-]+)", README))
    known = json.loads(run("just", "--dump", "--dump-format", "json").stdout)["recipes"]
    assert recipes
    assert recipes <= known.keys()
