"""What this worker reads from the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import AnyUrl, Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from workers_runtime.config import WorkerSettings

Names = Annotated[tuple[str, ...], NoDecode]


class Settings(WorkerSettings):
    """The settings of `pdf-render`."""

    model_config = SettingsConfigDict(env_prefix="PDF_RENDER_")

    chromium_path: Path | None = Field(
        default=None,
        description="Chromium's program; chromium-headless-shell or chromium of the system if "
        "empty.",
    )
    chromium_user: str = Field(
        default="nobody", description="Who runs Chromium when the worker itself is root."
    )
    sandbox: bool = Field(
        default=True,
        description="Chromium's own sandbox. false only where the system forbids user namespaces "
        "and a container stands around it.",
    )
    parallel: int = Field(
        default=2, ge=1, le=64, description="Documents rendered at once; one for each core."
    )
    prefetch: int = Field(
        default=4,
        ge=1,
        le=500,
        validation_alias="PREFETCH",
        description="Messages in hand at once; those above PDF_RENDER_PARALLEL wait here.",
    )
    seconds: float = Field(
        default=30.0, gt=0, le=600, description="Longest time to render one document."
    )
    recycle_after: int = Field(
        default=200, ge=1, description="A new Chromium after this many documents."
    )
    recycle_mb: int = Field(
        default=600, ge=100, description="A new Chromium when all of it takes more, in MiB."
    )
    document_mb: int = Field(
        default=1024, ge=64, description="Memory that one document may take, in MiB."
    )
    input_mb: int = Field(
        default=32, ge=1, le=1024, description="Document, assets and PDFs to merge, all, in MiB."
    )
    output_mb: int = Field(default=64, ge=1, le=1024, description="Largest PDF, in MiB.")
    pages: int = Field(default=2000, ge=1, description="Most pages of a PDF.")
    scripts: bool = Field(
        default=False, description="Commands may ask for JavaScript; the network stays off."
    )
    allowed_origins: Names = Field(
        default=(),
        description="Sites whose pages may be rendered, by commas: https://reports.example.com.",
    )
    templates: Path | None = Field(
        default=None, description="Folder with further templates, <name>.html each."
    )

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            return parts
        return tuple(str(one).strip().rstrip("/").lower() for one in parts if str(one).strip())

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            url = AnyUrl(one)
            bare = url.path in (None, "/") and not url.query and not url.username
            if url.scheme not in ("http", "https") or not url.host or not bare:
                raise ValueError(f"{one} is no site: write https://host or http://host:port")
        return value

    @field_validator("templates")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"names {value}, which is no folder")
        return value
