"""The workspace's packages, as the globs in the root pyproject.toml find them.

python scripts/members.py            folders, one a line
python scripts/members.py --editable as arguments for `uv pip install`
"""

import argparse
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Member:
    """One distribution of the workspace."""

    folder: Path
    name: str
    dependencies: tuple[str, ...]
    optional: tuple[str, ...]


def members(root: Path = ROOT) -> list[Member]:
    """Every member, in the order of the globs; a folder without pyproject.toml is none."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    globs: list[str] = settings["tool"]["workers"]["members"]
    files = [file for glob in globs for file in sorted(root.glob(f"{glob}/pyproject.toml"))]
    return [read(file) for file in files]


def read(file: Path) -> Member:
    """A member's name and what it declares; the optional groups flattened."""
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    groups: dict[str, list[str]] = project.get("optional-dependencies", {})
    optional = [line for lines in groups.values() for line in lines]
    return Member(
        folder=file.parent,
        name=project["name"],
        dependencies=tuple(project.get("dependencies", [])),
        optional=tuple(optional),
    )


def main() -> None:
    """Print the members."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--editable", action="store_true", help="print -e before each folder")
    prefix = "-e " if parser.parse_args().editable else ""
    for member in members():
        print(f"{prefix}{member.folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
