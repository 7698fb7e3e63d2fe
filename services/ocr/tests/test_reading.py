"""Documents of every kind, in: the line of print, out: its text and places."""

import json
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.integration
LINE = "Plătiți în București 1.234,56 lei"
ROWS = "\n".join([f"{LINE} {LINE}"] * 3)


async def test_page_is_read_in_order_with_its_places(desk, paper, saved):
    event = await desk.read(saved(paper), words=True, reference="2026-0001")
    assert event.text == ROWS
    assert (event.status, event.reference, event.engine.name) == ("ok", "2026-0001", "paddleocr")
    page, lines = event.pages[0], event.lines[0]
    assert (page.source, page.unit, page.rotation) == ("ocr", "px", 0)
    assert (page.width, page.height) == paper.size
    assert [line.row for line in lines] == [0, 0, 1, 1, 2, 2]
    for line in lines:
        assert [word.text for word in line.words] == LINE.split()
        assert line.confidence > 0.8
        lefts = [word.polygon[0][0] for word in line.words]
        assert all(one < other for one, other in pairwise(lefts))
        # Words lie in their line.
        assert line.polygon[0][0] - 3 <= lefts[0]
        assert line.words[-1].polygon[1][0] <= line.polygon[1][0] + 3
    left, right = lines[0].polygon[0], lines[1].polygon[0]
    assert left[0] < paper.width / 2 < right[0]


async def test_result_is_kept_whole_as_an_artifact(desk, paper, saved):
    event = await desk.read(saved(paper))
    kept = json.loads(await desk.artifacts.get(event.result, limit=1_000_000))
    assert kept["pages"][0]["text"] == event.text
    assert [line["text"] for line in kept["pages"][0]["lines"]] == [LINE] * 6
    assert kept["source"]["sha256"] == event.sha256


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
async def test_every_format(desk, line, saved, kind):
    event = await desk.read(saved(line, kind, **({"quality": 95} if kind == "JPEG" else {})))
    assert event.text == LINE
    assert event.source.media_type == f"image/{kind.lower()}"


def _sixteen_bits(line: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(line).astype(np.uint16) * 257)


def _transparent(line: Image.Image) -> Image.Image:
    black = Image.new("L", line.size, 0)
    return Image.merge("LA", (black, line.point(lambda value: 255 - value))).convert("RGBA")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("PNG", lambda line: line.convert("1")),
        ("PNG", lambda line: line.convert("P")),
        ("PNG", lambda line: line.convert("RGB")),
        ("JPEG", lambda line: line.convert("CMYK")),
        ("PNG", _transparent),
        ("PNG", _sixteen_bits),
        ("TIFF", _sixteen_bits),
        ("TIFF", lambda line: line.convert("F")),
    ],
)
async def test_every_kind_of_pixel(desk, line, saved, kind, change):
    assert (await desk.read(saved(change(line), kind))).text == LINE


async def test_camera_that_was_turned_is_turned_back(desk, line, saved):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    event = await desk.read(saved(line.rotate(90, expand=True), "JPEG", exif=exif, quality=95))
    assert event.text == LINE


@pytest.mark.parametrize("degrees", [90, 180, 270])
async def test_page_on_its_side_is_read_and_its_places_stay(desk, paper, saved, degrees):
    # Pillow turns against the clock: to be read, it has to be turned with it.
    event = await desk.read(saved(paper.rotate(degrees, expand=True)))
    assert event.text == ROWS
    assert event.pages[0].rotation == degrees
    width, height = event.pages[0].width, event.pages[0].height
    assert (width, height) == paper.rotate(degrees, expand=True).size
    for line in event.lines[0]:
        assert all(-2 <= x <= width + 2 and -2 <= y <= height + 2 for x, y in line.polygon)
    first = event.lines[0][0].polygon[0]
    corner = {90: (0, height), 180: (width, height), 270: (width, 0)}[degrees]
    assert abs(first[0] - corner[0]) < 90
    assert abs(first[1] - corner[1]) < 90


async def test_each_frame_of_a_tiff_is_a_page(desk, line, saved):
    event = await desk.read(saved(line, "TIFF", save_all=True, append_images=[line, line]))
    assert event.source.page_count == 3
    assert event.text == "\f".join([LINE] * 3)


async def test_animation_gives_its_first_frame(desk, line, saved):
    other = Image.new("L", line.size, 255)
    event = await desk.read(
        saved(line, "WEBP", save_all=True, append_images=[other], lossless=True)
    )
    assert (event.source.page_count, event.text) == (1, LINE)


async def test_scan_in_a_pdf_is_recognised_in_points(desk, paper, pdf):
    event = await desk.read(pdf(1, paper))
    # Pillow makes a JPEG of it: a blank may be lost.
    assert event.text.replace(" ", "") == ROWS.replace(" ", "")
    page = event.pages[0]
    assert (page.source, page.unit) == ("ocr", "pt")
    assert page.width == pytest.approx(paper.width * 72 / 200, abs=1)
    assert event.lines[0][1].polygon[0][0] > page.width / 2


async def test_dropped_lines_are_counted(desk, paper, saved):
    event = await desk.read(saved(paper), min_confidence=1.0)
    page = event.pages[0]
    assert page.dropped_lines + page.line_count == 6
    assert page.dropped_lines > 0
    assert event.text.count("\n") <= page.line_count


async def test_other_languages_keep_their_letters(desk, line, saved):
    event = await desk.read(saved(line), languages=["de", "ro"])
    assert event.text == LINE
