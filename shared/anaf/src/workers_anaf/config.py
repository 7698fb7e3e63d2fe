"""What the ANAF workers read from the environment, beside what every worker reads."""

from typing import Literal

from pydantic import Field, SecretStr

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
