"""What the ANAF workers read from the environment, beside what every worker reads."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from workers_ledger.database import parse
from workers_runtime.config import WorkerSettings


class AnafSettings(WorkerSettings):
    """Where ANAF is, and as whom we come."""

    anaf_base_url: str = Field(
        default="https://api.anaf.ro",
        validation_alias="ANAF_BASE_URL",
        description="Host of the services behind OAuth; the sandbox's address in development.",
    )
    anaf_login_url: str = Field(
        default="https://logincert.anaf.ro",
        validation_alias="ANAF_LOGIN_URL",
        description="Host of ANAF's log-in.",
    )
    anaf_public_url: str = Field(
        default="https://webservicesp.anaf.ro",
        validation_alias="ANAF_PUBLIC_URL",
        description="Host of the services without log-in: taxpayer look-up.",
    )
    anaf_environment: Literal["test", "prod"] = Field(
        default="test",
        validation_alias="ANAF_ENVIRONMENT",
        description="test files nothing for real; prod does.",
    )

    @field_validator("anaf_base_url", "anaf_login_url", "anaf_public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with https:// (http:// for a sandbox)")
        return value.rstrip("/")


class AnafLoginSettings(AnafSettings):
    """The credentials of the application registered in ANAF's portal."""

    anaf_client_id: str = Field(
        validation_alias="ANAF_CLIENT_ID", description="From ANAF's portal of OAuth applications."
    )
    anaf_client_secret: SecretStr = Field(
        validation_alias="ANAF_CLIENT_SECRET", description="From ANAF's portal; also by _FILE."
    )
    anaf_refresh_token: SecretStr = Field(
        validation_alias="ANAF_REFRESH_TOKEN",
        description="From the yearly log-in with the certificate; used once, then kept renewed.",
    )
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:////var/lib/workers/workers.db"),
        validation_alias="DATABASE_URL",
        description="Ledger of documents and tokens: sqlite:////file or postgresql://….",
    )
    call_seconds: float = Field(
        default=0.065,
        ge=0,
        validation_alias="ANAF_CALL_SECONDS",
        description="Between two calls behind OAuth, over all workers; ANAF allows 1000 a minute.",
    )

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        parse(value.get_secret_value())
        return value
