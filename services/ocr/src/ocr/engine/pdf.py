"""PDF through pdfium, which is not safe in threads: one document at a time and process."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .problems import Problem
from .values import Limits

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

Placer = Callable[[float, float], tuple[float, float]]
RENDER_DPI = 200
POINTS_PER_INCH = 72
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_SECURITY = 5


@contextmanager
def opened(path: str) -> Iterator["PdfDocument"]:
    """Open a document.

    Raises:
        Problem: encrypted or damaged.
    """
    import pypdfium2  # noqa: PLC0415 - in a process

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise _problem(getattr(error, "err_code", None), str(error)) from None
    try:
        yield document
    finally:
        document.close()


def count(path: str) -> int:
    """Return the number of pages; raises Problem when there is none."""
    with opened(path) as document:
        pages = len(document)
    if pages == 0:
        raise Problem("empty_document", "the PDF has no page")
    return pages


@contextmanager
def page(document: "PdfDocument", number: int) -> Iterator["PdfPage"]:
    """Load a page; raises Problem when it is damaged."""
    import pypdfium2  # noqa: PLC0415

    try:
        loaded = document[number - 1]
    except pypdfium2.PdfiumError:
        raise Problem("corrupt_file", f"page {number} of the PDF is damaged") from None
    try:
        yield loaded
    finally:
        loaded.close()


def render(path: str, number: int, limits: Limits) -> tuple[Any, float, tuple[str, ...]]:
    """Return a page's pixels (blue-green-red), pixels a point, and warnings."""
    import numpy as np  # noqa: PLC0415

    with opened(path) as document, page(document, number) as one:
        width, height = one.get_size()
        if width <= 0 or height <= 0:
            raise Problem("corrupt_file", f"page {number} of the PDF has no area")
        scale = RENDER_DPI / POINTS_PER_INCH
        warnings: tuple[str, ...] = ()
        area = width * height * scale**2
        if area > limits.render_pixels or max(width, height) * scale > limits.side:
            scale = min(
                (limits.render_pixels / (width * height)) ** 0.5,
                limits.side / max(width, height),
            )
            dpi = round(scale * POINTS_PER_INCH)
            warnings = (f"the page is large and was read at {dpi} dpi",)
        bitmap = one.render(scale=scale, rev_byteorder=False, may_draw_forms=True)
        try:
            array = bitmap.to_numpy()
            colour = array[:, :, :3] if array.ndim == 3 else np.stack([array] * 3, axis=-1)
            copied = np.array(colour, dtype=np.uint8, order="C")
        finally:
            bitmap.close()
    return copied, scale, warnings


def picture_share(one: "PdfPage") -> float:
    """Return how much of a page its largest picture covers, from 0 to 1."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415

    width, height = one.get_size()
    largest = 0.0
    for found in one.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = found.get_bounds()
        shown = max(0.0, min(right, width) - max(left, 0)) * max(
            0.0, min(top, height) - max(bottom, 0)
        )
        largest = max(largest, shown)
    return largest / (width * height) if width and height else 0.0


def placer(one: "PdfPage") -> Placer:
    """Return a function from the page's own coordinates to points from its top left, as shown."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415

    width, height = one.get_size()
    fine = 100  # pdfium answers in whole device units: hundredths of a point
    x, y = ctypes.c_int(), ctypes.c_int()

    def place(left: float, top: float) -> tuple[float, float]:
        pdfium.FPDF_PageToDevice(
            one, 0, 0, round(width * fine), round(height * fine), 0, left, top, x, y
        )
        return x.value / fine, y.value / fine

    return place


def _problem(code: int | None, text: str) -> Problem:
    if code in {_PASSWORD, _SECURITY} or "password" in text.lower():
        return Problem(
            "encrypted_pdf", "the PDF wants a password; remove it and send the file again"
        )
    return Problem("corrupt_file", "the PDF is damaged; open it and save it again")
