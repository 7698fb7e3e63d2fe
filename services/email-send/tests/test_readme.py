"""What the README shows is what works."""

import json
import re
from pathlib import Path

import pytest

from email_send.accounts import Account
from email_send.config import Settings
from email_send.mail import plan
from email_send.templating import Templates
from workers_contracts.email import SendEmail

TEXT = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]


def test_commands_are_accepted_and_can_be_made():
    commands = [SendEmail.model_validate(one) for one in BLOCKS if "to" in one]
    assert len(commands) == 2
    for command in commands:
        settings = Settings(rmq_url="amqp://127.0.0.1/", host="h", sender="a@prima.example")
        own = settings.ways().all["default"].own_sender
        assert plan(command, own, Templates()).recipients


def test_account_and_its_keys_are_those_that_settings_know(tmp_path):
    [accounts] = [one for one in BLOCKS if "to" not in one]
    secret = tmp_path / "secret"
    secret.write_text("x")
    accounts["facturi"]["password_file"] = str(secret)
    settings = Settings(rmq_url="amqp://127.0.0.1/", accounts=json.dumps(accounts))
    assert settings.ways().choose("prima", None) == "facturi"
    [line] = [line for line in TEXT.splitlines() if line.startswith("Keys: ")]
    known = {field.alias or name for name, field in Account.model_fields.items()}
    assert set(re.findall(r"`(\w+)`", line)) == known


@pytest.mark.parametrize("row", re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", TEXT, re.M)[:3])
def test_templates_need_what_the_table_says(row):
    name, needs, _ = row
    values = {"due": "2026-03-31", "total": "1", "errors": ["x"]}
    data = {field: values.get(field, "x") for field in re.findall(r"`(\w+)`", needs)}
    assert {name} <= set(Templates().names)
    for language in ("ro", "en"):
        assert Templates().render(name, language, data).html
