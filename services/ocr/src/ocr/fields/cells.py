"""What was read as cells on a page, and what stands behind or below a label."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from re import Pattern

from workers_contracts.ocr import FoundField, FullPage

LONGEST_TEXT = 500
"""Characters told of the line that a field stands in; a message holds no endless one."""


@dataclass(frozen=True)
class Cell:
    """A line of a page, with its text as it is compared."""

    page: int
    row: int
    text: str
    folded: str
    """Lower case without accents; as long as `text`."""
    confidence: float
    polygon: list[tuple[float, float]]

    @property
    def left(self) -> float:
        """Its left end."""
        return min(x for x, _ in self.polygon)

    @property
    def right(self) -> float:
        """Its right end."""
        return max(x for x, _ in self.polygon)

    @property
    def top(self) -> float:
        """Its upper end."""
        return min(y for _, y in self.polygon)

    @property
    def bottom(self) -> float:
        """Its lower end."""
        return max(y for _, y in self.polygon)

    @property
    def height(self) -> float:
        """How high it is."""
        return max(self.bottom - self.top, 1e-6)


@dataclass(frozen=True)
class Value:
    """A text that may be a field's value, and how it was come by."""

    cell: Cell
    text: str
    nearness: float
    """1 in the label's own cell, less beside and below it."""


def cells(pages: Sequence[FullPage]) -> list[Cell]:
    """Return every line of every page, in reading order."""
    return [
        Cell(page.number, line.row, line.text, fold(line.text), line.confidence, line.polygon)
        for page in pages
        for line in page.lines
    ]


def fold(text: str) -> str:
    """Return a text in lower case without accents, character by character."""
    return "".join(unicodedata.normalize("NFD", one)[0].lower()[0] for one in text)


def labelled(found: Sequence[Cell], label: Pattern[str]) -> Iterator[tuple[Cell, int, int]]:
    """Yield each place of a label: its cell, and where the label begins and ends."""
    for cell in found:
        for match in label.finditer(cell.folded):
            yield cell, match.start(), match.end()


def values(found: Sequence[Cell], label: Pattern[str]) -> Iterator[Value]:
    """Yield what may belong to a label: behind it, beside it, below it, in that order."""
    for cell, _, end in labelled(found, label):
        rest = cell.text[end:].lstrip(" :.-–#")
        if rest:
            yield Value(cell, rest, 1.0)
        for step, other in enumerate(_beside(found, cell)):
            yield Value(other, other.text.lstrip(" :"), 0.95 - 0.02 * step)
        for step, other in enumerate(_below(found, cell)):
            yield Value(other, other.text, 0.85 - 0.05 * step)


def _beside(found: Sequence[Cell], cell: Cell) -> list[Cell]:
    same = [
        one
        for one in found
        if one.page == cell.page and one.row == cell.row and one.left > cell.left and one != cell
    ]
    return sorted(same, key=lambda one: one.left)[:4]


def _below(found: Sequence[Cell], cell: Cell) -> list[Cell]:
    under = [
        one
        for one in found
        if one.page == cell.page
        and cell.bottom - 0.3 * cell.height < one.top < cell.bottom + 2.5 * cell.height
        and one.left < cell.right
        and one.right > cell.left
    ]
    return sorted(under, key=lambda one: one.top)[:2]


def told(name: str, value: str, where: Value, *, checked: bool) -> FoundField:
    """Return a field. Its confidence grows with a check that held, and falls with distance."""
    confidence = where.cell.confidence * (1.0 if checked else where.nearness * 0.95)
    return FoundField.model_validate({
        "name": name,
        "value": value,
        "text": where.cell.text[:LONGEST_TEXT],
        "confidence": round(min(1.0, confidence), 4),
        "checked": checked,
        "page": where.cell.page,
        "polygon": where.cell.polygon,
    })  # fmt: skip


def pattern(text: str) -> Pattern[str]:
    """Compile a label; it is looked for in folded text."""
    return re.compile(text)
