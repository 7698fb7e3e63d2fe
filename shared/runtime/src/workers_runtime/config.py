"""Settings of a worker: the environment, read once, at start."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


class FileSettingsSource(PydanticBaseSettingsSource):
    """Reads ``NAME_FILE``: the value is that file's content (Docker, Kubernetes secrets)."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the file's content, without the line end, when ``<NAME>_FILE`` is set."""
        name = variable_name(self.settings_cls, field_name, field)
        path = os.environ.get(f"{name}_FILE")
        if not path:
            return None, field_name, False
        try:
            content = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"{name}_FILE names {path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{name}_FILE names {path}: it is not UTF-8 text") from None
        # An empty file is an unset value, as an empty variable is.
        return content or None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the values of all fields that have a file."""
        values: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, name)
            if value is not None:
                alias = field.validation_alias
                values[alias if isinstance(alias, str) else key] = value
        return values


class WorkerSettings(BaseSettings):
    """What every worker reads. A service derives from it and sets its own ``env_prefix``."""

    # An empty variable is an unset one: compose files and charts pass empty ones on.
    model_config = SettingsConfigDict(
        extra="ignore", populate_by_name=True, frozen=True, env_ignore_empty=True
    )

    rmq_url: SecretStr = Field(
        validation_alias="RMQ_URL", description="RabbitMQ, amqp:// or amqps://."
    )
    redis_url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        validation_alias="REDIS_URL",
        description="Redis: results, shared limits, short caches, journal of stateless workers.",
    )
    artifacts_url: str = Field(
        default="file:///var/lib/workers/artifacts",
        validation_alias="ARTIFACTS_URL",
        description="Where large contents are kept: file:///folder or s3://bucket/prefix.",
    )
    environment: str = Field(
        default="production", validation_alias="WORKERS_ENV", description="dev, test or production."
    )
    log_level: str = Field(
        default="INFO",
        pattern="(?i)^(debug|info|warning|error|critical)$",
        validation_alias="LOG_LEVEL",
        description="DEBUG to ERROR.",
    )
    log_format: str = Field(
        default="json",
        pattern="^(json|console)$",
        validation_alias="LOG_FORMAT",
        description="json, or console for people.",
    )
    http_host: str = Field(
        default="127.0.0.1",
        validation_alias="HTTP_HOST",
        description="Address of the health and metrics pages; 0.0.0.0 in containers.",
    )
    http_port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        validation_alias="HTTP_PORT",
        description="0 picks a free port.",
    )
    http_public_url: str = Field(
        default="",
        validation_alias="HTTP_PUBLIC_URL",
        description="Address of the pages for others; made from host and port when empty.",
    )
    prefetch: int = Field(
        default=16,
        ge=1,
        le=500,
        validation_alias="PREFETCH",
        description="Messages in hand at once.",
    )
    handler_seconds: float = Field(
        default=600.0,
        gt=0,
        validation_alias="HANDLER_SECONDS",
        description="Longest time for one message; the broker gives up after 30 minutes.",
    )
    drain_seconds: float = Field(
        default=25.0,
        gt=0,
        validation_alias="DRAIN_SECONDS",
        description="Time to finish at SIGTERM.",
    )
    heartbeat_seconds: float = Field(
        default=30.0,
        gt=0,
        validation_alias="HEARTBEAT_SECONDS",
        description="Between two heartbeats.",
    )
    stall_seconds: float = Field(
        default=10.0,
        gt=0,
        validation_alias="STALL_SECONDS",
        description="Work is ready and none arrives for this long: the consumer is made anew.",
    )
    retry_max_age_seconds: float = Field(
        default=86_400.0,
        gt=0,
        validation_alias="RETRY_MAX_AGE_SECONDS",
        description="A transient failure is tried again for this long, unless a deadline is known.",
    )
    result_ttl_seconds: int = Field(
        default=86_400,
        ge=1,
        validation_alias="RESULT_TTL_SECONDS",
        description="How long results stay in Redis.",
    )
    journal_ttl_seconds: int = Field(
        default=7 * 86_400,
        ge=60,
        validation_alias="JOURNAL_TTL_SECONDS",
        description="How long a message id is remembered.",
    )
    otlp_endpoint: str = Field(
        default="",
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="OpenTelemetry collector (HTTP); traces are dropped when empty.",
    )

    @property
    def retry_max_age(self) -> timedelta:
        """How long a transient failure is tried again."""
        return timedelta(seconds=self.retry_max_age_seconds)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order: arguments, environment, ``*_FILE``. Dotenv files are the launcher's business."""
        return init_settings, env_settings, FileSettingsSource(settings_cls)


def variable_name(settings: type[BaseSettings], name: str, field: FieldInfo) -> str:
    """Return the environment variable of a settings field."""
    alias = field.validation_alias
    if isinstance(alias, str):
        return alias
    return f"{settings.model_config.get('env_prefix', '')}{name}".upper()


SettingsType = TypeVar("SettingsType", bound=BaseSettings)


def load(settings: type[SettingsType], program: str) -> SettingsType:
    """Read the settings, or end the process (exit 2) with one clear line per problem."""
    try:
        return settings()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            place = str(problem["loc"][0]) if problem["loc"] else "settings"
            field = settings.model_fields.get(place)
            name = variable_name(settings, place, field) if field else place
            text = problem["msg"].removeprefix("Value error, ")
            what = "is not set" if problem["type"] == "missing" else f"is wrong: {text}"
            help_text = next(
                (
                    f.description
                    for n, f in settings.model_fields.items()
                    if variable_name(settings, n, f) == name and f.description
                ),
                "",
            )
            sys.stderr.write(f"{program}: {name} {what}. {help_text}\n")
    except ValueError as error:
        sys.stderr.write(f"{program}: {error}\n")
    raise SystemExit(2)
