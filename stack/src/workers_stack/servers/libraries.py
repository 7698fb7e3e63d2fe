"""What workers and tests need of the machine beside servers: libraries, and fonts to print with."""

import ctypes
import shutil
from collections.abc import Callable
from pathlib import Path

from . import apt
from .process import ServerError

LIBRARIES = {"libGL.so.1": "libgl1", "libgthread-2.0.so.0": "libglib2.0-0"}
"""What OpenCV, which the ocr worker reads with, is linked against; by Debian's package."""

FONT_FOLDER = Path("/usr/share/fonts/truetype")
FONTS = {"dejavu": "fonts-dejavu-core", "liberation": "fonts-liberation"}
"""What the pages of the OCR test set are printed with."""

PROGRAMS = {"pdftotext": "poppler-utils"}
"""What tests look into a PDF with, apart from the libraries that made it."""


def install_libraries(say: Callable[[str], None], *, fonts: bool = False) -> None:
    """Install what is missing, or say how; the stack starts without it all the same."""
    missing = [package for name, package in LIBRARIES.items() if not _loads(name)]
    if fonts:
        missing += [one for name, one in FONTS.items() if not (FONT_FOLDER / name).is_dir()]
        missing += [one for name, one in PROGRAMS.items() if shutil.which(name) is None]
    if not missing:
        return
    names = " ".join(missing)
    if not apt.can_install():
        say(f"the ocr worker needs {names}: sudo apt-get install --no-install-recommends {names}")
        return
    say(f"installing {names} with apt-get")
    try:
        apt.install(missing)
    except ServerError as error:
        say(str(error))


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
