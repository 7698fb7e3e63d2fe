"""A plain one-page PDF of a document: number, date, parties and the amount due."""

import unicodedata

from .reading import Reading


def render(reading: Reading) -> bytes:
    """A PDF 1.4 file with a few lines of text; letters without their marks."""
    rows = (
        "RO e-Factura (sandbox)",
        f"Numar: {reading.number}",
        f"Data: {reading.issue_date}",
        f"Vanzator: {reading.seller}",
        f"Cumparator: {reading.buyer}",
        f"Total de plata: {reading.text('LegalMonetaryTotal/PayableAmount')}",
    )
    shown = " ".join(f"({_escaped(row)}) Tj T*" for row in rows)
    stream = f"BT /F1 12 Tf 16 TL 60 780 Td {shown} ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    return _file(objects)


def _escaped(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(objects: tuple[str, ...]) -> bytes:
    content, offsets = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n{text}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    return (
        content
        + (
            f"xref\n0 {size}\n0000000000 65535 f \n{table}"
            f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(content)}\n%%EOF\n"
        ).encode()
    )
