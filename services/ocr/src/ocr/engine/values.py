"""What goes between the worker and its processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Point = tuple[float, float]
Polygon = tuple[Point, Point, Point, Point]
"""From the text's top left, clockwise."""


@dataclass(frozen=True)
class Limits:
    """What a document may ask for."""

    pages: int = 50
    pixels: int = 40_000_000
    side: int = 15_000
    render_pixels: int = 12_000_000


@dataclass(frozen=True)
class Options:
    """How a page is read."""

    mode: str = "auto"
    charset: str = "rec_ro"
    min_confidence: float = 0.75
    words: bool = False
    romanian: bool = True


@dataclass(frozen=True)
class Models:
    """Where the models lie, and how the detector looks."""

    folder: str
    side: int = 960
    gpu: bool = False


@dataclass(frozen=True)
class Document:
    """What is known of a document before it is read."""

    media_type: str
    page_count: int
    hashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Word:
    """A word and its place."""

    text: str
    polygon: Polygon


@dataclass(frozen=True)
class Line:
    """What stands together, as it was read."""

    text: str
    confidence: float
    polygon: Polygon
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Page:
    """A page as it was read, before its lines are ordered."""

    width: float
    height: float
    unit: str
    source: str
    lines: tuple[Line, ...]
    rotation: int = 0
    warnings: tuple[str, ...] = ()
