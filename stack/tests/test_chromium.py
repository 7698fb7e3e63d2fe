"""Chromium is found, installed, or asked for in words; it never stops the rest."""

from pathlib import Path

import pytest

from workers_stack.servers import apt, chromium

SETTING = chromium.PATH_SETTING


@pytest.fixture
def nowhere(monkeypatch):
    """A machine without Chromium."""
    monkeypatch.setattr(chromium, "PLACES", ("/nonexistent/chromium",))


def test_named_program_is_taken_before_the_usual_places(tmp_path, monkeypatch):
    usual, named = tmp_path / "usual", tmp_path / "named"
    for one in (usual, named):
        one.touch(mode=0o755)
    monkeypatch.setattr(chromium, "PLACES", (str(usual),))
    assert chromium.chromium_program({}) == usual
    assert chromium.chromium_program({SETTING: str(named)}) == named
    assert chromium.chromium_program({SETTING: str(tmp_path / "gone")}) is None


def test_it_is_installed_with_its_fonts_when_missing(nowhere, monkeypatch):
    installed, said = [], []
    monkeypatch.setattr(apt, "can_install", lambda: True)
    monkeypatch.setattr(apt, "install", installed.extend)
    chromium.install_chromium(said.append, {})
    assert "chromium-headless-shell" in installed
    assert "fonts-noto-core" in installed
    assert said == ["installing Chromium and fonts with apt-get (about a minute)"]


def test_nothing_is_installed_beside_a_named_one(nowhere, monkeypatch):
    monkeypatch.setattr(apt, "install", pytest.fail)
    chromium.install_chromium(pytest.fail, {SETTING: "/opt/chrome"})


def test_without_root_it_is_said_what_to_do(nowhere, monkeypatch):
    said = []
    monkeypatch.setattr(apt, "can_install", lambda: False)
    chromium.install_chromium(said.append, {})
    assert "apt-get install --no-install-recommends chromium-headless-shell" in said[0]
    assert SETTING in said[0]


def test_failed_installation_is_said_and_ends_nothing(nowhere, monkeypatch):
    def fail(_packages):
        raise apt.ServerError("E: Unable to locate package")

    said = []
    monkeypatch.setattr(apt, "can_install", lambda: True)
    monkeypatch.setattr(apt, "install", fail)
    chromium.install_chromium(said.append, {})
    assert said[-1].startswith("E: Unable to locate package")


def test_worker_looks_at_the_same_places():
    worker = Path(__file__).parents[2] / "services/pdf-render/src/pdf_render/chromium/process.py"
    text = worker.read_text("utf-8")
    assert all(f'"{place}"' in text for place in chromium.PLACES)
