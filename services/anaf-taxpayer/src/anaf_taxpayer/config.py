"""What this worker reads from the environment."""

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from workers_anaf.config import AnafSettings


class Settings(AnafSettings):
    """The settings of `anaf-taxpayer`."""

    model_config = SettingsConfigDict(env_prefix="ANAF_TAXPAYER_")

    vies_url: str = Field(
        default="https://ec.europa.eu/taxation_customs/vies/services/checkVatService",
        validation_alias="VIES_URL",
        description="Address of the EU's VAT number service; the sandbox's in development.",
    )
    lookup_seconds: float = Field(
        default=1.1,
        ge=0,
        description="Between two look-ups of all replicas; ANAF allows one a second in all.",
    )
    found_ttl_seconds: int = Field(
        default=86_400, ge=0, description="How long a found taxpayer is answered from the cache."
    )
    not_found_ttl_seconds: int = Field(
        default=3600, ge=0, description="How long an unknown one is; new companies appear daily."
    )
    prefetch: int = Field(
        default=500,
        ge=1,
        le=1000,
        validation_alias="PREFETCH",
        description="Messages in hand at once; up to 100 codes share one look-up.",
    )

    @field_validator("vies_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must be the whole address of the service, beginning with https://")
        return value
