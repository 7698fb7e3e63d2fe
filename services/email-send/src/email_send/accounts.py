"""The mail accounts of the operator, and which tenant sends through which. No network."""

import ipaddress
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from workers_contracts.email import Mailbox

from . import signing
from .addresses import Checked, check
from .errors import AccountUnroutableError, MailInvalidError

Tls = Literal["starttls", "implicit", "none"]
_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


class Account(BaseModel):
    """One way out: a server, who logs in there, and who may send through it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(min_length=1)
    port: int = Field(default=0, ge=0, le=65535)
    tls: Tls = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    ca: str = ""
    ca_file: Path | None = None
    sender: str = Field(min_length=3, alias="from")
    sender_name: str = Field(default="", alias="from_name")
    senders: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    mails_per_second: float = Field(default=10.0, gt=0, le=1000)
    burst: int = Field(default=20, ge=1, le=10_000)
    connections: int = Field(default=8, ge=1, le=100)
    dkim_selector: str = ""
    dkim_key: SecretStr = SecretStr("")
    dkim_key_file: Path | None = None
    bounce: str = ""

    @model_validator(mode="after")
    def _safe(self) -> "Account":
        for name in ("password_file", "dkim_key_file", "ca_file"):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                raise ValueError(f"{name} names {path}: there is no such file")
        has_password = bool(self.password.get_secret_value() or self.password_file)
        if bool(self.username) is not has_password:
            raise ValueError("a user name and a password are given both, or neither")
        if self.tls == "none" and has_password:
            raise ValueError("a password is never sent without TLS: use starttls or implicit")
        if self.tls == "none" and not _is_loopback(self.host):
            raise ValueError(
                "tls none is for a server on this machine's loopback only: use starttls or implicit"
            )
        has_key = bool(self.dkim_key.get_secret_value() or self.dkim_key_file)
        if bool(self.dkim_selector) is not has_key:
            raise ValueError("a DKIM selector and a DKIM key are given both, or neither")
        self._check_addresses()
        if self.certificates:
            try:
                ssl.create_default_context(cadata=self.certificates)
            except (ssl.SSLError, ValueError):
                raise ValueError("the certificates to trust are no PEM") from None
        if has_key:
            signing.load_key(self.signing_key)
        return self

    def _check_addresses(self) -> None:
        wanted = [("from", self.sender), ("bounce", self.bounce.replace("{job}", "a"))]
        wanted += [("senders", f"a{one}" if one.startswith("@") else one) for one in self.senders]
        for field, address in wanted:
            if address or field == "senders":
                _checked(address, field)
        _checked(self.sender, "from", self.sender_name)

    @property
    def real_port(self) -> int:
        """The given port, or the usual one of the way to TLS."""
        return self.port or _PORTS[self.tls]

    @property
    def secret(self) -> str:
        """The password; empty without one."""
        return _content(self.password, self.password_file)

    @property
    def certificates(self) -> str:
        """Certificates to trust beside the system's, PEM; empty without."""
        return self.ca or (self.ca_file.read_text("utf-8") if self.ca_file else "")

    @property
    def signing_key(self) -> str:
        """The private key for DKIM, PEM; empty without one."""
        return _content(self.dkim_key, self.dkim_key_file)

    @property
    def own_sender(self) -> Checked:
        """What stands in From when a command says nothing."""
        return _checked(self.sender, "from", self.sender_name)

    def allows(self, sender: Checked) -> bool:
        """Whether this address may stand in From."""
        # Servers tell local parts apart by case, people do not.
        wanted, domain = sender.wire.lower(), f"@{sender.domain.lower()}"
        known = {_wire(one).lower() for one in (self.sender, *self.senders)}
        return wanted in known or domain in known


class Accounts:
    """All accounts, by name."""

    def __init__(self, known: Mapping[str, Account]) -> None:
        self._known = dict(known)

    @property
    def all(self) -> Mapping[str, Account]:
        """Every account, by its name."""
        return self._known

    def choose(self, tenant: str, wanted: str | None) -> str:
        """Return the name of the account to use.

        Raises:
            AccountUnroutableError: none, or not for this tenant; no other is used instead.
        """
        if wanted is not None:
            account = self._known.get(wanted)
            if account is None or (account.tenants and tenant not in account.tenants):
                raise AccountUnroutableError(
                    f"there is no account {wanted!r} for this tenant; leave account out, or ask "
                    "the operator for one",
                    field="account",
                )
            return wanted
        own = [name for name, one in self._known.items() if tenant and tenant in one.tenants]
        shared = [name for name, one in self._known.items() if not one.tenants]
        # The operator's first one: the account of SMTP_HOST stands before all others.
        if found := [*own, *shared]:
            return found[0]
        raise AccountUnroutableError(
            "no account is for this tenant, and none for all; an operator can add one to "
            "EMAIL_SEND_ACCOUNTS",
            field="account",
        )


def _wire(one: str) -> str:
    if one.startswith("@"):
        return f"@{_checked(f'a{one}', 'senders').domain}"
    return _checked(one, "senders").wire


def _checked(address: str, field: str, name: str = "") -> Checked:
    # Not validated by the contract: its words would name a part of a message, not a setting.
    try:
        return check(Mailbox.model_construct(address=address, name=name), field)
    except MailInvalidError as error:
        raise ValueError(f"{field}: {error}") from None


def _content(given: SecretStr, file: Path | None) -> str:
    return given.get_secret_value() or (file.read_text("utf-8").strip() if file else "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
