"""Options: command line, environment, defaults; and the program itself."""

import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import httpx
import pytest

from workers_sandbox.chance import Numbers
from workers_sandbox.cui import digits, is_valid
from workers_sandbox.efactura import pace
from workers_sandbox.keys import load
from workers_sandbox.misbehaviours.catalogue import CATALOGUE
from workers_sandbox.settings import Settings, read


def test_command_line_goes_before_the_environment():
    environment = {"SANDBOX_PORT": "1", "SANDBOX_SEED": "2", "SANDBOX_CHAOS": "0.5"}
    settings = read(["--port", "0", "--state-delay", "0"], environment)
    assert (settings.port, settings.seed, settings.chaos) == (0, 2, 0.5)
    assert settings.state_delay == 0
    assert read([], {}) == Settings()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "x"], "option 'port'"),
        (["--port", "70000"], "between 0 and 65535"),
        (["--chaos", "1.5"], "between 0 and 1"),
        (["--pace", "slow"], "must be one of fast, real"),
        (["--page-size", "0"], "1 or more"),
        (["--seed", "-1"], "0 or more"),
        (["--hang", "-1"], "0 or more"),
    ],
)
def test_wrong_option_ends_with_one_line(arguments, words, capsys):
    with pytest.raises(SystemExit):
        read(arguments, {})
    assert words in capsys.readouterr().err


def test_readme_names_every_option():
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    for item in fields(Settings):
        assert f"`--{item.name.replace('_', '-')}`" in readme, item.name


def test_readme_names_every_misbehaviour():
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    for scenario in CATALOGUE.values():
        assert f"| `{scenario.id}` |" in readme
        for variant in scenario.variants:
            assert f"`{variant}`" in readme


def test_pace_decides_how_long_things_take():
    fast, real = Settings(), Settings(pace="real")
    assert (fast.hold_seconds, real.hold_seconds) == (3, 90)
    assert Settings(pace="real", hang=1).hold_seconds == 1
    assert pace.processing(fast, "1").total_seconds() == 0.5
    assert pace.listing(fast, "1").total_seconds() == 0.3
    drawn = [pace.processing(real, str(index)).total_seconds() for index in range(500)]
    assert 20 <= min(drawn) <= max(drawn) <= 4 * 3600
    assert 0.5 < sum(one <= 120 for one in drawn) / 500 < 0.7
    assert pace.processing(real, "1") == pace.processing(real, "1")
    listed = [pace.listing(real, str(index)).total_seconds() for index in range(100)]
    assert 300 <= min(listed) <= max(listed) <= 900


def test_keys_are_kept_in_their_folder(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    assert first.seal_pem == second.seal_pem
    assert first.token.private_numbers() == second.token.private_numbers()
    assert load(None).seal_pem != first.seal_pem
    assert (tmp_path / "seal.key").stat().st_mode & 0o077 == 0


def test_numbers_grow():
    numbers = Numbers(1)
    made = [int(numbers.index()) for _ in range(100)]
    assert made == sorted(set(made))
    assert int(numbers.message()) > 2**31


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("12345674", True),
        ("87654329", True),
        ("123456789", True),
        ("19", True),
        ("230", True),
        ("8000000000", True),
        ("12345678", False),
        ("87654321", False),
        ("1234", False),
        ("18", False),
        ("1000000000", False),
        ("", False),
        ("1", False),
        ("12345678901", False),
        ("١٩", False),
    ],
)
def test_control_digit(code, valid):
    assert is_valid(code) is valid


@pytest.mark.parametrize(
    ("text", "code"), [("RO12345674", "12345674"), (" ro 19 ", "19"), ("J40/1/2020", "")]
)
def test_digits_of_a_fiscal_code(text, code):
    assert digits(text) == code


def test_program_serves_and_stops(tmp_path):
    ports = ["--port", "0", "--smtp-port", "0"]
    arguments = [*ports, "--key-dir", str(tmp_path), "--state-delay", "0"]
    with subprocess.Popen(
        [sys.executable, "-m", "workers_sandbox", *arguments], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            lines = iter(process.stderr.readline, "")
            line = next(line for line in lines if "running on" in line)
            url = line.split("running on ")[1].split(" ")[0]
            assert httpx.get(f"{url}/health", trust_env=False).json() == {"status": "ok"}
        finally:
            process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait(10) in {0, -signal.SIGTERM}
