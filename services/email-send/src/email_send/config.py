"""What this worker reads from the environment."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from workers_runtime.config import WorkerSettings

from .accounts import Account, Accounts, Tls

DEFAULT = "default"
"""Name of the account that the `SMTP_…` settings make."""


class Settings(WorkerSettings):
    """The settings of `email-send`."""

    model_config = SettingsConfigDict(env_prefix="EMAIL_SEND_")

    host: str = Field(
        default="",
        validation_alias="SMTP_HOST",
        description="Mail server. This or EMAIL_SEND_ACCOUNTS is needed.",
    )
    port: int = Field(
        default=0,
        ge=0,
        le=65535,
        validation_alias="SMTP_PORT",
        description="0: 587 with starttls, 465 with implicit, 25 with none.",
    )
    tls: Tls = Field(
        default="starttls",
        validation_alias="SMTP_TLS",
        description="starttls, implicit (TLS from the first byte), or none: loopback without a "
        "password only.",
    )
    username: str = Field(
        default="", validation_alias="SMTP_USERNAME", description="User at the mail server."
    )
    password: SecretStr = Field(
        default=SecretStr(""),
        validation_alias="SMTP_PASSWORD",
        description="That user's password; sent over TLS only.",
    )
    ca: str = Field(
        default="",
        validation_alias="SMTP_CA",
        description="Certificates (PEM) to trust beside the system's; best from a file.",
    )
    sender: str = Field(
        default="", validation_alias="SMTP_FROM", description="Address in From; with SMTP_HOST."
    )
    sender_name: str = Field(
        default="", validation_alias="SMTP_FROM_NAME", description="Name shown with it."
    )
    senders: str = Field(
        default="",
        description="Further addresses, or domains as @example.ro, that a command may name as its "
        "sender; separated by commas.",
    )
    bounce: str = Field(
        default="",
        description="Where bounces go, the sender if empty. {job} in it becomes the mail's own id: "
        "bounce+{job}@example.ro.",
    )
    dkim_selector: str = Field(
        default="", description="Signs with DKIM: the selector in DNS; needs the key."
    )
    dkim_key: SecretStr = Field(
        default=SecretStr(""), description="Private RSA key for DKIM, PEM; best from a file."
    )
    accounts: SecretStr = Field(
        default=SecretStr(""),
        description="Further accounts, JSON by name; best from a file. See the README.",
    )

    mails_per_second: float = Field(
        default=10.0, gt=0, le=1000, description="Of one account, over all replicas."
    )
    burst: int = Field(default=20, ge=1, le=10_000, description="Mails that may go at once.")
    connections: int = Field(
        default=8, ge=1, le=100, description="To one account's server, of one replica."
    )
    mails_per_connection: int = Field(
        default=100, ge=1, le=100_000, description="Then a new one is made."
    )
    idle_seconds: float = Field(
        default=60.0, gt=0, description="An unused connection is kept for this long."
    )
    answer_seconds: float = Field(
        default=30.0, gt=0, le=600, description="How long the server may take for an answer."
    )
    data_seconds: float = Field(
        default=300.0, gt=0, le=1500, description="How long it may take to take a mail in."
    )
    retry_seconds: float = Field(
        default=300.0,
        gt=0,
        description="Wait after a first refusal for now (4xx, greylisting); it doubles up to 1 h.",
    )
    when_unknown: Literal["resend", "fail"] = Field(
        default="resend",
        description="A last answer was lost: resend under the same Message-ID and say "
        "maybe_duplicate, or fail and leave it to a person.",
    )
    max_bytes: int = Field(
        default=25 * 1024 * 1024, ge=1024, description="Of a mail, as it is sent."
    )
    templates: Path | None = Field(
        default=None, description="Folder with the operator's own templates, before those shipped."
    )
    helo: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.-]{0,255}$",
        description="Name in EHLO; the machine's own if empty.",
    )

    @field_validator("templates")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{value} is no folder")
        return value

    @model_validator(mode="after")
    def _usable(self) -> "Settings":
        if not self.host and not self.accounts.get_secret_value():
            raise ValueError("give SMTP_HOST with SMTP_FROM, or EMAIL_SEND_ACCOUNTS")
        if self.host and not self.sender:
            raise ValueError("give SMTP_FROM too: the address in From")
        self.ways()
        return self

    def ways(self) -> Accounts:
        """Return the accounts that these settings make; ValueError names what is wrong."""
        found = {}
        if self.host:
            found[DEFAULT] = _account("SMTP_HOST and SMTP_…", self._own())
        shared = {
            "mails_per_second": self.mails_per_second,
            "burst": self.burst,
            "connections": self.connections,
        }
        for name, one in self._further().items():
            if name in found:
                raise ValueError(f"EMAIL_SEND_ACCOUNTS: {name} is the account of SMTP_HOST")
            found[name] = _account(f"EMAIL_SEND_ACCOUNTS, {name}", {**shared, **one})
        return Accounts(found)

    def _own(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "port": self.port,
            "tls": self.tls,
            "username": self.username,
            "password": self.password,
            "ca": self.ca,
            "from": self.sender,
            "from_name": self.sender_name,
            "senders": tuple(one.strip() for one in self.senders.split(",") if one.strip()),
            "mails_per_second": self.mails_per_second,
            "burst": self.burst,
            "connections": self.connections,
            "dkim_selector": self.dkim_selector,
            "dkim_key": self.dkim_key,
            "bounce": self.bounce,
        }

    def _further(self) -> dict[str, dict[str, Any]]:
        text = self.accounts.get_secret_value()
        if not text:
            return {}
        try:
            found = json.loads(text)
        except ValueError:
            raise ValueError("EMAIL_SEND_ACCOUNTS is not JSON") from None
        # Names and kinds only: the content holds passwords.
        if not isinstance(found, dict) or not all(isinstance(o, dict) for o in found.values()):
            raise ValueError('EMAIL_SEND_ACCOUNTS must be {"name": {"host": …, "from": …}, …}')
        return found


def _account(place: str, values: dict[str, Any]) -> Account:
    try:
        return Account.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(map(str, problem["loc"]))
        text = problem["msg"].removeprefix("Value error, ")
    raise ValueError(f"{place}: {f'{field}: ' if field else ''}{text}")
