"""PDF pages with a text layer: no model, and the same shape of result."""

import base64
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from ocr import errors, reading

pytestmark = pytest.mark.integration
EXAMPLES = Path(__file__).parents[3] / "contracts" / "examples" / "ocr.extract"


@pytest.fixture
def letter() -> bytes:
    example = json.loads((EXAMPLES / "valid-text.json").read_text("utf-8"))
    return base64.b64decode(example["content"])


async def test_text_layer_is_taken_with_its_places(desk, letter):
    event = await desk.read(letter, words=True, document="invoice")
    assert event.text.splitlines()[1] == "Factura nr. PMX-2026-0001"
    page, line = event.pages[0], event.lines[0][1]
    assert (page.source, page.unit, page.width) == ("text_layer", "pt", 595)
    assert event.engine.name == "text_layer"
    assert line.polygon[0][0] == pytest.approx(60, abs=2)
    assert [word.text for word in line.words] == ["Factura", "nr.", "PMX-2026-0001"]
    found = {field.name: field.value for field in event.fields}
    assert found["supplier_cui"] == "12345674"
    assert found["number"] == "PMX-2026-0001"
    assert found["issue_date"] == "2026-03-02"
    assert found["total"] == "1190.00"


async def test_ocr_is_used_when_it_is_asked_for(desk, letter):
    event = await desk.read(letter, mode="ocr")
    assert event.pages[0].source == "ocr"
    assert "PMX-2026-0001" in event.text


async def test_mode_text_recognises_nothing(desk, paper, pdf):
    event = await desk.read(pdf(1, paper), mode="text")
    assert (event.pages[0].source, event.text) == ("text_layer", "")
    assert event.warnings == ["page 1: no text layer"]


def test_text_layer_loads_no_recogniser(letter, tmp_path):
    file = tmp_path / "letter.pdf"
    file.write_bytes(letter)
    program = (
        "import sys\nfrom ocr.engine import pages\nfrom ocr.engine.values import Options\n"
        f"assert pages.read_text({str(file)!r}, 1, Options())\n"
        "print({'paddleocr', 'paddlex', 'onnxruntime', 'cv2', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "set()", done.stderr


def drawn(text: str, size: float, rows: int = 1) -> bytes:
    """Return a PDF with these many equal lines of text."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pageCompression=1)
    canvas.setFont("Helvetica", size)
    for row in range(rows):
        canvas.drawString(10, 800 - 1.2 * size * row, text)
    canvas.save()
    return buffer.getvalue()


async def test_page_made_to_be_slow_for_the_patterns_holds_nobody_up(desk, monkeypatch):
    # 1.4 kB that took minutes, in the worker's own process.
    content = drawn("tva " * 12_000, 0.05)
    await desk.read(drawn("x " * 40, 9), document="invoice")
    monkeypatch.setattr(reading, "LIGHT_SECONDS", 6.0)
    event = await desk.read(content, document="invoice")
    assert (event.status, event.fields) == ("ok", [])
    assert "fields were not found" in event.warnings[0]


async def test_text_layer_without_end_is_not_taken(desk):
    content = drawn("abcdefghi " * 100, 1, rows=110)
    with pytest.raises(errors.CorruptFileError, match="at most 100000 are read"):
        await desk.send(content, mode="text")
    assert (await desk.read(content)).pages[0].source == "ocr"


async def test_line_of_a_field_is_told_in_part(desk):
    event = await desk.read(drawn("CUI RO12345674 " + "y" * 9000, 0.1), document="invoice")
    [field] = [one for one in event.fields if one.name == "supplier_cui"]
    assert len(field.text) == 500
