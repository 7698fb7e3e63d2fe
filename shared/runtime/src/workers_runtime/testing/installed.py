"""Only what a lock file installs: a worker is tried with the packages that its image has."""

import re
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

_HIDES = Path(__file__).parent / "as_installed"


def as_installed(lock: Path, everything: Path) -> dict[str, str]:
    """Return the environment of a process that finds no package of ``everything`` but ``lock``'s.

    Both are requirements files; packages that neither names, as ours, stay.
    """
    hidden = _modules(_locked(everything)) - _modules(_locked(lock))
    return {"PYTHONPATH": str(_HIDES), "NOT_INSTALLED": " ".join(sorted(hidden))}


@cache
def _locked(file: Path) -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z0-9][\w.-]*)==", file.read_text("utf-8"), re.MULTILINE))


@cache
def _modules(packages: frozenset[str]) -> set[str]:
    """Return the top-level modules of some packages; a shared namespace counts for each."""
    return {
        module
        for module, owners in packages_distributions().items()
        if any(re.sub(r"[-_.]+", "-", owner).lower() in packages for owner in owners)
    }
