"""Messages, errors and settings are explained where their users look."""

import re
from importlib import import_module

import pytest

from workers_contracts.base import Command
from workers_contracts.catalog import commands, events, failed_event, messages

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

OF_NO_SERVICE = {"worker.heartbeat", "command.failed"}
"""Of the runtime, and of the registry."""


def _of_service(service) -> tuple[set[str], set[str]]:
    """Keys of the commands and events of a service, as its handlers declare them."""
    handlers = import_module(f"{service.source.name}.handlers").router.handlers
    own = {handler.command.key for handler in handlers}
    emitted = {event.key for handler in handlers for event in handler.emits}
    return own, emitted | {failed_event(handler.command).key for handler in handlers}


def test_every_command_and_event_belongs_to_a_service(services):
    handled = [key for service in services for key in _of_service(service)[0]]
    assert sorted(handled) == sorted(commands())
    owned = {key for service in services for key in _of_service(service)[1]}
    assert owned == set(events()) - OF_NO_SERVICE


def test_every_message_has_examples_of_both_kinds(root):
    for key in messages():
        folder = root / "contracts" / "examples" / key
        assert list(folder.glob("valid-*.json")), f"{key}: no valid example"
        if key != "efactura.failed":
            assert list(folder.glob("invalid-*.json")), f"{key}: no invalid example"


def test_every_message_explains_itself(root):
    page = (root / "docs" / "reference" / "messages.md").read_text("utf-8")
    for key, message in messages().items():
        assert (message.__doc__ or "").strip(), key
        assert f"### `{key}`" in page


def test_readme_of_a_service_names_its_messages(services):
    missing = [
        f"{service.place}/README.md: {key}"
        for service in services
        for keys in _of_service(service)
        for key in keys
        if f"`{key}`" not in (service.folder / "README.md").read_text("utf-8")
    ]
    assert not missing


def test_readme_of_a_service_names_its_own_settings(root, script):
    variables = script("variables")
    for section in variables.sections():
        if len(section.programs) != 1 or section.title == "docker compose":
            continue
        name = section.programs[0]
        folder = root / "services" / name if (root / "services" / name).exists() else root / name
        text = (folder / "README.md").read_text("utf-8")
        missing = [one.name for one in section.variables if f"`{one.name}`" not in text]
        assert not missing, f"{folder.name}/README.md does not name {', '.join(missing)}"


def test_every_setting_is_described(script):
    variables = script("variables")
    undescribed = [
        one.name for section in variables.sections() for one in section.variables
        if len(one.description) < 5
    ]  # fmt: skip
    assert not undescribed


def test_own_settings_carry_the_service_in_their_name(services, script):
    """Shared names have no prefix; a name that only one service reads starts with its own."""
    variables = script("variables")
    usual = {"VIES_URL", "VIES_REQUESTER", "DATABASE_URL", "ANAF_CLIENT_ID", "ANAF_CLIENT_SECRET"}
    usual |= {"ANAF_REFRESH_TOKEN", "ANAF_CALL_SECONDS", "PREFETCH", "RETRY_MAX_AGE_SECONDS"}
    usual |= {"SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN"}
    smtp = "HOST PORT TLS USERNAME PASSWORD CA FROM FROM_NAME"
    usual |= {f"SMTP_{one}" for one in smtp.split()}
    for service in services:
        prefix = service.source.name.upper() + "_"
        own = next(s for s in variables.sections()[::-1] if s.programs == (service.folder.name,))
        strange = [v.name for v in own.variables if not v.name.startswith(prefix)]
        assert set(strange) <= usual


def test_error_codes_are_stable_words_and_explained(script, root):
    page = (root / "docs" / "reference" / "errors.md").read_text("utf-8")
    for code, classes in script("error_page").errors().items():
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code)
        assert f"| `{code}` |" in page
        assert all((one.__doc__ or "").strip() for one in classes), code


def test_no_two_errors_of_a_package_share_a_code(script):
    for code, classes in script("error_page").errors().items():
        owners = [one.__module__.split(".")[0] for one in classes]
        assert len(owners) == len(set(owners)), f"{code}: {[one.__name__ for one in classes]}"


def test_a_code_that_services_share_means_the_same_class_of_failure(script):
    page = script("error_page")
    for code, classes in page.errors().items():
        assert len({page.kind_of(one) for one in classes}) == 1, code


def test_every_error_class_has_its_own_code(script):
    for classes in script("error_page").errors().values():
        for error in classes:
            assert "code" in vars(error), f"{error.__name__} takes its code from its base"


@pytest.mark.parametrize("name", ["env_example", "reference", "dockerfiles"])
def test_what_is_generated_is_fresh(name, script, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [name, "--check"])
    code = script(name).main()
    output = capsys.readouterr()
    assert code == 0, output.out + output.err


def test_a_stale_page_is_noticed(script, monkeypatch, tmp_path, capsys):
    reference = script("reference")
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    (tmp_path / "errors.md").write_text("old", "utf-8")
    monkeypatch.setattr("sys.argv", ["reference", "--check"])
    assert reference.main() == 1
    assert "stale: docs/reference/errors.md" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["reference"])
    assert reference.main() == 0
    monkeypatch.setattr("sys.argv", ["reference", "--check"])
    assert reference.main() == 0


def test_env_example_names_every_variable_once(script, root):
    text = (root / ".env.example").read_text("utf-8")
    names = re.findall(r"^#([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    assert len(names) == len(set(names))
    variables = script("variables")
    assert set(names) == {v.name for s in variables.sections() for v in s.variables}
    for settings in variables.programs().values():
        assert set(variables.read(settings)) <= set(names)


def ours() -> dict[str, type[Command]]:
    """Commands of the product's own workers: the pages do not tell of those that others add."""
    return {key: one for key, one in commands().items() if one.tag in PRODUCT}


def test_front_page_names_every_command_with_its_queue_and_events(root):
    lines = (root / "README.md").read_text("utf-8").splitlines()
    for key, command in ours().items():
        if command.is_public():
            row = next((one for one in lines if one.startswith(f"| `{key}` |")), "")
            assert f"| `{command.queue()}` |" in row, key
            assert f"`{failed_event(command).key}`" in row, key


def test_guide_for_production_gives_rights_on_every_queue(root):
    guide = (root / "docs" / "how-to" / "run-in-production.md").read_text("utf-8")
    listed = re.search(r"queues of the tags \((.*?)\), and", guide)
    patterns = re.findall(r"`([^`]+)`", listed[1])
    for key, command in ours().items():
        for queue in (command.queue(), f"{command.queue()}.dead"):
            assert any(re.fullmatch(one, queue) for one in patterns), f"{key}: {queue}"
