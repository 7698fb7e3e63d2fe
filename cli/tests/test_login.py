"""Logging in at ANAF: a real page with TLS, the sandbox in ANAF's place, a real ledger."""

import asyncio
import contextlib
import json
import re
import socket
import sqlite3
import threading
import webbrowser
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from workers_anaf.keepers import Keepers
from workers_anaf.stored_logins import StoredLogins
from workers_cli.anaf_login import keeping
from workers_cli.anaf_login.errors import LoginFailedError, WrongStateError
from workers_cli.anaf_login.keeping import Office
from workers_cli.anaf_login.redirect import Redirect
from workers_ledger.database import Database
from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.secrets import Secrets
from workers_runtime.outbound import Outbound

URI = "https://localhost:8799/callback"


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def environment(sandbox, tmp_path):
    (tmp_path / "secret").write_text("sandbox\n")
    return {
        "ANAF_CLIENT_ID": "sandbox",
        "ANAF_CLIENT_SECRET_FILE": str(tmp_path / "secret"),
        "ANAF_LOGIN_URL": sandbox.url,
        "DATABASE_URL": f"sqlite:///{tmp_path}/ledger.db",
    }


@pytest.fixture
def person(offline, environment, monkeypatch):
    """Somebody at the terminal and the browser; returns what the command did, and the pages."""

    def log_in(*arguments, change=lambda url: url, answers=1, **more):
        pages, browsers = [], []

        def browse(url):
            with httpx.Client(verify=False, trust_env=False, timeout=30) as browser:
                for _ in range(answers):
                    back = browser.get(change(url)).headers["location"]
                    pages.append(browser.get(change(back)))

        def opened(url):
            browsers.append(threading.Thread(target=browse, args=(url,)))
            browsers[-1].start()

        monkeypatch.setattr(webbrowser, "open", opened)
        ran = offline("efactura", "login", *arguments, **{**environment, **more})
        for one in browsers:
            one.join()
        return ran.code, ran.out, ran.err, pages

    return log_in


async def access_token(environment, tenant: str) -> str:
    """The token that a worker with these settings uses for a tenant."""
    database = Database(environment["DATABASE_URL"])
    login = Outbound("ANAF log-in", environment["ANAF_LOGIN_URL"])
    secrets = Secrets(database)
    keepers = Keepers(secrets, login, None, stored=StoredLogins(secrets, "sandbox"))
    try:
        return await (await keepers.of(tenant)).access_token()
    finally:
        await login.close()
        await database.close()


@pytest.mark.parametrize("tenant", ["", "acme"])
async def test_log_in_is_kept_for_the_workers_and_never_shown(
    person, environment, port, sandbox, tenant, offline, tmp_path
):
    chosen = ["--tenant", tenant] if tenant else []
    code, out, err, (page,) = await asyncio.to_thread(person, "--port", str(port), *chosen)
    assert code == 0, err
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "Autentificat" in page.text
    (told,) = out.splitlines()
    assert re.search(r"until \d{4}-\d\d-\d\d \(36[45] days\)", told)
    token = await access_token(environment, tenant)
    assert "eyJ" not in out + err + page.text
    assert token not in (tmp_path / "ledger.db").read_bytes().decode("latin-1")
    # The worker uses what the log-in gave: nothing had to be renewed for it.
    assert len(sandbox.control.requests("token")) == 1

    ran = await asyncio.to_thread(offline, "efactura", "logins", "--json", **environment)
    assert (ran.code, ran.json["tenant"], ran.json["problem"]) == (0, tenant, "")
    ran = await asyncio.to_thread(offline, "efactura", "logout", *chosen, **environment)
    assert ran.code == 0
    ran = await asyncio.to_thread(offline, "efactura", "logins", **environment)
    assert "no log-in is stored" in ran.err


async def test_certificate_missing_reads_like_help(person, port, environment, offline):
    code, out, err, (page,) = await asyncio.to_thread(
        person,
        "--port",
        str(port),
        change=lambda url: f"{url}&sandbox_certificate=none" if "authorize" in url else url,
    )
    assert (code, out) == (4, "")
    assert "access_denied" in err
    assert "next: log in with the qualified certificate" in err
    assert page.status_code == 400
    ran = await asyncio.to_thread(offline, "efactura", "logins", **environment)
    assert "no log-in is stored" in ran.err


