"""What cannot be read is refused with its own code, and says what to do."""

import struct
import time
import zlib

import pypdfium2
import pytest
from PIL import Image

from ocr import errors
from workers_runtime.artifacts import (
    ArtifactChangedError,
    ArtifactForbiddenError,
    ArtifactMissingError,
)

DAMAGED = (errors.CorruptFileError, errors.TruncatedImageError)
pytestmark = pytest.mark.integration


def bomb(side: int) -> bytes:
    """Return a black 1-bit PNG of this side: a few kilobytes that become many."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    squeezer, row = zlib.compressobj(9), b"\x00" * (side // 8 + 1)
    body = b"".join(squeezer.compress(row) for _ in range(side)) + squeezer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", body), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"GIF89a" + b"\0" * 50, errors.UnsupportedMediaTypeError, "PNG, JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", errors.UnsupportedMediaTypeError, "none of"),
        (b"\x89PNG\r\n\x1a\n" + b"garbage" * 9, DAMAGED, "decoded|ends before"),
        (b"\xff\xd8\xff" + b"garbage" * 9, errors.CorruptFileError, "decoded"),
        (b"II*\x00" + b"\xff" * 40, errors.CorruptFileError, "decoded"),
        (b"%PDF-1.7\ngarbage", errors.CorruptFileError, "damaged"),
        (b"%PDF-1.7\n" + b"<xdp:xdp>" * 200, errors.CorruptFileError, "damaged"),
    ],
)
async def test_garbage_is_refused_by_what_it_is(desk, content, error, words):
    with pytest.raises(error, match=words) as refused:
        await desk.send(content)
    assert refused.value.field == "content"


async def test_no_bytes_are_an_empty_document(desk):
    reference = await desk.keep(b"")
    with pytest.raises(errors.EmptyDocumentError):
        await desk.send(artifact=reference)
    with pytest.raises(errors.EmptyDocumentError):
        await desk.send(content="    ")


async def test_content_that_is_no_base64_names_its_field(desk):
    with pytest.raises(errors.BadContentError) as refused:
        await desk.send(content="not base64!")
    assert refused.value.field == "content"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
async def test_half_a_file_is_no_whole_one(desk, paper, saved, kind):
    content = saved(paper, kind)
    with pytest.raises((errors.TruncatedImageError, errors.CorruptFileError)):
        await desk.send(content[: len(content) // 2])


@pytest.mark.parametrize("size", [(1, 1), (5, 3000), (3000, 15)])
async def test_image_too_small_for_a_letter(desk, saved, size):
    with pytest.raises(errors.ImageTooSmallError, match="nothing can be read below 16"):
        await desk.send(saved(Image.new("L", size, 255)))


async def test_pixel_bomb_is_refused_before_it_is_decoded(desk):
    content = bomb(30_000)
    begun = time.monotonic()
    with pytest.raises(errors.ImageTooLargeError, match="30000 x 30000"):
        await desk.send(content)
    # Decoding its 900 million pixels would take longer, and gigabytes.
    assert time.monotonic() - begun < 5


async def test_bomb_behind_a_small_first_frame_is_a_failed_page(desk, line, saved):
    small = line.convert("1")
    large = Image.new("1", (16_000, 16_000), 1)
    content = saved(small, "TIFF", save_all=True, append_images=[large], compression="group4")
    event = await desk.read(content)
    assert [page.status for page in event.pages] == ["ok", "failed"]
    assert event.status == "partial"
    assert event.pages[1].error.code == "ocr_image_too_large"


async def test_encrypted_pdf_says_so(desk, pdf):
    # The owner's and user's entries are enough: nobody gets in without a password.
    import io  # noqa: PLC0415

    from reportlab.lib.pdfencrypt import StandardEncryption  # noqa: PLC0415
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=StandardEncryption("secret", ownerPassword="owner"))
    canvas.drawString(100, 700, "Text")
    canvas.save()
    with pytest.raises(errors.EncryptedPdfError, match="password"):
        await desk.send(buffer.getvalue())


async def test_more_pages_than_the_limit_tell_how_to_ask_for_some(desk, pdf):
    with pytest.raises(errors.TooManyPagesError, match="1-50") as refused:
        await desk.send(pdf(10_000))
    assert refused.value.field == "pages"
    event = await desk.read(pdf(60), pages="59-60", mode="text")
    assert [page.number for page in event.pages] == [59, 60]


@pytest.mark.parametrize(
    ("asked", "words"),
    [("4", "the document has 3"), ("3-2", "backwards"), ("1-999999", "not there")],
)
async def test_pages_that_are_not_there(desk, pdf, asked, words):
    with pytest.raises(errors.BadPagesError, match=words):
        await desk.send(pdf(3), pages=asked)


async def test_document_over_the_byte_limit_is_not_even_fetched(make_desk, paper, saved):
    desk = make_desk(max_bytes=1000)
    with pytest.raises(errors.FileTooLargeError, match="limit is 1000"):
        await desk.send(artifact=await desk.keep(saved(paper)))


async def test_reference_is_held_to_the_store(desk, saved, paper):
    reference = await desk.keep(saved(paper))
    outside = ["file:///etc/passwd", "http://127.0.0.1/x.png", "http://169.254.169.254/latest"]
    for uri in [*outside, f"{desk.settings.artifacts_url}/../x.png"]:
        with pytest.raises(ArtifactForbiddenError):
            await desk.send(artifact=reference.model_copy(update={"uri": uri}))
    with pytest.raises(ArtifactChangedError):
        await desk.send(artifact=reference.model_copy(update={"sha256": "0" * 64}))
    with pytest.raises(ArtifactMissingError):
        missing = reference.uri.replace(reference.sha256, "0" * 64)
        await desk.send(artifact=reference.model_copy(update={"uri": missing}))


async def test_blank_page_and_noise_are_no_errors(desk, saved, pdf):
    blank = await desk.read(saved(Image.new("L", (600, 400), 255)))
    assert (blank.status, blank.text, blank.pages[0].line_count) == ("ok", "", 0)
    noise = await desk.read(saved(Image.effect_noise((600, 400), 90)))
    assert noise.status == "ok"
    empty = await desk.read(pdf(1))
    assert (empty.status, empty.text) == ("ok", "")


async def test_garbage_in_a_text_layer_is_not_believed():
    from ocr.engine.textlayer import _unusable  # noqa: PLC0415

    document = pypdfium2.PdfDocument.new()
    page = document.new_page(500, 500)
    assert _unusable("", page) == "no text layer"
    assert "few letters" in _unusable("abc 123", page)
    assert "without meaning" in _unusable("a" * 90 + "\ue000\ufffd" * 9, page)
    assert _unusable("litere destule pentru o pagină de text adevărat", page) == ""
    document.close()
