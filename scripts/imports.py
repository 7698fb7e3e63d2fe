"""Check the directions of imports between the workspace's packages, found by their folders.

python scripts/imports.py [import-linter's own options]

A new worker is named nowhere: it stands beside the others, above everything in `shared`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from members import ROOT, Member, members

SHARED = ("workers_anaf", "workers_ledger", "workers_runtime", "workers_contracts")
"""What workers stand on, from top to bottom; a new shared package gets its place here."""


def main(arguments: list[str]) -> int:
    """Run import-linter on a configuration made now; 1 when a direction is broken."""
    program = Path(sys.executable).with_name("lint-imports")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "imports.ini"
        file.write_text(configuration(members()), "utf-8")
        command = [str(program), "--config", str(file), *arguments]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


def configuration(found: list[Member]) -> str:
    """Return import-linter's configuration for these packages.

    Raises:
        ValueError: a package of `shared` has no place among the layers.
    """
    places = {package(one): one.folder.relative_to(ROOT).as_posix() for one in found}
    below = [name for name, place in places.items() if place.startswith(("contracts", "shared/"))]
    if homeless := set(below) - set(SHARED):
        raise ValueError(f"{', '.join(homeless)}: say in scripts/imports.py on which layer it is")
    top = [n for n, place in places.items() if place.startswith(("services/", "registry-service"))]
    product = [*top, *SHARED]
    tools = [name for name in places if name not in product]
    return "\n".join(
        [
            _section("importlinter", root_packages=list(places)),
            _section(
                "importlinter:contract:layers",
                name="Imports point down: services, then shared, then contracts",
                type="layers",
                layers=[" | ".join(top), *SHARED],
            ),
            _section(
                "importlinter:contract:sandbox",
                name="The sandbox imports nothing of the product: it is written from documents",
                type="forbidden",
                source_modules=["workers_sandbox"],
                forbidden_modules=[name for name in places if name != "workers_sandbox"],
            ),
            _section(
                "importlinter:contract:tools",
                name="Nothing that ships imports the sandbox, the stack or the command",
                type="forbidden",
                source_modules=product,
                forbidden_modules=tools,
            ),
        ]
    )


def package(member: Member) -> str:
    """Return the import package of a distribution."""
    return member.name.replace("-", "_")


def _section(title: str, **values: str | list[str]) -> str:
    lines = [f"[{title}]"]
    for name, value in values.items():
        text = value if isinstance(value, str) else "".join(f"\n    {one}" for one in value)
        lines.append(f"{name} = {text}".rstrip())
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    if "--help" in sys.argv:
        print(__doc__)
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
