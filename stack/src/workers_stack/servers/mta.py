"""A Postfix of our own on loopback: takes mail, delivers into a folder, sends nothing anywhere.

Debian's package, as root: Postfix drops its rights by itself and wants to be started with them.
"""

import asyncio
import email
import email.policy
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

from .guard import guard
from .ports import LOOPBACK, free_ports
from .process import ServerError, ServerProcess

PACKAGE = "postfix"
DOMAINS = ("client.example", "prima.example", "xn--ar-kla13i.example")
"""Mail to them is taken and kept; the last one is țară.example."""

ANSWERS = {
    "gone@client.example": "550 5.1.1 User unknown",
    "full@client.example": "452 4.2.2 Mailbox full",
    "later@client.example": "450 4.2.0 Greylisted",
}
"""Recipients that are refused, with the server's words."""

_BOOT_LIMIT = 20.0
_MASTER = """\
{starttls} inet n - n - - smtpd
{implicit} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def mta_program() -> str | None:
    """Path of an installed `postfix` that this process may start, or None."""
    return shutil.which("postfix") if os.geteuid() == 0 else None


class PrivateMta:
    """One private Postfix: `start()`, use `starttls_port` or `implicit_port`, `close()`."""

    def __init__(self) -> None:
        # Short: the sockets' paths below it have a limit of some hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="mta-", dir="/tmp"))
        self.starttls_port, self.implicit_port = free_ports(2)
        self._server: ServerProcess | None = None
        self._master = 0

    @property
    def host(self) -> str:
        """Where it listens."""
        return LOOPBACK

    @property
    def certificate(self) -> Path:
        """Its certificate, for a client to trust."""
        return self._folder / "tls.pem"

    async def start(self, **changes: str) -> None:
        """Start it and wait until it greets (about 1 s); further lines of main.cf by keyword."""
        program = mta_program()
        if program is None:
            raise ServerError("Postfix is not installed here, or this is not root")
        self._write(changes)
        path = os.environ.get("PATH", os.defpath)
        environment = {"PATH": f"{path}:/usr/sbin:/sbin", "LANG": "C.UTF-8"}
        command = [program, "-c", str(self._folder / "etc"), "start-fg"]
        log = self._folder / "start.log"
        self._server = ServerProcess("Postfix", command, environment, log)
        self._server.launch()
        await self._wait_until_ready(self._server)
        # It makes a session of its own, out of the group that we started.
        self._master = int((self._folder / "queue" / "pid" / "master.pid").read_text())
        guard.add(self._master)

    async def stop(self) -> None:
        """End it; what it delivered is kept for the next `start()`."""
        if self._master:
            _kill(self._master, signal.SIGTERM)
        if self._server is not None:
            await self._server.end()
        if self._master:
            _kill(self._master, signal.SIGKILL)
            guard.remove(self._master)
            self._master = 0

    async def close(self) -> None:
        """Stop for good and remove its folder."""
        await self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def mails(self) -> list[EmailMessage]:
        """What was delivered so far, in no order; each stands once for each recipient."""
        found = []
        for file in sorted((self._folder / "mail" / "all" / "new").glob("*")):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            if isinstance(message, EmailMessage):
                found.append(message)
        return found

    def wait_mails(self, count: int, seconds: float = 20) -> list[EmailMessage]:
        """Wait until so many mails were delivered; ServerError when they are not."""
        deadline = time.monotonic() + seconds
        while len(found := self.mails) < count:
            if time.monotonic() > deadline:
                raise ServerError(f"{len(found)} mails of {count}:\n{self.log}")
            time.sleep(0.05)
        return found

    @property
    def log(self) -> str:
        """The end of what it logged."""
        file = self._folder / "mail.log"
        text = file.read_text("utf-8", "replace") if file.exists() else ""
        started = self._server.last_lines() if self._server else ""
        return "\n".join([started, *text.splitlines()[-40:]])

    def _write(self, changes: Mapping[str, str]) -> None:
        folder = self._folder
        folder.chmod(0o755)
        for name in ("etc", "queue", "data", "mail"):
            (folder / name).mkdir(exist_ok=True)
        for name in ("data", "mail"):
            shutil.chown(folder / name, "postfix", "postfix")
        if not self.certificate.exists():
            self._make_certificate()
        lines = {**self._main(), **changes}
        text = "".join(f"{name} = {value}\n" for name, value in lines.items())
        (folder / "etc" / "main.cf").write_text(text)
        ports = {"starttls": self.starttls_port, "implicit": self.implicit_port}
        (folder / "etc" / "master.cf").write_text(_MASTER.format(**ports))

    def _main(self) -> dict[str, str]:
        folder = self._folder
        owner = (folder / "data").stat()
        answers = ", ".join(f"{{ {who} = {words} }}" for who, words in ANSWERS.items())
        return {
            "compatibility_level": "3.6",
            "queue_directory": f"{folder}/queue",
            "data_directory": f"{folder}/data",
            "maillog_file": f"{folder}/mail.log",
            "maillog_file_prefixes": str(folder),
            "inet_interfaces": LOOPBACK,
            "inet_protocols": "ipv4",
            "myhostname": "mta.example",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "alias_maps": "",
            "alias_database": "",
            # Nothing leaves, whatever somebody asks for.
            "default_transport": "error:5.7.1 this server relays nothing",
            "relay_transport": "error:5.7.1 this server relays nothing",
            "virtual_mailbox_domains": " ".join(DOMAINS),
            "virtual_mailbox_maps": "static:all/",
            "virtual_mailbox_base": f"{folder}/mail",
            "virtual_uid_maps": f"static:{owner.st_uid}",
            "virtual_gid_maps": f"static:{owner.st_gid}",
            "virtual_minimum_uid": "1",
            "smtpd_relay_restrictions": "reject_unauth_destination",
            "smtpd_recipient_restrictions": f"check_recipient_access inline:{{ {answers} }}",
            "smtpd_tls_cert_file": f"{folder}/tls.pem",
            "smtpd_tls_key_file": f"{folder}/tls.key",
            "smtpd_tls_security_level": "may",
            "smtputf8_enable": "yes",
            "message_size_limit": "20000000",
            "smtpd_client_connection_rate_limit": "0",
            "process_id_directory": "pid",
        }

    def _make_certificate(self) -> None:
        command = [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", f"subjectAltName=IP:{LOOPBACK},DNS:localhost",
            "-keyout", str(self._folder / "tls.key"), "-out", str(self.certificate),
        ]  # fmt: skip
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise ServerError(f"openssl made no certificate: {done.stderr[-300:]}")

    async def _wait_until_ready(self, server: ServerProcess) -> None:
        deadline = time.monotonic() + _BOOT_LIMIT
        while time.monotonic() < deadline and server.running:
            if await _greets(self.starttls_port) and await _greets(self.implicit_port, said=False):
                return
            await asyncio.sleep(0.05)
        tail = self.log
        await server.kill()
        raise ServerError(f"Postfix did not start. Its last lines:\n{tail}")


def _kill(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


async def _greets(port: int, *, said: bool = True) -> bool:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                return not said or (await reader.readline()).startswith(b"220")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
