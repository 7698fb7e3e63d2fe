"""PDF/A: mends what Chromium writes and PDF/A does not know, converts, and checks the result."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING

from .errors import ArchiveFormatError

if TYPE_CHECKING:
    from pikepdf import Pdf

_TOLD = 3


def save_as_archive(pdf: Pdf, level: str, *, date: datetime, steady: bool) -> bytes:
    """Return the file in this format. Raises ArchiveFormatError unless the check passes."""
    from pikepdf import pdfa  # noqa: PLC0415 - two megabytes, for those who ask for it

    flavour = level.removeprefix("PDF/A-")
    _mend(pdf)
    pdfa.prepare(pdf, flavour)
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        # The preparation writes the present time.
        xmp["xmp:MetadataDate"] = date.isoformat()
    options = pdfa.resolve_save_kwargs(flavour, deterministic_id=steady)
    target = io.BytesIO()
    pdf.save(target, **options)
    report = pdfa.validate_written(target, flavour, options)
    if report.verdict != "pass":
        told = "; ".join(f"{one.rule}: {one.message}" for one in report.findings[:_TOLD])
        raise ArchiveFormatError(
            f"the PDF is not {level}, {len(report.findings)} findings: {told[:600]}", field="pdfa"
        )
    return target.getvalue()


def _mend(pdf: Pdf) -> None:
    """Take out harmless keys of Chromium's that the formats' grammar does not list."""
    from pikepdf import Dictionary, Stream  # noqa: PLC0415

    for name in ("/MarkInfo", "/ViewerPreferences"):
        if name in pdf.Root and "/Type" in pdf.Root[name]:
            del pdf.Root[name]["/Type"]
    for item in pdf.objects:
        if isinstance(item, Dictionary) and "/SE" in item and "/Title" in item:
            del item["/SE"]  # a bookmark's way into the structure, beside that to its page
        image = isinstance(item, Stream) and item.get("/Subtype") == "/Image"
        if image and "/ColorTransform" in item:
            del item["/ColorTransform"]
