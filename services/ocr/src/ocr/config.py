"""What this worker reads from the environment."""

import sys
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from workers_runtime.config import WorkerSettings

from .engine.values import Limits, Models


class Settings(WorkerSettings):
    """The settings of `ocr`."""

    model_config = SettingsConfigDict(env_prefix="OCR_")

    models_dir: str = Field(
        default="",
        description="Folder with det, rec_ro and rec_latin, each a model of paddlex for ONNX; "
        "empty takes those that were installed with the worker.",
    )
    gpu: bool = Field(
        default=False, description="Recognise on a GPU; needs another build of ONNX Runtime."
    )
    processes: int = Field(
        default=2, ge=1, le=64, description="Recognising processes: one a core, 0.5 GB each."
    )
    preload: bool = Field(
        default=True,
        description="Load the models at the start and test them; false: with the first page "
        "that needs them.",
    )
    detector_side: int = Field(
        default=960,
        ge=320,
        le=4000,
        description="Pixels of a page's longer side when text is looked for; 1280 finds small "
        "print better and takes half as long again.",
    )
    max_bytes: int = Field(default=20_000_000, ge=1000, description="Of a document, in bytes.")
    max_pages: int = Field(
        default=50,
        ge=1,
        le=300,
        description="Read of one document. An event holds the summaries of 300.",
    )
    max_pixels: int = Field(
        default=40_000_000, ge=10_000, description="Of an image; known before it is decoded."
    )
    page_seconds: float = Field(
        default=60.0, gt=0, description="For one page; then its process is ended."
    )
    job_seconds: float = Field(
        default=600.0,
        gt=0,
        description="Of reading for one document, all its pages together; waiting is not counted.",
    )
    slice_pages: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Pages read at a time; a longer document continues behind those that wait.",
    )
    recycle_pages: int = Field(
        default=500, ge=1, description="Pages after which a process is replaced."
    )
    process_mb: int = Field(
        default=2048, ge=512, description="Data of one process, in MB; beyond it the page fails."
    )

    def limits(self) -> Limits:
        """Return what a document may ask for."""
        return Limits(pages=self.max_pages, pixels=self.max_pixels)

    def models(self) -> Models:
        """Return where the models lie."""
        folder = self.models_dir or str(Path(sys.prefix) / "share" / "workers-ocr")
        return Models(folder, self.detector_side, self.gpu)
