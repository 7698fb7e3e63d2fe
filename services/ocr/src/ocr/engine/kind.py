"""What a file is, by its first bytes: names and declared types prove nothing."""

from .problems import Problem

PDF = "application/pdf"
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"BM", "image/bmp"),
)
FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
}
"""Pillow's name of each image type; no other of its decoders is ever asked."""


def kind(head: bytes) -> str:
    """Return the media type of a file that begins with these bytes.

    Raises:
        Problem: nothing in it, or none of the types read here.
    """
    if not head:
        raise Problem("empty_document", "the document has no bytes; send the file's content")
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    # Readers accept some bytes in front of a PDF's own header; so do producers.
    if b"%PDF-" in head[:1024]:
        return PDF
    raise Problem(
        "unsupported_media_type",
        "the content is none of PNG, JPEG, TIFF, WebP, BMP and PDF; convert it to one of them",
    )
