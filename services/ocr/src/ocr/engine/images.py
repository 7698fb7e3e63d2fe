"""Images: their header is judged before a pixel is decoded."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .kind import FORMATS
from .problems import Problem
from .values import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

SMALLEST = 16
"""Pixels of a side below which nothing can be read."""

_CORRUPT = "the image cannot be decoded; open it and save it again"


@contextmanager
def opened(path: str, media_type: str) -> Iterator["Image"]:
    """Open an image of exactly this type, its pixels not yet decoded.

    Raises:
        Problem: it is damaged.
    """
    from PIL import Image, ImageFile, UnidentifiedImageError  # noqa: PLC0415 - in a process

    # Limits are ours and told by name; half an image is never taken for a whole one.
    Image.MAX_IMAGE_PIXELS = None
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=[FORMATS[media_type]]) as image:
                yield image
    except UnidentifiedImageError:
        raise Problem("corrupt_file", _CORRUPT) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as error:
        raise _damaged(error) from None


def count(path: str, media_type: str, limits: Limits) -> int:
    """Return the number of pages: the frames of a TIFF, else 1 (an animation's first frame)."""
    with opened(path, media_type) as image:
        check_size(image.size, limits)
        frames = getattr(image, "n_frames", 1)
        return int(frames) if media_type == "image/tiff" else 1


def check_size(size: tuple[int, int], limits: Limits) -> None:
    """Refuse what would take too much memory, or cannot hold a letter.

    Raises:
        Problem: `image_too_large` or `image_too_small`.
    """
    width, height = size
    if width * height > limits.pixels or max(size) > limits.side:
        raise Problem(
            "image_too_large",
            f"the image has {width} x {height} pixels; at most {limits.pixels} in all and "
            f"{limits.side} a side: scan it at 200 to 300 dpi",
        )
    if min(size) < SMALLEST:
        raise Problem(
            "image_too_small",
            f"the image has {width} x {height} pixels; nothing can be read below {SMALLEST} a side",
        )


def pixels(path: str, media_type: str, number: int, limits: Limits) -> Any:
    """Return one frame as the engine wants it: upright, 8 bits, blue-green-red.

    Raises:
        Problem: damaged, cut off, too large or too small.
    """
    import numpy as np  # noqa: PLC0415 - in a process
    from PIL import ImageOps  # noqa: PLC0415

    with opened(path, media_type) as image:
        image.seek(number - 1)
        check_size(image.size, limits)
        image.load()
        upright = ImageOps.exif_transpose(image)
        rgb = np.asarray(_as_rgb(upright))
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _as_rgb(image: "Image") -> "Image":
    from PIL import Image  # noqa: PLC0415

    if image.mode.startswith(("I", "F")):
        return _of_deep(image).convert("RGB")
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        # What is transparent is shown on paper: white.
        with_alpha = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, with_alpha).convert("RGB")
    return image.convert("RGB")


def _of_deep(image: "Image") -> "Image":
    """Scale 16 and 32 bits a pixel down to 8: `convert` would cut them off instead."""
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    top = 65535.0 if image.mode.startswith("I;16") or values.max() > 255 else 255.0
    if image.mode == "F":
        top = 1.0 if values.max() <= 1 else 255.0
    return Image.fromarray((values.clip(0, top) / top * 255).astype(np.uint8), mode=None)


def _damaged(error: Exception) -> Problem:
    text = str(error).lower()
    if "truncated" in text or "unexpected end" in text or "incomplete" in text:
        return Problem(
            "truncated_image", "the image ends before its last pixel; send the whole file"
        )
    return Problem("corrupt_file", _CORRUPT)
