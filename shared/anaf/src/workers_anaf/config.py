"""What the ANAF workers read from the environment, beside what every worker reads."""

from typing import Literal

from pydantic import Field, field_validator

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
        description="Host of the services without log-in: taxpayer look-up, PDF of an invoice.",
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
