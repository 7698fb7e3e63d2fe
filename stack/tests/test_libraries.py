"""Libraries and fonts that are missing are installed, or told."""

from pathlib import Path

import pytest

from workers_stack.servers import apt, install_libraries, libraries


@pytest.fixture
def lacking(monkeypatch, tmp_path):
    """A machine without any of them."""
    monkeypatch.setattr(libraries, "LIBRARIES", {"libnowhere.so.1": "libnowhere1"})
    monkeypatch.setattr(libraries, "FONT_FOLDER", Path(tmp_path))
    monkeypatch.setattr(libraries, "PROGRAMS", {"no-such-program": "nowhere"})


def test_machine_that_has_all_is_left_alone(monkeypatch):
    monkeypatch.setattr(libraries, "LIBRARIES", {"libc.so.6": "libc6"})
    said = []
    install_libraries(said.append)
    assert said == []


def test_what_is_missing_is_installed(lacking, monkeypatch):
    installed = []
    monkeypatch.setattr(apt, "can_install", lambda: True)
    monkeypatch.setattr(apt, "install", installed.extend)
    said = []
    install_libraries(said.append, fonts=True)
    assert installed == ["libnowhere1", "fonts-dejavu-core", "fonts-liberation", "nowhere"]
    names = "libnowhere1 fonts-dejavu-core fonts-liberation nowhere"
    assert said == [f"installing {names} with apt-get"]


def test_without_root_the_command_is_told(lacking, monkeypatch):
    monkeypatch.setattr(apt, "can_install", lambda: False)
    said = []
    install_libraries(said.append)
    assert said[0].endswith("sudo apt-get install --no-install-recommends libnowhere1")


def test_installation_that_fails_stops_nothing(lacking, monkeypatch):
    def fail(_packages):
        raise libraries.ServerError("apt-get failed: no network")

    monkeypatch.setattr(apt, "can_install", lambda: True)
    monkeypatch.setattr(apt, "install", fail)
    said = []
    install_libraries(said.append)
    assert said[-1] == "apt-get failed: no network"
