"""Chromium, which `pdf-render` prints with: found, or installed where that is possible."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from . import apt
from .process import ServerError

PACKAGES = (
    "chromium-headless-shell",
    "fonts-noto-core",
    "fonts-liberation",
    "fonts-dejavu-core",
)
"""The browser without windows, and letters for it: without them Romanian prints as boxes."""
PLACES = ("/usr/lib/chromium/chromium-headless-shell", "/usr/lib/chromium/chromium")
PATH_SETTING = "PDF_RENDER_CHROMIUM_PATH"

NOTHING_WORKS = (
    "Chromium: not here, so pdf.render waits until it is. One of these helps:\n"
    "  - install it:             sudo apt-get install --no-install-recommends "
    f"{' '.join(PACKAGES)}\n"
    f"  - name another one:       export {PATH_SETTING}=/path/to/chrome-headless-shell"
)


def chromium_program(environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the program that `pdf-render` will take; None when there is none."""
    env = os.environ if environment is None else environment
    named = env.get(PATH_SETTING)
    places = [named] if named else PLACES
    return next((Path(one) for one in places if os.access(one, os.X_OK)), None)


def install_chromium(
    say: Callable[[str], None], environment: Mapping[str, str] | None = None
) -> None:
    """Install it when it is missing; what fails is said and ends nothing."""
    env = os.environ if environment is None else environment
    if chromium_program(env) or env.get(PATH_SETTING):
        return
    if not apt.can_install():
        say(NOTHING_WORKS)
        return
    say("installing Chromium and fonts with apt-get (about a minute)")
    try:
        apt.install(PACKAGES)
    except ServerError as error:
        say(f"{error}\n{NOTHING_WORKS}")
