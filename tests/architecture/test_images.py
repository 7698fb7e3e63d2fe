"""Dockerfiles: one text, linted, and true to the package that each one installs."""

import re
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

_LABEL = "org.opencontainers.image."


def _instructions(text: str) -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    lines = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [(word.upper(), " ".join(rest.split())) for word, rest in lines]


def _stages(text: str) -> list[list[tuple[str, str]]]:
    stages: list[list[tuple[str, str]]] = [[]]
    for word, rest in _instructions(text):
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest))
    return stages


def _stage(text: str, name: str) -> list[tuple[str, str]]:
    return next(stage for stage in _stages(text) if stage and stage[0][1].endswith(f" AS {name}"))


def _pairs(stages, *words: str) -> dict[str, str]:
    """Return what ENV, LABEL or ARG lines set."""
    found = [rest for stage in stages for word, rest in stage if word in words]
    return dict(one.partition("=")[::2] for rest in found for one in shlex.split(rest))


@pytest.fixture(scope="session")
def dockerfiles(deployables) -> dict[str, str]:
    return {one.folder.name: (one.folder / "Dockerfile").read_text("utf-8") for one in deployables}


def test_every_deployable_has_one(script, deployables):
    found = script("dockerfiles").dockerfiles()
    assert {file.parent for file in found} == {one.folder for one in deployables}


def test_one_that_departs_is_named(script, root, tmp_path):
    dockerfiles = script("dockerfiles")
    original = root / "registry-service" / "Dockerfile"
    copy = tmp_path / "registry-service" / "Dockerfile"
    copy.parent.mkdir()
    copy.write_text(original.read_text("utf-8").replace("USER 1000:1000", "USER root"), "utf-8")
    assert dockerfiles.expected(copy) != copy.read_text("utf-8")
    copy.write_text(copy.read_text("utf-8").replace("# <<< this image", ""), "utf-8")
    with pytest.raises(ValueError, match="needs one block"):
        dockerfiles.expected(copy)


def test_a_dockerfile_that_forgets_a_member_is_named(script, root):
    needed = script("dockerfiles").needed(root / "services" / "anaf-efactura")
    assert {"contracts", "shared/runtime", "shared/ledger", "services/anaf-efactura"} <= set(needed)


