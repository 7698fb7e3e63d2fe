"""PDF pages with a text layer: no model, and the same shape of result."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

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
