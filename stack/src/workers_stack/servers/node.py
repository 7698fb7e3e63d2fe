"""What a RabbitMQ node needs to stand alone: programs, files, environment."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .ports import LOOPBACK
from .process import ServerError

# Debian's wrapper in sbin insists on root or the rabbitmq user; the launcher does not.
_LAUNCHERS = (
    "/usr/lib/rabbitmq/bin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
    "/opt/rabbitmq/sbin",
)


def broker_programs() -> Path | None:
    """Folder with `rabbitmq-server` and `rabbitmqctl`, or None when RabbitMQ is not installed."""
    found = shutil.which("rabbitmq-server")
    folders = [Path(folder) for folder in _LAUNCHERS]
    if found:
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        # The sbin wrapper's own folder has no rabbitmq-env: it is not usable by other users.
        if (folder / "rabbitmq-server").exists() and (folder / "rabbitmq-env").exists():
            return folder
    return None


def require_programs() -> Path:
    """The same folder, or ServerError that says what to install."""
    programs = broker_programs()
    if programs is None:
        raise ServerError("RabbitMQ is not installed here: install the package rabbitmq-server")
    return programs


def epmd_program() -> str | None:
    """Erlang's name server, or None: the node then starts one itself."""
    found = shutil.which("epmd")
    if found:
        return found
    erl = shutil.which("erl")
    candidate = Path(erl).resolve().parent / "epmd" if erl else None
    return str(candidate) if candidate and candidate.exists() else None


@dataclass(frozen=True)
class Ports:
    """The three loopback ports of a node."""

    amqp: int
    epmd: int
    dist: int


@dataclass(frozen=True)
class Node:
    """A node's identity and the folder that holds all of its files."""

    folder: Path
    name: str
    secret: str
    schedulers: int

    def write_files(self) -> None:
        """Lay out the folder: no plug-ins, output to the console, own cookie."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "environment").write_text("")
        (self.folder / "rabbitmq.conf").write_text("log.console = true\nlog.file = false\n")
        cookie = self.folder / ".erlang.cookie"
        cookie.unlink(missing_ok=True)
        cookie.touch(mode=0o600)
        cookie.write_text(self.secret)
        cookie.chmod(0o400)

    def environment(self, ports: Ports) -> dict[str, str]:
        """Everything the launcher and rabbitmqctl read; nothing of the machine's is used."""
        folder = self.folder
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),  # where Erlang looks for the cookie
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(ports.epmd),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(ports.amqp),
            "RABBITMQ_DIST_PORT": str(ports.dist),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
            # The launcher then becomes the Erlang machine itself: our signals reach the broker.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} "
                f"+S {self.schedulers}:{self.schedulers} +sbwt none"
            ),
        }
