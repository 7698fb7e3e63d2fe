"""Reading order: rows by what points at what."""

from math import cos, radians, sin

import pytest

from ocr.engine.order import rows
from ocr.engine.tidy import tidy
from ocr.engine.values import Line


def at(text: str, x: float, y: float, width: float, degrees: float = 0.0) -> Line:
    """Return a line of height 10, the page turned about its corner."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    corners = ((x, y), (x + width, y), (x + width, y + 10), (x, y + 10))
    turned = tuple((px * c - py * s, px * s + py * c) for px, py in corners)
    return Line(text, 1.0, turned)


def texts(found) -> list[list[str]]:
    return [[line.text for line in row] for row in found]


@pytest.mark.parametrize("degrees", [-3, -1, 0, 1, 3])
def test_turned_table_keeps_its_rows(degrees):
    table = [
        at(f"{row}{column}", 20 + 180 * column, 30 + 16 * row, 60, degrees)
        for row in (2, 0, 1, 3) for column in (2, 0, 1)
    ]  # fmt: skip
    assert texts(rows(table)) == [[f"{row}{column}" for column in range(3)] for row in range(4)]


def test_photo_with_rows_that_spread_keeps_them():
    table = []
    for row in range(6):
        slope = (row - 3) * 0.7
        table += [at(f"{row}a", 10, 100 + 15 * row, 150, slope)]
        table += [at(f"{row}b", 400, 100 + 15 * row, 150, slope)]
    assert texts(rows(table)) == [[f"{row}a", f"{row}b"] for row in range(6)]


def test_nothing_gives_nothing():
    assert rows([]) == []


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("\u015etefan \u0163ine", "Ștefan ține"),
        ("R012345674", "RO12345674"),
        ("R0 12345674", "RO 12345674"),
        ("a\u0306", "ă"),
        ("PR01234", "PR01234"),
    ],
)
def test_text_is_tidied_for_romanian(read, right):
    assert tidy(read, romanian=True) == right


def test_other_languages_keep_what_was_read():
    assert tidy("R012", romanian=False) == "R012"
