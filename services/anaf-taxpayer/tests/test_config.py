"""Settings: what is wrong is told in one line."""

import pytest

from anaf_taxpayer.app import build
from anaf_taxpayer.config import Settings
from workers_runtime.config import load, variable_name


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    for name, field in Settings.model_fields.items():
        monkeypatch.delenv(variable_name(Settings, name, field), raising=False)
    monkeypatch.setenv("RMQ_URL", "amqp://127.0.0.1/")
    return monkeypatch.setenv


def test_defaults_ask_anaf_less_than_once_a_second(environment):
    settings = load(Settings, "anaf-taxpayer")
    assert settings.lookup_seconds > 1
    assert settings.vies_url.startswith("https://")
    assert settings.prefetch == 500


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("VIES_URL", "ec.europa.eu", "whole address of the service"),
        ("ANAF_PUBLIC_URL", "webservicesp.anaf.ro", "must begin with https://"),
        ("ANAF_TAXPAYER_LOOKUP_SECONDS", "-1", "greater than or equal to 0"),
        ("ANAF_TAXPAYER_FOUND_TTL_SECONDS", "x", "valid integer"),
        ("VIES_REQUESTER", "12345674", "with its country"),
        ("VIES_REQUESTER", "RO12345678", "with its country"),
        ("ANAF_TAXPAYER_STALE_SECONDS", "-1", "greater than or equal to 0"),
        ("PREFETCH", "0", "greater than or equal to 1"),
    ],
)
def test_bad_value_is_one_line_with_its_name(environment, capsys, name, value, words):
    environment(name, value)
    with pytest.raises(SystemExit):
        load(Settings, "anaf-taxpayer")
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"anaf-taxpayer: {name} ")
    assert words in line


def test_worker_is_put_together_without_any_connection(environment):
    assert build().service == "anaf-taxpayer"


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", None), ("RO 12345674", ("RO", "12345674")), ("GR123456783", ("EL", "123456783"))],
)
def test_requester_of_vies_is_read_as_a_vat_number(environment, given, expected):
    environment("VIES_REQUESTER", given)
    assert load(Settings, "anaf-taxpayer").requester() == expected
