"""What the engine's library reads from the environment: set before it is imported."""

import os
import tempfile
from pathlib import Path


def prepare() -> None:
    """Keep the library from asking the network for models, and from writing into a home folder."""
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    os.environ["HF_HUB_OFFLINE"] = "1"
    folder = Path(tempfile.gettempdir()) / f"workers-ocr-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["PADDLE_PDX_CACHE_HOME"] = str(folder)
    # One process a core, one thread each: more threads cost more than they bring.
    os.environ["OMP_NUM_THREADS"] = "1"
