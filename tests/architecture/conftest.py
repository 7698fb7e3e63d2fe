"""What the architecture tests look at: the tree, its shipped Python files, its packages."""

import ast
import os
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
_SKIPPED = {"node_modules", "dist", "__pycache__", "htmlcov"}


@dataclass(frozen=True)
class Package:
    """One distribution of the workspace."""

    folder: Path
    project: dict[str, Any]

    @property
    def place(self) -> str:
        return str(self.folder.relative_to(ROOT))

    @property
    def source(self) -> Path:
        return self.folder / "src" / self.project["name"].replace("-", "_")

    def modules(self) -> list[Path]:
        return sorted(self.source.rglob("*.py"))


def _packages() -> list[Package]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    globs = settings["tool"]["workers"]["members"]
    files = [file for glob in globs for file in sorted(ROOT.glob(f"{glob}/pyproject.toml"))]
    return [
        Package(file.parent, tomllib.loads(file.read_text("utf-8"))["project"]) for file in files
    ]


def _tree() -> Iterator[Path]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        # In a second working tree of the repository, .git is a file with that machine's path.
        yield from (Path(folder) / f for f in sorted(files) if f not in {".coverage", ".git"})


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def packages() -> list[Package]:
    """Every distribution of the workspace."""
    return _packages()


@pytest.fixture(scope="session")
def services(packages: list[Package]) -> list[Package]:
    """The workers."""
    return [one for one in packages if one.folder.parent.name == "services"]


@pytest.fixture(scope="session")
def deployables(packages: list[Package]) -> list[Package]:
    """Everything that has an image: workers, registry, sandbox."""
    found = [one for one in packages if one.place.startswith(("services/", "registry-", "sandbox"))]
    assert len(found) >= 4
    return found


@pytest.fixture(scope="session")
def product(packages: list[Package]) -> list[Package]:
    """What runs in production: contracts, shared parts, workers, registry."""
    wanted = ("contracts", "shared/", "services/", "registry-service")
    return [one for one in packages if one.place.startswith(wanted)]


@pytest.fixture(scope="session")
def shipped(packages: list[Package]) -> list[Path]:
    """Every Python file that is not a test."""
    files = [file for package in packages for file in package.modules()]
    assert len(files) > 100
    return [*files, *sorted((ROOT / "scripts").glob("*.py"))]


@pytest.fixture(scope="session")
def texts() -> list[tuple[str, str]]:
    """Every text file of the tree with its path."""
    found = []
    for file in _tree():
        try:
            found.append((str(file.relative_to(ROOT)), file.read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    assert len(found) > 200
    return found


@pytest.fixture(scope="session")
def parsed() -> Callable[[Path], ast.Module]:
    """Parse a file, each once."""
    known: dict[Path, ast.Module] = {}

    def parse(file: Path) -> ast.Module:
        if file not in known:
            known[file] = ast.parse(file.read_text("utf-8"), str(file))
        return known[file]

    return parse


@pytest.fixture(scope="session")
def script() -> Callable[[str], ModuleType]:
    """Import a program of scripts/."""
    sys.path.insert(0, str(ROOT / "scripts"))

    return import_module


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Path of a program that the locked development requirements install."""

    def find(name: str) -> str:
        beside = Path(sys.executable).parent / name
        path = str(beside) if beside.exists() else shutil.which(name)
        assert path, f"{name} is not installed: run `./justw install`"
        return path

    return find
