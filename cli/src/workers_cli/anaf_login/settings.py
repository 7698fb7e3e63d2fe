"""What a log-in needs from the environment; secrets also by ``NAME_FILE``."""

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from workers_cli.errors import ConfigurationError
from workers_runtime.config import FileSettingsSource


class LoginSettings(BaseSettings):
    """The same variables as the worker's."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True, env_ignore_empty=True)

    client_id: str = Field(validation_alias="ANAF_CLIENT_ID")
    client_secret: SecretStr = Field(validation_alias="ANAF_CLIENT_SECRET")
    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    login_url: str = Field(default="https://logincert.anaf.ro", validation_alias="ANAF_LOGIN_URL")

    @field_validator("login_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with https:// (http:// for a sandbox)")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order: arguments, environment, ``*_FILE``, as the workers have it."""
        return init_settings, env_settings, FileSettingsSource(settings_cls)


_STEPS = {
    "ANAF_CLIENT_ID": "set it as ANAF's portal shows it",
    "ANAF_CLIENT_SECRET": "set it, or ANAF_CLIENT_SECRET_FILE, to the workers' own",
    "DATABASE_URL": "set it, or DATABASE_URL_FILE, to the ledger of the workers",
}


def read() -> LoginSettings:
    """Read them.

    Raises:
        ConfigurationError: one is missing or wrong; the text names it and never shows it.
    """
    try:
        return LoginSettings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = str(first["loc"][0])
        if first["type"] != "missing":
            raise ConfigurationError(f"{name} is wrong: {first['msg']}", "correct it") from None
        raise ConfigurationError(f"{name} is not set", _STEPS.get(name, "set it")) from None
    except ValueError as error:  # a file of a secret
        raise ConfigurationError(str(error), "correct the path, or the rights to read it") from None
