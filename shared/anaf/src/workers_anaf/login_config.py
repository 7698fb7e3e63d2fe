"""What the ANAF workers that log in read besides; whoever only looks up needs no ledger."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from workers_ledger.database import parse

from .config import AnafSettings


class AnafLoginSettings(AnafSettings):
    """The credentials of the application registered in ANAF's portal."""

    anaf_client_certificate: Path | None = Field(
        default=None,
        validation_alias="ANAF_CLIENT_CERTIFICATE",
        description="PEM of the qualified certificate, in place of a default log-in; the calls "
        "then go to ANAF_CERTIFICATE_URL.",
    )
    anaf_client_id: str = Field(
        default="",
        validate_default=True,
        validation_alias="ANAF_CLIENT_ID",
        description="From ANAF's portal of OAuth applications; needed unless "
        "ANAF_CLIENT_CERTIFICATE is set.",
    )
    anaf_client_secret: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        validation_alias="ANAF_CLIENT_SECRET",
        description="From ANAF's portal; also by _FILE. The stored log-ins are encrypted with it.",
    )
    anaf_refresh_token: SecretStr | None = Field(
        default=None,
        validation_alias="ANAF_REFRESH_TOKEN",
        description="Begins the default log-in, unless a newer one was made with `workers efactura "
        "login`; used once, then kept renewed.",
    )
    anaf_tenant_login: Literal["shared", "own"] = Field(
        default="shared",
        validation_alias="ANAF_TENANT_LOGIN",
        description="A tenant without a log-in of its own: shared uses the default one, own waits "
        "until it has one.",
    )
    anaf_credentials_file: Path | None = Field(
        default=None,
        validation_alias="ANAF_CREDENTIALS_FILE",
        description="Log-ins by tenant, JSON or TOML, or a folder of such files: {tenant: "
        "{client_id, client_secret, refresh_token}}; read again when it changes.",
    )
    anaf_client_key: Path | None = Field(
        default=None,
        validation_alias="ANAF_CLIENT_KEY",
        description="PEM of the certificate's key, when it is not in the same file.",
    )
    anaf_client_key_password: SecretStr | None = Field(
        default=None,
        validation_alias="ANAF_CLIENT_KEY_PASSWORD",
        description="Of an encrypted key; also by _FILE.",
    )
    anaf_certificate_url: str = Field(
        default="https://webserviceapl.anaf.ro",
        validation_alias="ANAF_CERTIFICATE_URL",
        description="ANAF's host for calls with the certificate.",
    )
    anaf_ca_file: Path | None = Field(
        default=None,
        validation_alias="ANAF_CA_FILE",
        description="PEM of further authorities that ANAF_CERTIFICATE_URL's certificate may have.",
    )
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:////var/lib/workers/workers.db"),
        validation_alias="DATABASE_URL",
        description="Ledger of documents and tokens: sqlite:////file or postgresql://….",
    )
    call_seconds: float = Field(
        default=0.065,
        ge=0,
        le=60,
        validation_alias="ANAF_CALL_SECONDS",
        description="Between two calls behind OAuth, over all workers; ANAF allows 1000 a minute. "
        "What was held up may follow faster: 5 % more in any minute.",
    )

    @field_validator("anaf_client_id", "anaf_client_secret")
    @classmethod
    def _needed(cls, value: str | SecretStr, info: ValidationInfo) -> str | SecretStr:
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not given and not info.data.get("anaf_client_certificate"):
            raise PydanticCustomError("missing", "needed unless ANAF_CLIENT_CERTIFICATE is set")
        return value

    @field_validator("anaf_refresh_token")
    @classmethod
    def _one_default(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.data.get("anaf_client_certificate"):
            raise ValueError("the default log-in is this one or ANAF_CLIENT_CERTIFICATE, not both")
        return value

    @field_validator("anaf_certificate_url")
    @classmethod
    def _https(cls, value: str) -> str:
        if not value.startswith("https://"):
            raise ValueError("must begin with https://, or no certificate would be shown")
        return value.rstrip("/")

    @property
    def calls_per_minute(self) -> int | None:
        """The most calls in any minute; None without a pace."""
        return max(1, int(60 / self.call_seconds * 1.05)) if self.call_seconds else None

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        parse(value.get_secret_value())
        return value
