"""Fonts of the Debian packages fonts-dejavu-core, fonts-liberation and fonts-noto-core."""

from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

ROOT = Path("/usr/share/fonts/truetype")
PACKAGES = ("fonts-dejavu-core", "fonts-liberation")
PROPORTIONAL = {
    "LiberationSans": ("liberation/LiberationSans-Regular", "liberation/LiberationSans-Bold"),
    "LiberationSerif": ("liberation/LiberationSerif-Regular", "liberation/LiberationSerif-Bold"),
    "LiberationNarrow": (
        "liberation/LiberationSansNarrow-Regular",
        "liberation/LiberationSansNarrow-Bold",
    ),
    "DejaVuSans": ("dejavu/DejaVuSans", "dejavu/DejaVuSans-Bold"),
    "DejaVuSerif": ("dejavu/DejaVuSerif", "dejavu/DejaVuSerif-Bold"),
    "NotoSans": ("noto/NotoSans-Regular", "noto/NotoSans-Bold"),
    "NotoSerif": ("noto/NotoSerif-Regular", "noto/NotoSerif-Bold"),
}
FIXED = {
    "LiberationMono": ("liberation/LiberationMono-Regular", "liberation/LiberationMono-Bold"),
    "DejaVuSansMono": ("dejavu/DejaVuSansMono", "dejavu/DejaVuSansMono-Bold"),
}


def available(families: dict[str, tuple[str, str]]) -> list[str]:
    """Return the names of the families that are installed, registered for drawing."""
    found = []
    for name, (regular, bold) in families.items():
        files = [ROOT / f"{one}.ttf" for one in (regular, bold)]
        if all(file.is_file() for file in files):
            for suffix, file in zip(("", "-Bold"), files, strict=True):
                if f"{name}{suffix}" not in pdfmetrics.getRegisteredFontNames():
                    pdfmetrics.registerFont(TTFont(f"{name}{suffix}", str(file)))
            found.append(name)
    return found
