"""`workers efactura login`, `logins`, `logout`: the log-ins at ANAF that the workers use."""

import asyncio
import webbrowser
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from workers_cli.anaf_login.errors import LoginFailedError, WrongStateError
from workers_cli.anaf_login.page import page
from workers_cli.anaf_login.redirect import Redirect
from workers_cli.anaf_login.settings import LoginSettings, read
from workers_cli.errors import ExitCode, TimedOutError, UsageError
from workers_cli.options import Json, check_tenant
from workers_cli.output import emit, line, note, table

# At the command, not at the start: the ledger and what encrypts take longer than all the rest.
if TYPE_CHECKING:
    from workers_cli.anaf_login.keeping import Kept, Office

PORT = 8799
PATH = "/callback"
Tenant = Annotated[
    str, typer.Option("--tenant", help="Whose log-in it is (`tid`). Default: everybody's.")
]


def login(
    tenant: Tenant = "",
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Of the page on this machine.")
    ] = PORT,
    path: Annotated[str, typer.Option("--path", help="Of the page on this machine.")] = PATH,
    redirect_uri: Annotated[
        str | None,
        typer.Option(
            "--redirect-uri",
            show_default=False,
            help="The address in ANAF's portal. Default: https://localhost:PORT/PATH.",
        ),
    ] = None,
    client_id: Annotated[
        str | None,
        typer.Option(
            "--client-id",
            show_default=False,
            help="Of an application of the tenant's own; its secret is asked for.",
        ),
    ] = None,
    paste: Annotated[
        bool, typer.Option("--paste", help="No page here: paste the address that the browser got.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open ANAF's log-in in a browser.")
    ] = True,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Seconds to wait for the person.")
    ] = 600,
    as_json: Json = False,
) -> int:
    """Log in at ANAF with the qualified certificate; the workers use it without a restart.

    Run it where a browser has the certificate, with the workers' ANAF_CLIENT_ID,
    ANAF_CLIENT_SECRET and DATABASE_URL. Nothing is changed until ANAF has answered.
    """
    _installed()
    check_tenant(tenant, "--tenant")
    settings = read()
    if client_id:
        secret = typer.prompt("client secret of that application", hide_input=True, err=True)
        own = (client_id, str(secret).strip())
    else:
        own = (settings.client_id, settings.client_secret.get_secret_value())
    uri = redirect_uri or f"https://localhost:{port}/{path.lstrip('/')}"
    attempt = _Attempt(tenant, own, Redirect.begin(uri), settings, paste, browser, timeout)
    kept = asyncio.run(attempt.run())
    _told(kept, as_json=as_json)
    return ExitCode.OK


def logins(as_json: Json = False) -> int:
    """List the stored log-ins: whose, since when, until when.

    Exits with 1 when one is of no use. Those of the settings and of ANAF_CREDENTIALS_FILE are the
    workers' alone: `workers status` tells when one of them ends.
    """
    _installed()
    found = asyncio.run(_all(read()))
    if as_json:
        for one in found:
            emit(asdict(one))
    elif found:
        rows = [
            (one.tenant or "(default)", one.client_id, _day(one.logged_in_at), _day(one.ends_at),
             one.problem or "in use")
            for one in found
        ]  # fmt: skip
        table(["tenant", "client id", "logged in", "until", "state"], rows)
    else:
        note("no log-in is stored")
    return ExitCode.WRONG if any(one.problem for one in found) else ExitCode.OK


def logout(tenant: Tenant = "") -> int:
    """Forget a stored log-in and its tokens. At ANAF they stay valid: end them in ANAF's portal."""
    _installed()
    gone = asyncio.run(_forget(read(), tenant))
    if gone is None:
        raise UsageError(
            f"no log-in of {_named(tenant)} is stored", "workers efactura logins shows those there"
        )
    tokens = "stay in the ledger, encrypted" if gone.problem else "are gone from the ledger"
    line(f"the log-in of {_named(tenant)} is forgotten; its tokens {tokens}")
    if gone.problem:
        note("it was made by an older version: only its own ANAF_CLIENT_SECRET finds its tokens")
    until = f" until {_day(gone.ends_at)} at most" if gone.ends_at else ""
    note(f"ANAF goes on to take them{until}, should a backup of the ledger hold them")
    note('end them there: "Renunțare OAuth" in ANAF\'s portal, which ends all of the application')
    return ExitCode.OK


