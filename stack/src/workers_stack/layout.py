"""Which programs make the stack (found by folder), and the environment each one gets."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .programs import Program, python_module
from .servers.ports import LOOPBACK, free_port, is_free

REGISTRY_PORT = 8080
SANDBOX_PORT = 8090
SANDBOX_MAIL_PORT = 8025
_SANDBOX_KEYS = "sandbox-keys"
_VIES = "/taxation_customs/vies/services/checkVatService"
# The sandbox answers in parts of a second: asking at ANAF's pace would only make people wait.
_SANDBOX_PACE = {
    "ANAF_EFACTURA_CHECK_PLAN": "1,1,2,5,10,30,60",
    "ANAF_EFACTURA_RECONCILE_SECONDS": "2",
    "ANAF_EFACTURA_RECEIVE_SECONDS": "5",
    "ANAF_EFACTURA_SENT_ELSEWHERE_SECONDS": "30",
    "ANAF_EFACTURA_CLOCK_MARGIN_SECONDS": "0.5",
}


class LayoutError(RuntimeError):
    """The workspace was not found."""


@dataclass(frozen=True)
class Service:
    """One worker or the registry: its distribution's name, its module, its port."""

    name: str
    module: str
    port: int

    @property
    def url(self) -> str:
        """Base URL of its HTTP pages."""
        return f"http://{LOOPBACK}:{self.port}"

    def program(self, environment: Mapping[str, str]) -> Program:
        """How to start it."""
        return Program(
            name=self.name,
            command=python_module(self.module),
            ready_url=f"{self.url}/health/ready",
            environment={**environment, "HTTP_HOST": LOOPBACK, "HTTP_PORT": str(self.port)},
        )


@dataclass(frozen=True)
class Layout:
    """Everything that runs beside the servers."""

    sandbox_port: int
    registry: Service | None
    workers: tuple[Service, ...]
    mail_port: int = SANDBOX_MAIL_PORT

    @property
    def sandbox_url(self) -> str:
        """Base URL of the sandbox that plays the authorities."""
        return f"http://{LOOPBACK}:{self.sandbox_port}"

    @property
    def services(self) -> list[Service]:
        """The registry, then the workers."""
        return [*([self.registry] if self.registry else []), *self.workers]

    def sandbox(self, folder: Path) -> Program:
        """How to start the sandbox; its keys stay in `folder`."""
        environment = {
            "SANDBOX_HOST": LOOPBACK,
            "SANDBOX_PORT": str(self.sandbox_port),
            "SANDBOX_SMTP_PORT": str(self.mail_port),
            "SANDBOX_KEY_DIR": str(folder / _SANDBOX_KEYS),
            # The ledger outlives a restart of `dev`: indices must not begin anew.
            "SANDBOX_KEEP_COUNTING": "true",
            # A lost answer is lost after one second too, and the demonstration is quicker.
            "SANDBOX_HANG": os.environ.get("SANDBOX_HANG", "1"),
        }
        return Program(
            name="sandbox",
            command=python_module("workers_sandbox"),
            ready_url=f"{self.sandbox_url}/health",
            environment=environment,
        )


def find_root(start: Path | None = None) -> Path:
    """The workspace: the nearest folder upwards with a `services` folder and a justfile."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, *Path(__file__).resolve().parents):
        if (folder / "services").is_dir() and (folder / "justfile").is_file():
            return folder
    raise LayoutError(f"{here} is not inside the workers-core workspace: change to it first")


def read_layout(root: Path, *, usual_ports: bool) -> Layout:
    """Find the services by folder. `usual_ports` takes 8080 and 8090 when they are free."""
    workers = tuple(
        _service(file.parent, free_port())
        for file in sorted(root.glob("services/*/pyproject.toml"))
    )
    registry = root / "registry-service"
    return Layout(
        sandbox_port=_port(SANDBOX_PORT, usual_ports),
        registry=_service(registry, _port(REGISTRY_PORT, usual_ports))
        if (registry / "pyproject.toml").exists()
        else None,
        workers=workers,
        mail_port=_port(SANDBOX_MAIL_PORT, usual_ports),
    )


def service_environment(
    layout: Layout, folder: Path, *, amqp_url: str, redis_url: str, signing_key: str
) -> dict[str, str]:
    """What workers and registry read from the environment; the sandbox stands in for ANAF."""
    sandbox = layout.sandbox_url
    return {
        "RMQ_URL": amqp_url,
        "REDIS_URL": redis_url,
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'workers.db'}",
        "ARTIFACTS_URL": f"file://{folder / 'artifacts'}",
        "WORKERS_ENV": "dev",
        "DRAIN_SECONDS": "8",  # less than the 10 s after which the stack kills
        "LOG_FORMAT": os.environ.get("LOG_FORMAT", "console"),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO"),
        "ANAF_BASE_URL": sandbox,
        "ANAF_LOGIN_URL": sandbox,
        "ANAF_PUBLIC_URL": sandbox,
        "ANAF_CLIENT_ID": "sandbox",
        "ANAF_CLIENT_SECRET": "sandbox",
        "ANAF_REFRESH_TOKEN": "sandbox-refresh-token",
        "ANAF_EFACTURA_TRUSTED_SEALS": str(folder / "seal.pem"),
        "VIES_URL": sandbox + _VIES,
        "SLACK_WEBHOOK_URL": f"{sandbox}/services/TSANDBOX/BGENERAL/sandbox",
        "SLACK_BOT_TOKEN": "sandbox-bot-token",
        "NOTIFY_SLACK_CHANNELS": "general,ops,contabilitate",
        "NOTIFY_SLACK_API_URL": f"{sandbox}/api/",
        "NOTIFY_SLACK_ALLOWED_HOSTS": sandbox.removeprefix("http://"),
        "SMTP_HOST": LOOPBACK,
        "SMTP_PORT": str(layout.mail_port),
        "SMTP_USERNAME": "sandbox",
        "SMTP_PASSWORD": "sandbox-smtp-password",
        "SMTP_CA_FILE": str(folder / _SANDBOX_KEYS / "smtp.pem"),
        "SMTP_FROM": "facturi@prima.example",
        "SMTP_FROM_NAME": "Prima Exemplu SRL",
        # Most documents of a demonstration have a text layer, and need no models.
        "OCR_PRELOAD": "false",
        "OCR_PROCESSES": "1",
        "REGISTRY_JWT_SECRET": signing_key,
        **_SANDBOX_PACE,
    }


def _service(folder: Path, port: int) -> Service:
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name: str = project["name"]
    return Service(name=name, module=name.replace("-", "_"), port=port)


def _port(usual: int, wanted: bool) -> int:
    return usual if wanted and is_free(usual) else free_port()
