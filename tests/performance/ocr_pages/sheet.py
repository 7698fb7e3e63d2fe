"""A sheet of paper that remembers what is drawn on it."""

import io
from dataclasses import dataclass, field

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

Box = tuple[float, float, float, float]


@dataclass
class Sheet:
    """One page; sizes in millimetres from its top left.

    Args:
        family: font.
        size: of normal text, in points.
    """

    width: float
    height: float
    family: str
    size: float
    drawn: list[tuple[str, Box]] = field(default_factory=list)
    """Each text with its place in points: left, top, right, bottom."""

    fields: dict[str, str] = field(default_factory=dict)
    """What a reader of the document should find, by name."""

    def __post_init__(self) -> None:
        self._buffer = io.BytesIO()
        self._page = (self.width * mm, self.height * mm)
        # `invariant`: no time and no random id in the file.
        self._canvas = Canvas(self._buffer, pagesize=self._page, invariant=True)

    def text(
        self, x: float, y: float, text: str, *, size: float = 0, bold: bool = False, at: str = "l"
    ) -> None:
        """Write a text; `at` is l, r or c: what of it stands at x."""
        name, points = self.family + ("-Bold" if bold else ""), size or self.size
        self._canvas.setFont(name, points)
        width = pdfmetrics.stringWidth(text, name, points)
        left = x * mm - {"l": 0.0, "r": width, "c": width / 2}[at]
        self._canvas.drawString(left, self._page[1] - y * mm, text)
        top = y * mm - 0.75 * points
        self.drawn.append((text, (left, top, left + width, top + points)))

    def line(self, x: float, y: float, x2: float, y2: float) -> None:
        """Draw a thin line."""
        self._canvas.setLineWidth(0.4)
        self._canvas.line(x * mm, self._page[1] - y * mm, x2 * mm, self._page[1] - y2 * mm)

    def pdf(self) -> bytes:
        """Return the finished page; nothing can be drawn after it."""
        self._canvas.showPage()
        self._canvas.save()
        return self._buffer.getvalue()
