"""A page from its pixels or text layer to what is told of it. Runs in a process."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from . import images, pdf, recogniser, textlayer, turning
from .kind import PDF
from .order import rows
from .tidy import tidy
from .values import Document, Limits, Line, Models, Options, Page, Polygon

LOW = 0.85
"""Mean confidence below which a page is marked: faxes and worse."""


def inspect(path: str, media_type: str, limits: Limits) -> Document:
    """Open a document as far as needed to know that it can be read.

    Raises:
        Problem: damaged, encrypted, empty, too large or too small.
    """
    count = pdf.count(path) if media_type == PDF else images.count(path, media_type, limits)
    return Document(media_type, count)


def read_text(path: str, number: int, options: Options) -> str | None:
    """Return a PDF page from its text layer, as JSON; None when it has to be recognised."""
    force = options.mode == "text"
    page, reason = textlayer.read(path, number, force=force)
    if page is None:
        return None
    if force and not page.lines:
        page = replace(page, warnings=(f"no text layer{reason}",))
    return _told(number, page, options)


def recognise(
    path: str, media_type: str, number: int, options: Options, limits: Limits, models: Models
) -> str:
    """Recognise a page; returns it as JSON.

    Raises:
        Problem: damaged, too large or too small.
    """
    scale: float | None = None
    warnings: tuple[str, ...] = ()
    if media_type == PDF:
        pixels, scale, warnings = pdf.render(path, number, limits)
    else:
        pixels = images.pixels(path, media_type, number, limits)
    found, rotation = turning.upright(
        pixels, lambda turned: recogniser.lines(turned, models, options.charset)
    )
    height, width = pixels.shape[:2]
    page = Page(width, height, "px", "ocr", found, rotation, warnings)
    return _told(number, page if scale is None else _in_points(page, scale), options)


def failed(number: int, code: str, message: str) -> str:
    """Return the JSON of a page that could not be read."""
    return json.dumps({
        "number": number, "status": "failed", "source": None, "width": 0, "height": 0,
        "unit": "px", "rotation": 0, "mean_confidence": None, "line_count": 0, "dropped_lines": 0,
        "warnings": [], "error": {"code": code, "message": message}, "text": "", "lines": [],
    })  # fmt: skip


def is_failed(page: str) -> bool:
    """Say whether a page as JSON is one that could not be read."""
    return '"status": "failed"' in page[:60]


def _in_points(page: Page, scale: float) -> Page:
    def smaller(polygon: Polygon) -> Polygon:
        a, b, c, d = ((x / scale, y / scale) for x, y in polygon)
        return a, b, c, d

    lines = tuple(
        replace(
            line,
            polygon=smaller(line.polygon),
            words=tuple(replace(word, polygon=smaller(word.polygon)) for word in line.words),
        )
        for line in page.lines
    )
    return replace(
        page, width=page.width / scale, height=page.height / scale, unit="pt", lines=lines
    )


def _told(number: int, page: Page, options: Options) -> str:
    kept = [line for line in page.lines if line.confidence >= options.min_confidence]
    average = turning.mean(page.lines)
    warnings = list(page.warnings)
    if page.source == "ocr" and average is not None and average < LOW:
        warnings.append("read with low confidence: compare with the original")
    told, texts = [], []
    for row, cells in enumerate(_ordered(kept, page)):
        texts.append(" ".join(tidy(cell.text, romanian=options.romanian) for cell in cells))
        told += [_line(cell, row, options) for cell in cells]
    return json.dumps({
        "number": number, "status": "ok", "source": page.source,
        "width": round(page.width, 2), "height": round(page.height, 2), "unit": page.unit,
        "rotation": page.rotation,
        "mean_confidence": None if average is None else round(average, 4),
        "line_count": len(kept), "dropped_lines": len(page.lines) - len(kept),
        "warnings": warnings, "error": None, "text": "\n".join(texts), "lines": told,
    }, ensure_ascii=False)  # fmt: skip


def _ordered(lines: Sequence[Line], page: Page) -> list[list[Line]]:
    """Order lines as they are seen when the page is turned upright; their places stay."""
    if page.rotation == 0:
        return rows(lines)
    seen = [
        replace(line, polygon=turning.forth(line.polygon, page.rotation, page.width, page.height))
        for line in lines
    ]
    places = {id(turned): line for turned, line in zip(seen, lines, strict=True)}
    return [[places[id(turned)] for turned in row] for row in rows(seen)]


def _line(line: Line, row: int, options: Options) -> dict[str, Any]:
    text = tidy(line.text, romanian=options.romanian)
    words = [
        {"text": tidy(word.text, romanian=options.romanian), "polygon": _rounded(word.polygon)}
        for word in line.words
    ]
    return {
        "text": text,
        "raw_text": line.text if line.text != text else None,
        "confidence": round(line.confidence, 4),
        "polygon": _rounded(line.polygon),
        "row": row,
        "words": words if options.words else None,
    }


def _rounded(polygon: Polygon) -> list[list[float]]:
    return [[round(x, 1), round(y, 1)] for x, y in polygon]
