"""docker-compose.yml: valid for Compose itself, hardened, and true to the programs' settings."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from workers_runtime.config import WorkerSettings
from workers_runtime.run import LAST_RESORT_SECONDS
from workers_stack.layout import read_layout, service_environment

SERVERS = {"rabbitmq", "redis"}
# The image sets where the pages listen; only the port on the host may be chosen.
IMAGE_SETS = {"HTTP_HOST", "HTTP_PORT", "HTTP_PUBLIC_URL"}
REAL = "deploy/compose/anaf.yaml"
PRODUCT = frozenset(
    {
        "anaf.efactura",
        "anaf.etransport",
        "anaf.saft",
        "anaf.taxpayer",
        "email.send",
        "notify.slack",
        "ocr",
        "pdf.render",
        "reges",
    }
)
"""Tags of the product's own workers."""


@pytest.fixture
def compose(program, root, tmp_path):
    """Run `docker compose config` with nothing set but what the test says."""

    def run(
        *files: str, text: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess:
        empty = tmp_path / "empty.env"
        empty.write_text("")
        chosen = [str(root / one) for one in files or ("docker-compose.yml",)]
        if text is not None:
            chosen = [str(tmp_path / "compose.yml")]
            Path(chosen[0]).write_text(text, "utf-8")
        options = [part for file in chosen for part in ("-f", file)]
        command = [program("docker-compose"), "--env-file", str(empty), *options]
        own = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **environment}
        return subprocess.run(
            [*command, "config", "--format", "json"],
            cwd=root,
            env=own,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def config(compose):
    done = compose()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def ours(config, deployables) -> dict[str, dict]:
    found = {name: one for name, one in config["services"].items() if name not in SERVERS}
    assert set(found) == {package.folder.name for package in deployables}
    return found


@pytest.fixture
def known(script) -> dict[str, dict]:
    """Variables of every program, by the name of its service."""
    variables = script("variables")
    found = {name: variables.read(one) for name, one in variables.programs().items()}
    return {**found, "sandbox": variables.sandbox()}


def _seconds(text: str) -> float:
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", text))


def test_compose_refuses_a_typo(compose, root):
    text = (root / "docker-compose.yml").read_text("utf-8")
    done = compose(text=text.replace("cap_drop: [ALL]", "cap_dropp: [ALL]"))
    assert done.returncode != 0


def test_images_are_pinned_and_named_like_their_service(config, ours, packages):
    version = packages[0].project["version"]
    for name, service in config["services"].items():
        _, _, tag = service["image"].rpartition(":")
        assert tag not in {"", "latest"}, name
    for name, service in ours.items():
        assert service["image"] == f"workers-core/{name}:{version}"
        assert service["build"]["dockerfile"].endswith("Dockerfile")
        assert Path(service["build"]["dockerfile"]).parent.name == name


def test_every_program_is_hardened(ours):
    for name, service in ours.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"]
        assert "cap_add" not in service
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["restart"] == "unless-stopped"
        assert any(one.startswith("/tmp") for one in service["tmpfs"])
        assert "privileged" not in service


def test_servers_lose_what_they_do_not_need(config):
    for name in SERVERS:
        assert config["services"][name]["cap_drop"] == ["ALL"]
        assert config["services"][name]["security_opt"] == ["no-new-privileges:true"]


def test_ports_are_published_on_loopback_only(config):
    ports = [p for one in config["services"].values() for p in one.get("ports", [])]
    assert {p["host_ip"] for p in ports} == {"127.0.0.1"}
    assert sorted(p["published"] for p in ports) == ["15672", "5672", "6379", "8080", "8090"]


def test_published_ports_are_those_that_the_programs_listen_on(ours, known):
    for name, service in ours.items():
        own = known[name].get("SANDBOX_PORT") or known[name]["HTTP_PORT"]
        assert {str(p["target"]) for p in service.get("ports", [])} <= {own.default}


def test_workers_start_when_what_they_need_is_healthy(ours, config):
    for name, service in ours.items():
        if name == "sandbox":
            continue
        waits = service["depends_on"]
        assert {one["condition"] for one in waits.values()} == {"service_healthy"}
        assert {other for other, one in waits.items() if not one["required"]} <= {"postgres"}
        assert set(waits) >= SERVERS
    test = config["services"]["rabbitmq"]["healthcheck"]["test"]
    assert test[1:] == ["rabbitmq-diagnostics", "-q", "check_port_listener", "5672"]


def test_workers_have_time_to_drain(ours, services):
    drain = WorkerSettings.model_fields["drain_seconds"].default
    for package in services:
        grace = _seconds(ours[package.folder.name]["stop_grace_period"])
        assert grace > drain + LAST_RESORT_SECONDS


def _exists(variable, known) -> bool:
    # A secret's file, or a setting that is a file.
    return variable in known or variable.removesuffix("_FILE") in known


def test_every_variable_that_is_set_exists_in_the_program(ours, known):
    for name, service in ours.items():
        strange = {v for v in service["environment"] if not _exists(v, known[name])}
        assert not strange, f"{name}: {strange}"


def test_every_setting_of_a_program_can_be_given(ours, known, services):
    for name in ("registry-service", *(package.folder.name for package in services)):
        missing = set(known[name]) - set(ours[name]["environment"]) - IMAGE_SETS
        assert not missing, f"docker-compose.yml: {name} does not pass on {missing}"


def test_what_is_required_has_a_value(ours, known):
    for name, service in ours.items():
        for variable in known[name].values():
            if variable.required:
                assert service["environment"][variable.name], f"{name}: {variable.name}"


def test_containers_get_what_the_stack_of_one_machine_gets(ours, known, root, tmp_path):
    """The same names as `./justw dev`, and the same values where they are no address."""
    layout = read_layout(root, usual_ports=False)
    given = service_environment(
        layout, tmp_path, amqp_url="amqp://", redis_url="redis://", signing_key="k" * 32
    )
    assert {service.name for service in layout.services} == set(ours) - {"sandbox"}
    for name in set(ours) - {"sandbox"}:
        wanted = {one: value for one, value in given.items() if one in known[name]}
        environment = ours[name]["environment"]
        assert wanted.keys() <= environment.keys()
        for one, value in wanted.items():
            same = one.startswith("ANAF_EFACTURA_") and one != "ANAF_EFACTURA_TRUSTED_SEALS"
            if same or one in {"ANAF_CLIENT_ID", "ANAF_CLIENT_SECRET", "ANAF_REFRESH_TOKEN"}:
                assert environment[one] == value, one


def test_addresses_inside_lead_to_services(ours, config):
    for service in ours.values():
        for value in filter(None, service["environment"].values()):
            for host in re.findall(r"^(?:amqp|redis|http)://(?:[^@/]*@)?([a-z-]+)", value):
                assert host in config["services"]


def test_seal_of_the_sandbox_reaches_the_worker_read_only(ours):
    keys = ours["sandbox"]["environment"]["SANDBOX_KEY_DIR"]
    kept = next(v for v in ours["sandbox"]["volumes"] if v["target"] == keys)
    seal = ours["anaf-efactura"]["environment"]["ANAF_EFACTURA_TRUSTED_SEALS"]
    seen = next(v for v in ours["anaf-efactura"]["volumes"] if v["source"] == kept["source"])
    assert seal == f"{seen['target']}/seal.pem"
    assert seen["read_only"] is True


def test_what_must_survive_lies_on_named_volumes(config):
    for name in ("rabbitmq", "redis", "anaf-efactura"):
        volumes = config["services"][name]["volumes"]
        assert any(v["type"] == "volume" and v["source"] == name for v in volumes)


def test_servers_are_the_same_as_those_of_the_stack(config, root):
    file = root / "stack" / "src" / "workers_stack" / "servers" / "compose.yaml"
    stack = yaml.safe_load(file.read_text("utf-8"))["services"]
    for name in SERVERS:
        assert config["services"][name]["image"] == stack[name]["image"]


def test_addresses_that_a_terminal_exports_do_not_reach_the_containers(compose, config):
    """They name this machine; inside a container that is the container itself."""
    names = ["RMQ_URL", "REDIS_URL", "DATABASE_URL", "ARTIFACTS_URL", "VIES_URL"]
    names += ["ANAF_BASE_URL", "ANAF_LOGIN_URL", "ANAF_PUBLIC_URL"]
    done = compose(**dict.fromkeys(names, "http://127.0.0.1:1/"))
    assert json.loads(done.stdout)["services"] == config["services"]


def test_env_file_wins_over_the_defaults(compose):
    done = compose(ANAF_ENVIRONMENT="prod", REGISTRY_PORT="9080", PREFETCH="3")
    services = json.loads(done.stdout)["services"]
    assert services["anaf-efactura"]["environment"]["ANAF_ENVIRONMENT"] == "prod"
    assert services["anaf-taxpayer"]["environment"]["PREFETCH"] == "3"
    assert services["registry-service"]["ports"][0]["published"] == "9080"


def test_variables_of_the_file_itself_are_described_and_used(root, script):
    text = (root / "docker-compose.yml").read_text("utf-8")
    used = set(re.findall(r"\$\{(\w+)", text))
    variables = script("variables")
    described = {v.name for section in variables.sections() for v in section.variables}
    assert used <= described
    assert set(variables.compose()) <= used


def test_the_real_anaf_gets_nothing_of_the_sandbox(compose):
    done = compose("docker-compose.yml", REAL, ANAF_CLIENT_ID="client")
    assert done.returncode == 0, done.stderr
    config = json.loads(done.stdout)
    assert "sandbox" not in config["services"]
    assert "sandbox" not in json.dumps(config["services"])
    assert config["name"] != "workers-core"
    environments = {n: one.get("environment", {}) for n, one in config["services"].items()}
    named = {n: one["WORKERS_ENV"] for n, one in environments.items() if "WORKERS_ENV" in one}
    # A worker that others add is theirs to set.
    assert {one for n, one in named.items() if n.replace("-", ".") in PRODUCT} == {"production"}
    efactura = environments["anaf-efactura"]
    assert not efactura.keys() & {"ANAF_BASE_URL", "ANAF_CLIENT_SECRET", "ANAF_REFRESH_TOKEN"}
    assert efactura["ANAF_CLIENT_SECRET_FILE"] == "/run/secrets/anaf_client_secret"


def test_the_real_anaf_needs_a_client_id(compose):
    done = compose("docker-compose.yml", REAL)
    assert done.returncode != 0
    assert "ANAF_CLIENT_ID" in done.stderr


def test_profile_with_postgresql_adds_it_and_only_it(compose, config, root):
    url = "postgresql://workers:workers@postgres/workers"
    assert url in (root / "docker-compose.yml").read_text("utf-8")
    done = compose(COMPOSE_PROFILES="postgres", LEDGER_URL=url)
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert set(services) - set(config["services"]) == {"postgres"}
    assert services["anaf-efactura"]["environment"]["DATABASE_URL"] == url
    assert services["postgres"]["cap_drop"] == ["ALL"]
    assert not services["postgres"].get("ports")
    assert services["postgres"]["volumes"][0]["type"] == "volume"


def test_files_of_the_real_anaf_name_settings_that_exist(compose, known):
    done = compose("docker-compose.yml", REAL, ANAF_CLIENT_ID="client")
    config = json.loads(done.stdout)
    for name, service in config["services"].items():
        for variable in service.get("environment", {}) if name in known else ():
            assert _exists(variable, known[name])


def test_workers_share_what_they_keep_as_artifacts(ours):
    """An invoice's archive is rendered, read and mailed by three other workers."""
    workers = {name: one for name, one in ours.items() if "ARTIFACTS_URL" in one["environment"]}
    assert len(workers) >= 6
    for name, service in workers.items():
        kept = service["environment"]["ARTIFACTS_URL"].removeprefix("file://")
        mounted = {one["target"]: one["source"] for one in service["volumes"]}
        assert mounted.get(kept) == "artifacts", name