def test_linter_finds_nothing(program, deployables):
    files = [str(one.folder / "Dockerfile") for one in deployables]
    done = subprocess.run(
        [program("hadolint"), *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_linter_would_find_something(program):
    text = "FROM python:latest\nRUN apt-get install curl\nCMD python -m x\n"
    done = subprocess.run(
        [program("hadolint"), "-"], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert {"DL3007", "DL3008", "DL3025"} <= set(re.findall(r"DL\d+", done.stdout))


def test_each_image_runs_its_own_module_as_a_plain_user(dockerfiles, deployables):
    for package in deployables:
        stages = _stages(dockerfiles[package.folder.name])
        base, last = _stage(dockerfiles[package.folder.name], "base"), stages[-1]
        assert ("CMD", f'["python", "-m", "{package.source.name}"]') in base
        assert [rest for word, rest in last if word == "USER"] == ["1000:1000"]
        assert ("STOPSIGNAL", "SIGTERM") in last
        assert ("WORKDIR", "/app") in last
        assert ("VOLUME", "/var/lib/workers") in last
        assert any(word == "HEALTHCHECK" for word, _ in last)


def test_base_image_is_an_argument_without_a_digest(dockerfiles):
    for text in dockerfiles.values():
        stages = _stages(text)
        assert _pairs(stages[:1], "ARG")["PYTHON_IMAGE"] == "python:3.13-slim-trixie"
        assert {stage[0][1].split()[0] for stage in stages[1:]} == {"${PYTHON_IMAGE}", "base"}


def test_dependencies_are_a_layer_of_their_own_before_the_code(dockerfiles):
    for text in dockerfiles.values():
        build = [f"{word} {rest}" for word, rest in _stage(text, "build")]
        lock = next(i for i, line in enumerate(build) if "uv pip sync" in line)
        code = next(i for i, line in enumerate(build) if line.startswith("COPY contracts"))
        assert lock < code
        assert "--require-hashes" in build[lock]
        assert "--offline --no-deps" in build[-1]


def test_no_secret_or_mirror_reaches_the_image(dockerfiles):
    for text in dockerfiles.values():
        final = [*_stage(text, "base"), *_stages(text)[-1]]
        names = {*_pairs([final], "ENV"), *_pairs([final], "ARG")}
        assert not names & {"PIP_INDEX_URL", "UV_DEFAULT_INDEX", "SSL_CERT_FILE"}


def test_labels_tell_the_truth(dockerfiles, deployables):
    for package in deployables:
        stages = _stages(dockerfiles[package.folder.name])
        labels = _pairs(stages, "LABEL")
        assert labels[f"{_LABEL}title"] == package.folder.name
        assert labels[f"{_LABEL}description"] == package.project["description"]
        assert labels[f"{_LABEL}licenses"] == "Apache-2.0"
        assert {f"{_LABEL}{name}" for name in ("source", "revision", "version")} <= labels.keys()
        assert _pairs([stages[-1]], "ARG")["VERSION"] == package.project["version"]


def test_pages_listen_outside_the_container_on_the_exposed_port(dockerfiles, deployables, script):
    variables = script("variables")
    known = {name: variables.read(one) for name, one in variables.programs().items()}
    known["sandbox"] = variables.sandbox()
    for package in deployables:
        name = package.folder.name
        base = _stage(dockerfiles[name], "base")
        environment, exposed = _pairs([base], "ENV"), dict(base)["EXPOSE"]
        prefix = "SANDBOX_" if name == "sandbox" else "HTTP_"
        assert environment[f"{prefix}HOST"] == "0.0.0.0"
        assert environment[f"{prefix}PORT"] == exposed == known[name][f"{prefix}PORT"].default
        assert f"{{{prefix}PORT}}" in environment["HEALTH_URL"]
        assert set(environment) - {"HEALTH_URL"} <= set(known[name])


def test_build_context_holds_only_what_images_are_made_of(root, dockerfiles):
    lines = (root / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "**"
    allowed = {line.lstrip("!").rstrip("/") for line in rules if line.startswith("!")}
    for text in dockerfiles.values():
        folder = (
            _pairs(_stages(text)[1:2], "ARG").get("FOLDER")
            or _pairs(_stages(text)[:1], "ARG")["FOLDER"]
        )
        copied = [rest.split()[0] for s in _stages(text)[1:] for w, rest in s if w == "COPY"]
        for path in (
            one.replace("${FOLDER}", folder) for one in copied if not one.startswith("--from")
        ):
            assert any(path == one or path.startswith(f"{one}/") for one in allowed), path
    assert {"**/tests", "**/.env", "**/__pycache__"} <= set(rules)


class _Page(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self):
        self.send_response(self.status if self.path == "/health/live" else 404)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def page():
    server = HTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _health(root: Path, port: int, path: str = "/health/live") -> int:
    command = [sys.executable, str(root / "deploy" / "docker" / "healthcheck.py")]
    environment = {
        "HEALTH_URL": f"http://127.0.0.1:{{HTTP_PORT}}{path}",
        "HTTP_PORT": str(port),
        "http_proxy": "http://127.0.0.1:9",  # would refuse
    }
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


def test_health_check_follows_the_page(root, page, monkeypatch):
    port = page.server_address[1]
    assert _health(root, port) == 0
    assert _health(root, port, "/elsewhere") == 1
    monkeypatch.setattr(_Page, "status", 503)
    assert _health(root, port) == 1


def test_health_check_fails_when_nothing_listens(root, page):
    port = page.server_address[1]
    page.socket.close()
    assert _health(root, port) == 1
