"""Reading order: each line joins the row that the line on its left points at.

One rule for straight pages, turned ones and photos: a line's own slope says where its row goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from statistics import median

from .values import Line

STEADY = 3.0
"""Lines this many times as wide as high show their slope; shorter ones take the page's."""

REACH = 0.55
"""How far beside the pointed place, in heights, a line may stand and still belong to the row."""


@dataclass(frozen=True)
class _Box:
    line: Line
    left: float
    right: float
    start: float
    """Height of the middle at its left end."""
    end: float
    height: float
    slope: float


def rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines by row, rows from top to bottom, each from left to right."""
    if not lines:
        return []
    boxes = _boxes(lines)
    found: list[list[_Box]] = []
    for box in sorted(boxes, key=lambda one: one.left):
        row = _pointing(found, box)
        if row is None:
            found.append([box])
        else:
            row.append(box)
    usual = median(box.slope for box in boxes)
    found.sort(key=lambda row: _level(row[0], usual))
    return [[box.line for box in row] for row in found]


def _boxes(lines: Sequence[Line]) -> list[_Box]:
    slopes = [slope for slope, width, height in map(_slope, lines) if width > STEADY * height]
    usual = median(slopes) if slopes else 0.0
    return [_box(line, usual) for line in lines]


def _slope(line: Line) -> tuple[float, float, float]:
    a, b, c, d = line.polygon
    width = hypot(b[0] - a[0], b[1] - a[1])
    height = (hypot(d[0] - a[0], d[1] - a[1]) + hypot(c[0] - b[0], c[1] - b[1])) / 2
    run = (b[0] + c[0] - a[0] - d[0]) / 2
    rise = (b[1] + c[1] - a[1] - d[1]) / 2
    return (rise / run if run > 0 else 0.0), width, height


def _box(line: Line, usual: float) -> _Box:
    a, b, c, d = line.polygon
    slope, width, height = _slope(line)
    if width <= STEADY * height:
        slope = usual
    left, right = (a[0] + d[0]) / 2, (b[0] + c[0]) / 2
    start, end = (a[1] + d[1]) / 2, (b[1] + c[1]) / 2
    return _Box(line, left, right, start, end, max(height, 1e-6), slope)


def _pointing(found: list[list[_Box]], box: _Box) -> list[_Box] | None:
    """Return the row that points at a line best, None when none does."""
    best, nearest = None, REACH
    for row in found:
        last = row[-1]
        height = min(last.height, box.height)
        if box.left < last.right - height:
            continue
        gap = box.left - last.right
        # Both look at each other: a steep short line misleads from one side only.
        ahead = last.end + gap * last.slope - box.start
        back = box.start - gap * box.slope - last.end
        distance = (abs(ahead) + abs(back)) / 2 / height
        if distance < nearest:
            best, nearest = row, distance
    return best


def _level(box: _Box, slope: float) -> float:
    return box.start - box.left * slope
