"""What the ANAF workers that log in read besides; whoever only looks up needs no ledger."""

from pydantic import Field, SecretStr, field_validator

from workers_ledger.database import parse

from .config import AnafSettings


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
