"""Settings: the environment, read once; what is wrong is one clear line and exit 2."""

import os
from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from workers_runtime.config import WorkerSettings, load, variable_name

URL = "amqp://guest:pa55w0rd@localhost/"


class ProbeSettings(WorkerSettings):
    """A service's settings."""

    model_config = SettingsConfigDict(env_prefix="PROBE_")

    api_key: SecretStr = Field(description="Key of the other side.")
    limit: int = Field(default=5, ge=1, description="Requests a second.")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch):
    names = {variable_name(ProbeSettings, n, f) for n, f in ProbeSettings.model_fields.items()}
    for name in names:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)

    def set_variables(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_variables


@pytest.fixture
def refused(capsys):
    """Load what must be refused; returns the lines on standard error."""

    def run() -> list[str]:
        with pytest.raises(SystemExit) as caught:
            load(ProbeSettings, "probe")
        assert caught.value.code == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "pa55w0rd" not in err
        return err.splitlines()

    return run


def test_values_come_from_the_environment(environment):
    environment(RMQ_URL=URL, PROBE_API_KEY="k", PROBE_LIMIT="7", LOG_LEVEL="warning")
    settings = load(ProbeSettings, "probe")
    assert settings.rmq_url.get_secret_value() == URL
    assert (settings.api_key.get_secret_value(), settings.limit) == ("k", 7)
    assert "pa55w0rd" not in repr(settings)


def test_missing_value_is_one_line_with_its_description(environment, refused):
    environment(RMQ_URL=URL)
    assert refused() == ["probe: PROBE_API_KEY is not set. Key of the other side."]


def test_every_problem_has_its_line(environment, refused):
    environment(PROBE_LIMIT="pa55w0rd")
    lines = refused()
    assert len(lines) == 3
    for name in ("RMQ_URL is not set", "PROBE_API_KEY is not set", "PROBE_LIMIT"):
        assert any(name in line for line in lines)


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTP_PORT", "70000"), ("HTTP_PORT", "x"), ("PREFETCH", "0"), ("LOG_LEVEL", "chatty"),
     ("LOG_FORMAT", "xml"), ("HANDLER_SECONDS", "0"), ("JOURNAL_TTL_SECONDS", "1")],
)  # fmt: skip
def test_bad_value_names_its_variable(environment, refused, name, value):
    environment(RMQ_URL=URL, PROBE_API_KEY="k", **{name: value})
    (line,) = refused()
    assert line.startswith(f"probe: {name} ")


def test_empty_is_unset(environment, refused):
    environment(RMQ_URL=URL, PROBE_API_KEY="", PROBE_LIMIT="", PROBE_API_KEY_FILE="")
    assert refused() == ["probe: PROBE_API_KEY is not set. Key of the other side."]


def test_file_holds_the_value(environment, tmp_path: Path):
    (tmp_path / "url").write_text(f"{URL}\n")
    (tmp_path / "key").write_text("  k\n")
    environment(RMQ_URL_FILE=f"{tmp_path}/url", PROBE_API_KEY_FILE=f"{tmp_path}/key")
    settings = load(ProbeSettings, "probe")
    assert settings.rmq_url.get_secret_value() == URL
    assert settings.api_key.get_secret_value() == "k"


def test_variable_wins_over_its_file(environment, tmp_path: Path):
    (tmp_path / "key").write_text("file")
    environment(RMQ_URL=URL, PROBE_API_KEY="variable", PROBE_API_KEY_FILE=f"{tmp_path}/key")
    assert load(ProbeSettings, "probe").api_key.get_secret_value() == "variable"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe\x00"])
def test_file_that_holds_no_value_is_said(environment, refused, tmp_path: Path, content):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    environment(RMQ_URL=URL, PROBE_API_KEY_FILE=str(file))
    (line,) = refused()
    assert line.startswith("probe: PROBE_API_KEY")
    assert ("is not set" in line) is (content in (b"", b"\n"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_file_without_permission_is_said(environment, refused, tmp_path: Path):
    file = tmp_path / "key"
    file.write_text("k")
    file.chmod(0)
    environment(RMQ_URL=URL, PROBE_API_KEY_FILE=str(file))
    assert "Permission denied" in refused()[0]


def test_folder_in_place_of_a_file_is_said(environment, refused, tmp_path: Path):
    environment(RMQ_URL=URL, PROBE_API_KEY_FILE=str(tmp_path))
    (line,) = refused()
    assert f"PROBE_API_KEY_FILE names {tmp_path}" in line


def test_every_field_is_described_and_settings_cannot_be_changed(environment):
    environment(RMQ_URL=URL, PROBE_API_KEY="k")
    for name, field in ProbeSettings.model_fields.items():
        assert field.description, name
    with pytest.raises(ValueError, match="frozen"):
        load(ProbeSettings, "probe").limit = 3
