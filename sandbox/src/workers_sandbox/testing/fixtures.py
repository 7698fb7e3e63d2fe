"""The fixtures themselves. Faults are real only on real sockets, so each test has a server."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from workers_sandbox.settings import BOOTSTRAP_REFRESH_TOKEN, Settings
from workers_sandbox.smtp.mailbox import PASSWORD, USER

from .control import Control


@dataclass(frozen=True, slots=True)
class SandboxServer:
    """A running sandbox: its origin, its control API, and what a client needs to log in."""

    url: str
    control: Control
    client_id: str = "sandbox"
    client_secret: str = "sandbox"  # noqa: S105 - opens nothing real
    refresh_token: str = BOOTSTRAP_REFRESH_TOKEN
    smtp_port: int = 0
    keys: Path = Path()

    @property
    def slack(self) -> dict[str, str]:
        """The environment that leads a client of Slack here, by webhook."""
        return {
            "SLACK_WEBHOOK_URL": f"{self.url}/services/TSANDBOX/BGENERAL/sandbox",
            "NOTIFY_SLACK_API_URL": f"{self.url}/api/",
            "NOTIFY_SLACK_ALLOWED_HOSTS": self.url.removeprefix("http://"),
        }

    @property
    def smtp(self) -> dict[str, str]:
        """The environment that leads a client of SMTP here, over STARTTLS with a log-in."""
        return {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.smtp_port),
            "SMTP_TLS": "starttls",
            "SMTP_USERNAME": USER,
            "SMTP_PASSWORD": PASSWORD,
            "SMTP_FROM": "facturi@prima.example",
            "SMTP_CA_FILE": str(self.keys / "smtp.pem"),
        }

    def access_token(self) -> str:
        """A fresh access token; uses the bootstrap refresh token and gives it back."""
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        answer = httpx.post(
            f"{self.url}/anaf-oauth2/v1/token",
            data=form,
            auth=(self.client_id, self.client_secret),
            trust_env=False,
        ).raise_for_status()
        self.control.oauth_reset()
        token: str = answer.json()["access_token"]
        return token

    @property
    def authorization(self) -> dict[str, str]:
        """Headers with a fresh access token."""
        return {"Authorization": f"Bearer {self.access_token()}"}


@pytest.fixture(scope="session")
def sandbox_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sandbox's keys, made once for all tests."""
    return tmp_path_factory.mktemp("sandbox-keys")


@pytest.fixture
def sandbox_settings() -> Settings:
    """Options of the sandbox; override this fixture to change them."""
    return Settings(
        state_delay=0.05,
        list_delay=0.05,
        hang=0.3,
        lookup_policy="count",
        slack_rate=100,
        slack_burst=100,
    )


@pytest.fixture
def sandbox(sandbox_settings: Settings, sandbox_keys: Path) -> Iterator[SandboxServer]:
    """A sandbox of this test's own, on a free loopback port."""
    # Imported here: the plugin is loaded by every pytest run of the environment.
    from workers_sandbox.server import BackgroundServer  # noqa: PLC0415

    keys = sandbox_settings.key_dir or sandbox_keys
    settings = replace(sandbox_settings, port=0, smtp_port=0, key_dir=keys)
    with BackgroundServer(settings) as server:
        control = Control(server.url)
        yield SandboxServer(
            server.url,
            control,
            settings.client_id,
            settings.client_secret,
            smtp_port=server.smtp_port,
            keys=keys,
        )
        control.close()
