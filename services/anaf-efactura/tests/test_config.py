"""Settings: what is wrong is told in one line each."""

from pathlib import Path

import pytest

from anaf_efactura import app
from anaf_efactura.config import Settings
from workers_runtime.config import load, variable_name

NEEDED = {
    "RMQ_URL": "amqp://127.0.0.1/",
    "ANAF_CLIENT_ID": "id",
    "ANAF_CLIENT_SECRET": "a-secret-value",
    "ANAF_REFRESH_TOKEN": "a-refresh-token",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    for name, field in Settings.model_fields.items():
        monkeypatch.delenv(variable_name(Settings, name, field), raising=False)

    def put(**values: str) -> None:
        for name, value in {**NEEDED, **values}.items():
            monkeypatch.setenv(name, value)

    return put


def test_defaults(environment):
    environment()
    settings = load(Settings, "anaf-efactura")
    assert settings.check_plan == (60, 60, 120, 240, 420, 900, 1800, 3600)
    assert settings.anaf_environment == "test"
    assert settings.retry_max_age.days == 10
    assert len(settings.seals()) == 2


def test_plan_is_read_from_a_list(environment):
    environment(ANAF_EFACTURA_CHECK_PLAN="1, 2.5,3")
    assert load(Settings, "anaf-efactura").check_plan == (1, 2.5, 3)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ANAF_EFACTURA_CHECK_PLAN", ",", "one or more numbers above 0"),
        ("ANAF_EFACTURA_CHECK_PLAN", "0", "one or more numbers above 0"),
        ("ANAF_EFACTURA_CHECK_PLAN", "60,-1", "one or more numbers above 0"),
        ("ANAF_EFACTURA_CHECK_PLAN", "60,inf", "one or more numbers above 0"),
        ("ANAF_EFACTURA_CHECK_PLAN", "60,nan", "one or more numbers above 0"),
        ("ANAF_EFACTURA_CHECK_PLAN", "60,soon", "valid number"),
        ("ANAF_EFACTURA_CHECK_PLAN", ",".join(["1"] * 31), "30 at most"),
        ("ANAF_EFACTURA_RECONCILE_SECONDS", "0", "greater than 0"),
        ("ANAF_EFACTURA_RESEND_AFTER_SECONDS", "-5", "greater than 0"),
        ("ANAF_EFACTURA_CLOCK_MARGIN_SECONDS", "-1", "greater than or equal to 0"),
        ("ANAF_EFACTURA_TRUSTED_SEALS", "/nowhere/seal.pem", "No such file"),
        ("ANAF_EFACTURA_TRUSTED_SEALS", __file__, "no certificate in PEM form"),
        ("ANAF_ENVIRONMENT", "production", "'test' or 'prod'"),
        ("ANAF_BASE_URL", "api.anaf.ro", "must begin with https://"),
        ("ANAF_CALL_SECONDS", "-1", "greater than or equal to 0"),
        ("DATABASE_URL", "mysql://u:geheim@h/d", "sqlite:// or postgresql://"),
        ("DATABASE_URL", "geheim", "not an address"),
        ("DATABASE_URL", "sqlite://", "names no file"),
        ("RETRY_MAX_AGE_SECONDS", "0", "greater than 0"),
    ],
)
def test_bad_value_is_one_line_with_its_name(environment, capsys, name, value, words):
    environment(**{name: value})
    with pytest.raises(SystemExit) as ended:
        load(Settings, "anaf-efactura")
    assert ended.value.code == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert {line.split(" ")[1] for line in lines} == {name}
    assert words in lines[0]
    assert "geheim" not in lines[0]


def test_every_missing_credential_is_named(monkeypatch, environment, capsys):
    environment()
    for name in NEEDED:
        monkeypatch.delenv(name)
    with pytest.raises(SystemExit):
        load(Settings, "anaf-efactura")
    told = capsys.readouterr().err
    needed = NEEDED.keys() - {"ANAF_REFRESH_TOKEN"}  # a person may log in later
    assert len(told.splitlines()) == len(needed)
    assert all(f"{name} is not set" in told for name in needed)


def test_secret_may_come_from_a_file(environment, monkeypatch, tmp_path: Path):
    environment()
    monkeypatch.delenv("ANAF_CLIENT_SECRET")
    (tmp_path / "secret").write_text("from-a-file\n")
    monkeypatch.setenv("ANAF_CLIENT_SECRET_FILE", str(tmp_path / "secret"))
    settings = load(Settings, "anaf-efactura")
    assert settings.anaf_client_secret.get_secret_value() == "from-a-file"
    assert "from-a-file" not in repr(settings)


def test_folder_that_cannot_be_made_is_one_clear_line(environment, tmp_path: Path):
    (tmp_path / "file").write_text("")
    environment(DATABASE_URL=f"sqlite:///{tmp_path}/file/deep/ledger.db")
    with pytest.raises(SystemExit, match=r"anaf-efactura: DATABASE_URL: the folder .* cannot be"):
        app.build()


@pytest.mark.parametrize(("seconds", "calls"), [("60", 1), ("50", 1), ("0.065", 969), ("0", None)])
def test_pace_allows_at_least_one_call_a_minute(environment, seconds, calls):
    environment(ANAF_CALL_SECONDS=seconds)
    assert load(Settings, "anaf-efactura").calls_per_minute == calls


def test_pace_that_allows_no_call_is_refused(environment, capsys):
    environment(ANAF_CALL_SECONDS="61")
    with pytest.raises(SystemExit):
        load(Settings, "anaf-efactura")
    assert "ANAF_CALL_SECONDS is wrong" in capsys.readouterr().err
