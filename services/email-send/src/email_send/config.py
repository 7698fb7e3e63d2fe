"""What this worker reads from the environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from workers_runtime.config import WorkerSettings


class Settings(WorkerSettings):
    """The settings of `email-send`."""

    model_config = SettingsConfigDict(env_prefix="EMAIL_SEND_")

    seconds: float = Field(
        default=10.0, gt=0, description="How long the other side may take to answer."
    )