class _Attempt:
    """One try of a person to log in."""

    def __init__(
        self,
        tenant: str,
        application: tuple[str, str],
        redirect: Redirect,
        settings: LoginSettings,
        paste: bool,
        browser: bool,
        timeout: float,
    ) -> None:
        self._tenant = tenant
        self._id, self._secret = application[0], SecretStr(application[1])
        self._redirect = redirect
        self._settings = settings
        self._paste = paste
        self._browser = browser
        self._timeout = timeout

    async def run(self) -> "Kept":
        """Wait for the person, then store what ANAF gives."""
        from workers_cli.anaf_login.keeping import office  # noqa: PLC0415

        # The ledger first: a code that cannot be stored would be wasted.
        async with office(self._settings) as opened:
            return await (self._pasted(opened) if self._paste else self._served(opened))

    async def _pasted(self, opened: "Office") -> "Kept":
        self._invite()
        note("when the browser has failed to open the page, paste its address here")
        address = str(await asyncio.to_thread(typer.prompt, "address", err=True))
        _, _, query = address.strip().partition("?")
        if not query:
            raise LoginFailedError(
                "the address holds no code", "paste all of it, with what stands behind the ?"
            )
        return await self._log_in(opened, query)

    async def _served(self, opened: "Office") -> "Kept":
        done: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        # A browser that asks twice must not have the code, which works once, refused beside us.
        one_by_one = asyncio.Lock()

        async def visit(query: str) -> str:
            async with one_by_one:
                if done.done():
                    raise LoginFailedError("this log-in is over", "close this page")
                try:
                    kept = await self._log_in(opened, query)
                except WrongStateError as error:
                    note(f"ignored: {error.message}")
                    raise
                except Exception as error:
                    done.set_exception(error)  # whatever it is, the terminal must hear of it
                    raise
                done.set_result(kept)
                return "Puteți închide pagina. / You may close this page."

        async with page(self._redirect.uri, visit):
            self._invite()
            await asyncio.wait({done}, timeout=self._timeout)
            async with one_by_one:  # who came back at the last moment is being served
                if done.done():
                    return done.result()
            raise TimedOutError(
                f"nobody came back from ANAF within {self._timeout:g} s",
                "run the command again; --timeout waits longer",
            )

    async def _log_in(self, opened: "Office", query: str) -> "Kept":
        from workers_anaf.credentials import Application  # noqa: PLC0415

        code = self._redirect.code_in(query)
        application = Application(self._id, self._secret.get_secret_value())
        return await opened.log_in(self._tenant, application, code, self._redirect.uri)

    def _invite(self) -> None:
        url = self._redirect.authorize_url(self._settings.login_url, self._id)
        note(f"log in for {_named(self._tenant)}, in a browser that has the certificate:")
        line(url, error=True)
        if not self._paste:
            note("then it warns of this machine's page, whose certificate is new: go on to it")
        if self._browser:
            webbrowser.open(url)


def _installed() -> None:
    if find_spec("workers_anaf") is None or find_spec("workers_ledger") is None:
        raise UsageError(
            "log-ins need more than this installation of the command has",
            "install it with its extra: workers-cli[login]",
        )


async def _all(settings: LoginSettings) -> "list[Kept]":
    from workers_cli.anaf_login.keeping import office  # noqa: PLC0415

    async with office(settings) as opened:
        return await opened.all()


async def _forget(settings: LoginSettings, tenant: str) -> "Kept | None":
    from workers_cli.anaf_login.keeping import office  # noqa: PLC0415

    async with office(settings) as opened:
        return await opened.forget(tenant)


def _told(kept: "Kept", *, as_json: bool) -> None:
    if as_json:
        emit(asdict(kept))
        return
    days = (kept.ends_at - datetime.now(UTC)).days if kept.ends_at else 0
    line(f"logged in for {_named(kept.tenant)}, until {_day(kept.ends_at)} ({days} days)")
    note("the workers use it within 15 seconds, and renew it by themselves until then")


def _named(tenant: str) -> str:
    return f"tenant {tenant}" if tenant else "all tenants"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
