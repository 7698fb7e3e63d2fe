"""The test set: documents, drawn, printed to pixels and worn, each with its text and fields."""

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import pypdfium2

from ocr.engine.order import rows
from ocr.engine.values import Line

from . import worn
from .fonts import FIXED, PROPORTIONAL, available
from .invoice import invoice
from .receipt import receipt
from .sheet import Sheet

DPI = (150, 200, 300)


@dataclass(frozen=True)
class Sample:
    """A page with what is known of it."""

    name: str
    kind: str
    mode: str
    pixels: Any
    pdf: bytes
    text: str
    fields: dict[str, str]


def make(count: int, *, seed: int = 2026) -> list[Sample]:
    """Return pages; two invoices for each receipt, all modes in turn."""
    proportional, fixed = available(PROPORTIONAL), available(FIXED)
    if not proportional or not fixed:
        raise RuntimeError("no fonts: apt-get install fonts-dejavu-core fonts-liberation")
    return [_sample(number, seed, proportional, fixed) for number in range(count)]


def _sample(number: int, seed: int, proportional: list[str], fixed: list[str]) -> Sample:
    random = Random(f"{seed}-{number}")
    kind = "receipt" if number % 3 == 2 else "invoice"
    mode = worn.MODES[number % 4]
    if kind == "receipt":
        sheet = receipt(random, fixed[(number // 3) % len(fixed)])
    else:
        sheet = invoice(random, proportional[number % len(proportional)])
    pdf = sheet.pdf()
    dpi = 200 if mode == "fax" else DPI[random.randrange(len(DPI))]
    pixels = worn.worn(printed(pdf, dpi), mode, seed + number)
    return Sample(f"{number:02d}-{kind}-{mode}-{dpi}", kind, mode, pixels, pdf, _text(sheet),
                  sheet.fields)  # fmt: skip


def printed(pdf: bytes, dpi: int) -> Any:
    """Return a PDF's first page as pixels, blue-green-red."""
    document = pypdfium2.PdfDocument(pdf)
    bitmap = document[0].render(scale=dpi / 72)
    pixels = np.array(bitmap.to_numpy()[:, :, :3], order="C")
    document.close()
    return pixels


def _text(sheet: Sheet) -> str:
    """Return the drawn texts in reading order, a row a line."""
    lines = [
        Line(text, 1.0, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
        for text, (x0, y0, x1, y1) in sheet.drawn
    ]
    return "\n".join(" ".join(line.text for line in row) for row in rows(lines))