async def test_wrong_state_is_ignored_and_the_right_one_still_counts(person, port, sandbox):
    visits = iter([lambda url: re.sub(r"state=[^&]+", "state=other", url), lambda url: url])

    def change(url):
        return url if "authorize" in url else next(visits)(url)

    code, _, err, pages = await asyncio.to_thread(
        person, "--port", str(port), change=change, answers=2
    )
    assert code == 0, err
    assert [page.status_code for page in pages] == [400, 200]
    assert "ignored: the answer belongs to another log-in" in err
    assert len(sandbox.control.requests("token")) == 1


async def test_code_that_is_too_old_reads_like_help(person, port, sandbox):
    def change(url):
        if "authorize" not in url:
            sandbox.control.clock(offset_seconds=61)
        return url

    code, _, err, _ = await asyncio.to_thread(person, "--port", str(port), change=change)
    assert code == 4
    assert "Authorization code status is expired" in err
    assert "good for 60 seconds" in err


async def test_wrong_secret_reads_like_help(person, port, tmp_path):
    (tmp_path / "other").write_text("wrong")
    code, _, err, _ = await asyncio.to_thread(
        person, "--port", str(port), ANAF_CLIENT_SECRET_FILE=str(tmp_path / "other")
    )
    assert code == 4
    assert "invalid_client" in err
    assert "compare ANAF_CLIENT_ID and ANAF_CLIENT_SECRET" in err


def test_port_that_is_taken_reads_like_help(person, sandbox):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err, _ = person("--port", str(taken.getsockname()[1]))
    assert code == 2
    assert "is taken by another program" in err
    assert "--paste" in err


def test_nobody_comes_back(person, port):
    code, _, err, _ = person("--port", str(port), "--timeout", "1", answers=0)
    assert code == 5
    assert "nobody came back from ANAF" in err


