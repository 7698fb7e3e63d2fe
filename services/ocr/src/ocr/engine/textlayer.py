"""The text that a PDF page carries itself: ten milliseconds instead of three seconds."""

import ctypes
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import pdf
from .problems import Problem
from .values import Line, Page, Polygon, Word

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

FEWEST_LETTERS = 30
MOST_ODD = 0.05
"""Share of characters that mean nothing above which a text layer is not believed."""

MOST_PICTURE = 0.5
FEWEST_BESIDE_PICTURE = 400
"""Letters beside a picture of half the page; below it the picture is taken for a scan."""

MOST_CHARACTERS = 100_000
"""Of a page; a newspaper's has 30 000. Each takes memory, here and in the result."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in the page's own coordinates."""


@dataclass(frozen=True)
class _Piece:
    text: str
    box: Box


def read(path: str, number: int, *, force: bool) -> tuple[Page | None, str]:
    """Return a page from its text layer; or None and why it is not usable.

    Args:
        force: take whatever is there.
    """
    with pdf.opened(path) as document, pdf.page(document, number) as one:
        width, height = one.get_size()
        if (count := _count(one)) > MOST_CHARACTERS:
            if not force:
                return None, "text layer with too many characters"
            raise Problem(
                "corrupt_file",
                f"the text layer of page {number} has {count} characters, at most "
                f"{MOST_CHARACTERS} are read: recognise it with mode ocr",
            )
        words = list(_words(one))
        reason = "" if force else _unusable("".join(word.text for word in words), one)
        if reason:
            return None, reason
        place = pdf.placer(one)
        lines = tuple(_line(pieces, place) for pieces in _cells(words))
    return Page(width, height, "pt", "text_layer", lines), ""


def _count(one: "PdfPage") -> int:
    textpage = one.get_textpage()
    try:
        return int(textpage.count_chars())
    finally:
        textpage.close()


def _unusable(text: str, one: "PdfPage") -> str:
    letters = sum(map(str.isalpha, text))
    if letters < FEWEST_LETTERS:
        return "no text layer" if not text else "text layer with few letters"
    odd = sum(map(_is_odd, text))
    if odd > MOST_ODD * len(text):
        return "text layer without meaning"
    if letters < FEWEST_BESIDE_PICTURE and pdf.picture_share(one) > MOST_PICTURE:
        return "a scan with little text"
    return ""


def _is_odd(character: str) -> bool:
    return character == "\ufffd" or unicodedata.category(character) in {"Co", "Cc", "Cn", "Cs"}


def _words(one: "PdfPage") -> Iterator[_Piece]:
    """Yield runs of characters between blanks, in the order of the content."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - in a process

    textpage = one.get_textpage()
    try:
        text, boxes = "", list[Box]()
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        high = 0
        for place in range(textpage.count_chars()):
            code = pdfium.FPDFText_GetUnicode(textpage, place)
            if 0xD800 <= code < 0xDC00:
                high = code
                continue
            if 0xDC00 <= code < 0xE000 and high:
                code, high = 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00, 0
            character = chr(code)
            if character.isspace() or code in {0, 2, 0xFFFE}:
                if boxes:
                    yield _Piece(text, _around(boxes))
                text, boxes = "", []
                continue
            pdfium.FPDFText_GetCharBox(textpage, place, left, right, bottom, top)
            box = (left.value, bottom.value, right.value, top.value)
            if boxes and _apart(boxes[-1], box):
                yield _Piece(text, _around(boxes))
                text, boxes = "", []
            text += character
            boxes.append(box)
        if boxes:
            yield _Piece(text, _around(boxes))
    finally:
        textpage.close()


def _apart(one: Box, other: Box) -> bool:
    """Say whether a character does not continue the one before: another line, or a wide gap."""
    height = max(one[3] - one[1], other[3] - other[1], 1.0)
    level = other[1] < one[3] + height * 0.5 and one[1] < other[3] + height * 0.5
    return not level or not -3 * height < other[0] - one[2] < 1.5 * height


def _around(boxes: list[Box]) -> Box:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _cells(words: list[_Piece]) -> Iterator[list[_Piece]]:
    """Yield words that stand beside each other with a blank between them: a cell of a table."""
    cell: list[_Piece] = []
    for word in words:
        if cell and not _continues(cell[-1].box, word.box):
            yield cell
            cell = []
        cell.append(word)
    if cell:
        yield cell


def _continues(one: Box, other: Box) -> bool:
    height = max(one[3] - one[1], other[3] - other[1])
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    beside = -0.3 * height < other[0] - one[2] < 0.9 * height
    # A comma or dash is low: it overlaps little with what it belongs to.
    return beside and overlap > -0.25 * height


def _line(pieces: list[_Piece], place: "pdf.Placer") -> Line:
    words = tuple(Word(piece.text, _polygon(piece.box, place)) for piece in pieces)
    polygon = _polygon(_around([piece.box for piece in pieces]), place)
    return Line(" ".join(word.text for word in words), 1.0, polygon, words)


def _polygon(box: Box, place: "pdf.Placer") -> Polygon:
    left, bottom, right, top = box
    (x0, y0), (x1, y1) = place(left, top), place(right, bottom)
    low_x, high_x, low_y, high_y = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    return (low_x, low_y), (high_x, low_y), (high_x, high_y), (low_x, high_y)
