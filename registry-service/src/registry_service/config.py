"""Settings of the registry: the environment, read once, at start."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from workers_runtime.config import FileSettingsSource

MIN_SECRET_BYTES = 32
"""HMAC keys shorter than the hash can be guessed offline (RFC 7518, 3.2)."""


_ADDRESS = {"RMQ_URL": ("amqp", "amqps"), "REDIS_URL": ("redis", "rediss", "unix")}


class SettingsError(Exception):
    """The service must not start like this; the text is one line for the operator."""


class TokenSettings(BaseSettings):
    """What making and checking access tokens needs."""

    model_config = SettingsConfigDict(
        extra="ignore", populate_by_name=True, frozen=True, env_ignore_empty=True
    )

    environment: str = Field(
        default="production",
        validation_alias="WORKERS_ENV",
        description="dev, test or production; in dev reading needs no token.",
    )
    jwt_secret: SecretStr | None = Field(
        default=None,
        validation_alias="REGISTRY_JWT_SECRET",
        description="Key of the access tokens (HS256), 32 bytes or more; or _FILE.",
    )
    jwt_issuer: str = Field(
        default="workers-core", validation_alias="REGISTRY_JWT_ISSUER", description="Claim iss."
    )
    jwt_audience: str = Field(
        default="registry-service",
        validation_alias="REGISTRY_JWT_AUDIENCE",
        description="Claim aud.",
    )

    @property
    def is_dev(self) -> bool:
        """Say whether this is a developer's machine."""
        return self.environment == "dev"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the launcher reads it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- replaced by *_FILE
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order: arguments, environment, ``*_FILE``."""
        return init_settings, env_settings, FileSettingsSource(settings_cls)


class Settings(TokenSettings):
    """Everything the service reads."""

    rmq_url: SecretStr = Field(
        validation_alias="RMQ_URL", description="RabbitMQ, amqp:// or amqps://."
    )
    redis_url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        validation_alias="REDIS_URL",
        description="Redis: the registry's keys and the channel wrk:events.",
    )
    http_host: str = Field(
        default="127.0.0.1",
        validation_alias="HTTP_HOST",
        description="Address to listen on; 0.0.0.0 in containers.",
    )
    http_port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        validation_alias="HTTP_PORT",
        description="0 picks a free one.",
    )
    log_level: str = Field(
        default="INFO", validation_alias="LOG_LEVEL", description="DEBUG to ERROR."
    )
    log_format: str = Field(
        default="json",
        validation_alias="LOG_FORMAT",
        description="json, or console for people.",
    )


def check_addresses(settings: Settings) -> None:
    """Refuse addresses that can never work, before anything tries them.

    Raises:
        SettingsError: an address has another scheme; its text does not show the address.
    """
    given = {"RMQ_URL": settings.rmq_url, "REDIS_URL": settings.redis_url}
    for name, schemes in _ADDRESS.items():
        if given[name].get_secret_value().partition("://")[0] not in schemes:
            raise SettingsError(f"{name} must start with {' or '.join(f'{s}://' for s in schemes)}")


def configured_key(settings: TokenSettings) -> bytes | None:
    """Return the configured key of the access tokens, None when there is none.

    Raises:
        SettingsError: the key is too short.
    """
    if settings.jwt_secret is None or not settings.jwt_secret.get_secret_value():
        return None
    key = settings.jwt_secret.get_secret_value().encode()
    if len(key) < MIN_SECRET_BYTES:
        raise SettingsError(
            f"REGISTRY_JWT_SECRET has {len(key)} bytes; give at least {MIN_SECRET_BYTES}, "
            "for example from: openssl rand -hex 32"
        )
    return key
