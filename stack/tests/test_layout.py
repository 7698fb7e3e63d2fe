"""The stack's parts are found by folder."""

import socket
from pathlib import Path

import pytest

from workers_stack.layout import (
    LayoutError,
    find_root,
    read_layout,
    service_environment,
)
from workers_stack.servers.ports import free_port, is_free


def test_every_service_folder_is_a_worker(workspace: Path):
    other = workspace / "services" / "anaf-other"
    other.mkdir()
    (other / "pyproject.toml").write_text('[project]\nname = "anaf-other"\n')
    (workspace / "services" / "notes").mkdir()  # no pyproject.toml: no service
    layout = read_layout(workspace, usual_ports=False)
    assert [worker.module for worker in layout.workers] == ["anaf_other", "fake_worker"]
    assert layout.registry is None


def test_registry_is_found_beside_the_services(workspace: Path):
    (workspace / "registry-service").mkdir()
    (workspace / "registry-service" / "pyproject.toml").write_text(
        '[project]\nname = "registry-service"\n'
    )
    layout = read_layout(workspace, usual_ports=False)
    assert layout.registry.module == "registry_service"
    assert layout.services[0] is layout.registry


def test_all_ports_differ(workspace: Path):
    layout = read_layout(workspace, usual_ports=False)
    ports = {layout.sandbox_port, *(service.port for service in layout.services)}
    assert len(ports) == 2


def test_usual_port_is_taken_only_when_free(workspace: Path, monkeypatch):
    usual = free_port()
    monkeypatch.setattr("workers_stack.layout.SANDBOX_PORT", usual)
    assert read_layout(workspace, usual_ports=True).sandbox_port == usual
    with socket.create_server(("127.0.0.1", usual)):
        assert not is_free(usual)
        assert read_layout(workspace, usual_ports=True).sandbox_port != usual


def test_root_is_found_from_below(workspace: Path):
    assert find_root(workspace / "services" / "fake-worker") == workspace


def test_outside_the_workspace_it_says_so(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("workers_stack.layout.__file__", str(tmp_path / "site" / "layout.py"))
    with pytest.raises(LayoutError, match="not inside the workers-core workspace"):
        find_root(tmp_path)


def test_environment_points_every_authority_at_the_sandbox(workspace: Path, tmp_path: Path):
    layout = read_layout(workspace, usual_ports=False)
    environment = service_environment(
        layout, tmp_path, amqp_url="amqp://b/", redis_url="redis://r/0", signing_key="k" * 64
    )
    outside = {name: url for name, url in environment.items() if url.startswith("http")}
    anaf = {"ANAF_BASE_URL", "ANAF_LOGIN_URL", "ANAF_PUBLIC_URL", "VIES_URL"}
    assert outside.keys() == anaf | {"SLACK_WEBHOOK_URL", "NOTIFY_SLACK_API_URL"}
    assert all(url.startswith(layout.sandbox_url) for url in outside.values())
    assert environment["DATABASE_URL"] == f"sqlite+aiosqlite:///{tmp_path}/workers.db"
    assert environment["ARTIFACTS_URL"] == f"file://{tmp_path}/artifacts"
