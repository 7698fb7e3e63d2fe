"""The file of log-ins by tenant: what is wrong in it is named, and what changed is seen."""

import json

import pytest

from workers_anaf.credentials import Application, CredentialsFile, CredentialsFileError
from workers_anaf.tokens import moment

SHARED = Application("shared-id", "shared-secret")
OWN = {"client_id": "own", "client_secret": "geheim-1", "refresh_token": "geheim-2"}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "logins.json"


def read(path, application=SHARED):
    return CredentialsFile(path, application).read()


def test_own_application_and_the_shared_one(file):
    file.write_text(json.dumps({"acme": OWN, "beta": {"refresh_token": " r \n"}}))
    found = read(file)
    assert found["acme"].application == Application("own", "geheim-1")
    assert found["beta"].application == SHARED
    assert found["beta"].refresh_token == "r"
    assert "geheim" not in repr(found)


def test_toml_says_the_same(tmp_path, file):
    file.write_text(json.dumps({"acme": OWN}))
    toml = tmp_path / "logins.toml"
    toml.write_text("[acme]\n" + "".join(f'{name} = "{value}"\n' for name, value in OWN.items()))
    assert read(file) == read(toml)


def test_folder_as_kubernetes_mounts_a_secret(tmp_path):
    kept = tmp_path / "mount" / "..2026_11_01"
    kept.mkdir(parents=True)
    for tenant in ("acme", "beta"):
        (kept / f"{tenant}.json").write_text(json.dumps({tenant: OWN}))
        (tmp_path / "mount" / f"{tenant}.json").symlink_to(kept / f"{tenant}.json")
    (tmp_path / "mount" / "README").write_text("not ours")
    assert read(tmp_path / "mount").keys() == {"acme", "beta"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "must be an object with a tenant's name"),
        ("{", "is not JSON (line 1, column 2)"),
        ('{"a b": {}}', "'a b' is no name of a tenant"),
        ('{"acme": "geheim"}', "acme: must be an object with client_id"),
        ('{"acme": {"refresh_token": "geheim", "tokn": 1}}', "acme.tokn: unknown; known are"),
        ('{"acme": {"refresh_token": ""}}', "acme.refresh_token: must be a text"),
        ('{"acme": {"refresh_token": 5}}', "acme.refresh_token: must be a text"),
        ('{"acme": {}}', "acme.refresh_token: is missing"),
        (
            '{"acme": {"refresh_token": "geheim", "client_id": "x"}}',
            "acme.client_secret: is missing beside client_id",
        ),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_quoted(file, text, words):
    file.write_text(text)
    with pytest.raises(CredentialsFileError) as told:
        read(file)
    assert words in str(told.value)
    assert str(file) in str(told.value)
    assert "geheim" not in str(told.value)


def test_bad_toml_quotes_no_line(tmp_path):
    (tmp_path / "logins.toml").write_text('acme = "geheim\n')
    with pytest.raises(CredentialsFileError, match="is not TOML") as told:
        read(tmp_path / "logins.toml")
    assert "geheim" not in str(told.value)


def test_missing_file_tenant_twice_and_no_application(tmp_path, file):
    with pytest.raises(CredentialsFileError, match="No such file"):
        read(file)
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps({"acme": OWN}))
    with pytest.raises(CredentialsFileError, match="in another file of the folder too"):
        read(tmp_path)
    (tmp_path / "b.json").write_text('{"beta": {"refresh_token": "r"}}')
    with pytest.raises(CredentialsFileError, match=r"beta\.client_id: is missing"):
        read(tmp_path, None)


def test_change_is_seen_and_a_wrong_one_leaves_the_last_in_force(file, capsys):
    file.write_text(json.dumps({"acme": OWN}))
    credentials = CredentialsFile(file, SHARED)
    before = credentials.read()
    replaced = file.with_suffix(".new")
    replaced.write_text(json.dumps({"acme": {**OWN, "refresh_token": "r2"}}))
    replaced.replace(file)
    assert credentials.read() == before  # looked at a moment ago
    assert credentials.read(fresh=True)["acme"].refresh_token == "r2"
    file.write_text("rubbish")
    assert credentials.read(fresh=True)["acme"].refresh_token == "r2"
    assert "the last one counts" in "".join(capsys.readouterr())


def test_token_says_when_its_log_in_was(file, sandbox):
    token = sandbox.access_token()
    file.write_text(json.dumps({"acme": {"refresh_token": token}, "beta": OWN}))
    found = read(file)
    assert found["acme"].since == moment(token, "iat", 0) > 0
    assert found["beta"].since == 0
