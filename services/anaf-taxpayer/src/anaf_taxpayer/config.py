"""What this worker reads from the environment."""

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from workers_anaf.config import AnafSettings

from .number import read


class Settings(AnafSettings):
    """The settings of `anaf-taxpayer`."""

    model_config = SettingsConfigDict(env_prefix="ANAF_TAXPAYER_")

    vies_url: str = Field(
        default="https://ec.europa.eu/taxation_customs/vies/services/checkVatService",
        validation_alias="VIES_URL",
        description="Address of the EU's VAT number service; the sandbox's in development.",
    )
    vies_requester: str | None = Field(
        default=None,
        validation_alias="VIES_REQUESTER",
        description="Your own VAT number with its country, for example RO12345674: VIES then gives "
        "a consultation number as proof.",
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
    past_ttl_seconds: int = Field(
        default=2_592_000,
        ge=0,
        description="How long an answer about a past day is; the authority seldom rewrites one.",
    )
    stale_seconds: int = Field(
        default=604_800,
        ge=0,
        description="How long the last answer serves, marked as stale, while the authority is "
        "away; 0 never.",
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

    @field_validator("vies_requester")
    @classmethod
    def _own_number(cls, value: str | None) -> str | None:
        if not value:
            return None
        number = read(value, "RO", country_given=False)
        if number.problem or not value.strip()[:2].isalpha():
            raise ValueError("must be a VAT number with its country, for example RO12345674")
        return f"{number.country}{number.digits}"

    def requester(self) -> tuple[str, str] | None:
        """Return country and number of the one who asks VIES."""
        return (self.vies_requester[:2], self.vies_requester[2:]) if self.vies_requester else None
