"""Pages that lie on their side or upside down: found by what can be read then."""

from collections.abc import Callable, Sequence
from typing import Any

from .values import Line, Point, Polygon, Word

GOOD = 0.8
"""Mean confidence below which a page is looked at from its other sides too."""

CLEARLY = 1.1
"""How much more has to be read before a page is turned that is not lying."""

LYING = 0.9

Read = Callable[[Any], tuple[Line, ...]]


def upright(pixels: Any, read: Read) -> tuple[tuple[Line, ...], int]:
    """Return the lines of a page in its own coordinates, and how it must be turned (clockwise)."""
    import numpy as np  # noqa: PLC0415 - in a process

    height, width = pixels.shape[:2]
    best, rotation = read(pixels), 0
    if not _doubtful(best):
        return best, 0
    lying = _lie(best)
    # The library reads lines that stand upright, as if turned: good text is no proof against that.
    needed = (LYING if lying else CLEARLY) * _worth(best)
    for degrees in (270, 90) if lying else (180, 90, 270):
        turned = np.ascontiguousarray(np.rot90(pixels, k=-degrees // 90))
        found = read(turned)
        if _worth(found) > needed and not _lie(found):
            best = tuple(_back(line, degrees, width, height) for line in found)
            rotation, needed = degrees, _worth(found)
            if not _doubtful(found):
                break
    return best, rotation


def mean(lines: Sequence[Line]) -> float | None:
    """Return the mean confidence, each line by its length; None without lines."""
    letters = sum(len(line.text) for line in lines)
    return sum(line.confidence * len(line.text) for line in lines) / letters if letters else None


def _doubtful(lines: Sequence[Line]) -> bool:
    return bool(lines) and (_lie(lines) or (mean(lines) or 0.0) < GOOD)


def _lie(lines: Sequence[Line]) -> bool:
    """Say whether most of what was found is taller than wide."""
    tall = sum(_size(line.polygon)[1] > 1.5 * _size(line.polygon)[0] for line in lines)
    return len(lines) > 1 and tall > len(lines) / 2


def _worth(lines: Sequence[Line]) -> float:
    return sum(line.confidence**2 * len(line.text) for line in lines)


def _size(polygon: Polygon) -> tuple[float, float]:
    xs, ys = zip(*polygon, strict=True)
    return max(xs) - min(xs), max(ys) - min(ys)


def _back(line: Line, degrees: int, width: float, height: float) -> Line:
    def corners(polygon: Polygon) -> Polygon:
        a, b, c, d = (_point(point, degrees, width, height) for point in polygon)
        return a, b, c, d

    words = tuple(Word(word.text, corners(word.polygon)) for word in line.words)
    return Line(line.text, line.confidence, corners(line.polygon), words)


def _point(point: Point, degrees: int, width: float, height: float) -> Point:
    """Return a point of the turned page as one of the page that is `width` x `height`."""
    x, y = point
    match degrees:
        case 90:
            return y, height - x
        case 180:
            return width - x, height - y
        case _:
            return width - y, x


def forth(polygon: Polygon, degrees: int, width: float, height: float) -> Polygon:
    """Return a polygon of a page as it is seen when that page is turned clockwise."""

    def turned(point: Point) -> Point:
        x, y = point
        match degrees:
            case 90:
                return height - y, x
            case 180:
                return width - x, height - y
            case _:
                return y, width - x

    a, b, c, d = map(turned, polygon)
    return a, b, c, d
