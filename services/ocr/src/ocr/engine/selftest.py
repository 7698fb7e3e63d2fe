"""One line of Romanian print: read right, the models are what they should be."""

from typing import Any

from . import recogniser
from .values import Models

TEXT = "Plătiți în București 1.234,56 lei"


def read(image: bytes, models: Models) -> str:
    """Return what the models read in an image of the line."""
    import cv2  # noqa: PLC0415 - in a process
    import numpy as np  # noqa: PLC0415

    pixels: Any = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    return " ".join(line.text for line in recogniser.lines(pixels, models, "rec_ro"))
