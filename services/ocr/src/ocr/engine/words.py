"""Where each word of a recognised line stands: from the columns that its letters were read in."""

from collections.abc import Sequence
from typing import Any

from .values import Polygon, Word


def words(text: str, columns: Sequence[int], count: float, polygon: Polygon) -> tuple[Word, ...]:
    """Cut a line at its blanks.

    Args:
        text: of the line.
        columns: the recogniser's column of each character.
        count: columns that the line is wide.
        polygon: the line's corners, from its top left, clockwise.
    """
    found = []
    start = 0
    for word in text.split(" "):
        end = start + len(word)
        if word:
            first, last = columns[start], columns[end - 1] + 1
            left, right = _share(first - 0.5, count), _share(last + 0.5, count)
            found.append(Word(word, _slice(polygon, left, right)))
        start = end + 1
    return tuple(found)


def _share(column: float, count: float) -> float:
    return min(1.0, max(0.0, column / count)) if count else 0.0


def _slice(polygon: Polygon, left: float, right: float) -> Polygon:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = polygon
    return (
        (ax + (bx - ax) * left, ay + (by - ay) * left),
        (ax + (bx - ax) * right, ay + (by - ay) * right),
        (dx + (cx - dx) * right, dy + (cy - dy) * right),
        (dx + (cx - dx) * left, dy + (cy - dy) * left),
    )


def regions(text: str, box: Any, info: Any) -> tuple[list[str], list[Any]]:
    """Do what the library's own function does, for words with Romanian letters too.

    Its own takes only a-z and digits for parts of words. Takes and returns what that one does.
    """
    count, _, columns, _ = info
    flat = [column for group in columns for column in group]
    corners = tuple((float(x), float(y)) for x, y in box)
    if len(flat) != len(text) or len(corners) != 4:
        return [text], [corners]
    found = words(text, flat, float(count), corners)
    return [word.text for word in found], [word.polygon for word in found]