def test_pasted_address(offline, environment, sandbox, monkeypatch):
    url = Redirect("https://erp.example/cb", "s" * 43)
    monkeypatch.setattr(Redirect, "begin", classmethod(lambda _cls, uri: Redirect(uri, url.state)))
    address = url.authorize_url(sandbox.url, "sandbox")
    back = httpx.get(address, trust_env=False).headers["location"]
    ran = offline(
        "efactura", "login", "--paste", "--no-browser", "--redirect-uri", url.uri, "--json",
        given=f"{back}\n", **environment,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    told = json.loads(ran.out.splitlines()[-1])  # the runner shows what was pasted before it
    assert told["tenant"] == ""
    assert told["ends_at"]


def test_ledger_that_is_not_there_stops_it_before_a_code_is_wasted(
    offline, environment, sandbox, monkeypatch
):
    monkeypatch.setattr(keeping, "PATIENCE_SECONDS", 0.1)
    ran = offline(
        "efactura",
        "login",
        "--no-browser",
        **environment | {"DATABASE_URL": "postgresql://127.0.0.1:1/x"},
    )
    assert ran.code == 2
    assert "the ledger of DATABASE_URL does not answer" in ran.err
    assert sandbox.control.requests() == []


async def test_ledger_that_goes_away_before_the_end_is_told_and_not_waited_for(
    person, port, monkeypatch
):
    async def keep(*_):
        raise LedgerUnavailableError("the ledger does not answer (gone)")

    monkeypatch.setattr(StoredLogins, "keep", keep)
    code, _, err, (page,) = await asyncio.to_thread(person, "--port", str(port))
    assert (code, page.status_code) == (2, 400)
    assert "the ledger of DATABASE_URL does not answer" in err


async def test_browser_that_asks_twice_at_once_does_not_spoil_the_log_in(
    person, port, monkeypatch, sandbox
):
    real, meanwhile = Office.log_in, []

    async def twice(self, tenant, application, code, uri):
        if not meanwhile:
            query = urlencode({"code": code, "state": state})
            address = f"https://localhost:{port}/callback?{query}"
            meanwhile.append(asyncio.create_task(asyncio.to_thread(visit, address)))
            await asyncio.sleep(1)  # it arrives while this one is still being served
        return await real(self, tenant, application, code, uri)

    def visit(address):
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(address, verify=False, trust_env=False, timeout=30)

    state = "s" * 43
    monkeypatch.setattr(Redirect, "begin", classmethod(lambda _cls, uri: Redirect(uri, state)))
    monkeypatch.setattr(Office, "log_in", twice)
    code, _, err, (page,) = await asyncio.to_thread(person, "--port", str(port))
    assert (code, page.status_code) == (0, 200), err
    assert len(sandbox.control.requests("token")) == 1


@pytest.mark.parametrize("tenant", ["Acme SRL", "a" * 129, "ăcme", "acme\n"])
def test_name_that_no_message_can_have_is_refused(offline, environment, tenant):
    ran = offline("efactura", "login", "--no-browser", "--tenant", tenant, **environment)
    assert ran.code == 2
    assert "cannot be the `tid` of a message" in ran.err


def test_pasted_address_without_its_end_reads_like_help(offline, environment):
    ran = offline(
        "efactura", "login", "--paste", "--no-browser", given="https://localhost:8799/callback\n",
        **environment,
    )  # fmt: skip
    assert ran.code == 4
    assert "the address holds no code" in ran.err


@pytest.mark.parametrize("name", ["ANAF_CLIENT_ID", "ANAF_CLIENT_SECRET_FILE", "DATABASE_URL"])
def test_what_is_missing_is_named(offline, environment, monkeypatch, name):
    monkeypatch.delenv(name, raising=False)
    ran = offline("efactura", "login", **{k: v for k, v in environment.items() if k != name})
    assert ran.code == 2
    assert f"{name.removesuffix('_FILE')} is not set" in ran.err


def test_address_of_the_log_in_that_is_none_is_named(offline, environment):
    ran = offline("efactura", "login", "--no-browser", **environment | {"ANAF_LOGIN_URL": "foo"})
    assert ran.code == 2
    assert "ANAF_LOGIN_URL is wrong" in ran.err
    assert "must begin with https://" in ran.err


async def test_log_in_of_another_secret_is_told_as_of_no_use(offline, environment, tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")):
        pass
    await asyncio.to_thread(offline, "efactura", "logins", **environment)  # makes the tables
    sealed = {"tenant": "acme", "sealed": "rubbish"}
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as file, file:
        file.execute(
            "INSERT INTO secret (name, value, locked_by, locked_until, updated_at) "
            "VALUES ('anaf.login.x', ?, '', '2026-01-01', '2026-01-01')",
            (json.dumps(sealed),),
        )
    ran = await asyncio.to_thread(offline, "efactura", "logins", **environment)
    assert ran.code == 1
    assert "made with another ANAF_CLIENT_SECRET" in ran.out


def test_authorize_url_is_as_anaf_documents_it():
    query = parse_qs(urlsplit(Redirect(URI, "st").authorize_url("https://h/", "id")).query)
    assert query == {
        "response_type": ["code"], "client_id": ["id"], "redirect_uri": [URI],
        "token_content_type": ["jwt"], "state": ["st"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "error", "words"),
    [
        ("code=c&state=other", WrongStateError, "another log-in"),
        ("code=c", WrongStateError, "another log-in"),
        ("error=access_denied", LoginFailedError, "access_denied"),
        ("error=server_error&state=st", LoginFailedError, "server_error"),
        ("error=access_denied&state=other", WrongStateError, "another log-in"),
        ("state=st", LoginFailedError, "no code"),
        ("", WrongStateError, "another log-in"),
    ],
)
def test_what_comes_back_is_judged(query, error, words):
    with pytest.raises(error, match=words):
        Redirect(URI, "st").code_in(query)


@pytest.mark.parametrize(
    "uri",
    ["http://localhost:1/x", "https:///x", "localhost", "https://h/x?y=1", "https://h/#z",
     "https://h:99999/x", "https://h:x/x", "https://[h/x", "https://hăt/x"],
)  # fmt: skip
def test_address_that_anaf_does_not_register_is_refused(offline, environment, uri):
    ran = offline("efactura", "login", "--redirect-uri", uri, **environment)
    assert ran.code == 2
    assert "cannot be registered at ANAF" in ran.err


@pytest.mark.parametrize(
    "code",
    ["anaf_login_failed", "anaf_login_wrong_state", "ledger_unreachable", "anaf_login_missing",
     "anaf_login_required", "anaf_login_unreadable", "anaf_token_refused",
     "anaf_credentials_unreadable"],
)  # fmt: skip
def test_every_code_of_a_log_in_is_explained(offline, code):
    ran = offline("errors", code)
    assert ran.code == 0
    assert code in ran.out
