"""Write or check the locked requirements (pinned, with hashes, naming no package index).

python scripts/lock.py             write all, keeping the versions that are locked already
python scripts/lock.py --upgrade   write all with the newest versions allowed
python scripts/lock.py --check     no network: every declared dependency is pinned and allowed

`requirements/dev.txt` holds everything; each deployable has its own file for its image.
`bench*.txt` are for what the product is only compared with, `ocr-models.txt` for what the OCR
models are made from. `overrides.in` sets aside upper bounds of dependencies.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

sys.path.insert(0, str(Path(__file__).parent))
from members import ROOT, Member, members

FOLDER = ROOT / "requirements"
DEPLOYABLE = ("services/*", "registry-service", "sandbox")
OLDEST_PYTHON = "3.11"
ALONE = frozenset({"ocr-models"})
"""Locks that name all they need themselves: what a package of theirs asks for is not followed."""
OVERRIDES = "overrides.in"
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def main() -> int:
    """Run as the options say; 1 when a check found something."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="compare only; needs no network")
    what.add_argument("--upgrade", action="store_true", help="move to newer versions")
    options = parser.parse_args()
    if options.check:
        return check()
    write(upgrade=options.upgrade)
    return 0


def write(*, upgrade: bool) -> None:
    """Resolve every lock; the deployables' versions follow dev.txt."""
    for name, wanted in locks().items():
        print(f"lock: requirements/{name}.txt")
        compile_lock(name, wanted, upgrade=upgrade)


def check() -> int:
    """Print what is missing or not allowed by its own declaration."""
    problems = [line for name, wanted in locks().items() for line in unlocked(name, wanted)]
    for line in problems:
        print(line, file=sys.stderr)
    if problems:
        print("run `./justw lock`", file=sys.stderr)
    return 1 if problems else 0


def locks() -> dict[str, list[str]]:
    """Requirement lines by lock file name; dev first, because the others follow it."""
    known = {canonicalize_name(member.name): member for member in members()}
    declared = [line for one in known.values() for line in (*one.dependencies, *one.optional)]
    everything = [line for line in declared if not internal(line, known)]
    sources = {file.stem for file in FOLDER.glob("*.in")}
    further = sorted(sources - {"uv", "dev", Path(OVERRIDES).stem})
    wanted = {
        "uv": tools("uv"),
        "dev": sorted({*everything, *tools("dev")}),
        **{name: tools(name) for name in further},
    }
    for glob in DEPLOYABLE:
        for folder in sorted(ROOT.glob(glob)):
            for member in known.values():
                if member.folder == folder:
                    wanted[folder.name] = sorted(set(external(member, known)))
    return wanted


def external(member: Member, known: dict[NormalizedName, Member]) -> list[str]:
    """What a member needs from outside the workspace, through other members too."""
    lines: list[str] = []
    queue, seen = [member], {canonicalize_name(member.name)}
    while queue:
        for line in queue.pop().dependencies:
            name = internal(line, known)
            if name is None:
                lines.append(line)
            elif name not in seen:
                seen.add(name)
                queue.append(known[name])
    return lines


def internal(line: str, known: dict[NormalizedName, Member]) -> NormalizedName | None:
    """The member that a requirement line names, or None when it comes from outside."""
    name = canonicalize_name(Requirement(line).name)
    return name if name in known else None


def tools(name: str) -> list[str]:
    """Requirement lines of a hand-written .in file."""
    lines = (FOLDER / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def compile_lock(name: str, wanted: Iterable[str], *, upgrade: bool) -> None:
    """Have uv resolve one lock for every platform and Python from 3.11 on."""
    command = ["uv", "pip", "compile", "-", "--universal", "--generate-hashes", "--quiet"]
    command += ["--no-header", "--no-annotate", "--python-version", OLDEST_PYTHON]
    command += ["--output-file", str(FOLDER / f"{name}.txt")]
    command += ["--overrides", str(FOLDER / OVERRIDES)]
    command += ["--upgrade"] if upgrade else []
    command += ["--no-deps"] if name in ALONE else []
    if name not in ("dev", "uv"):
        command += ["--constraints", str(FOLDER / "dev.txt")]
    text = "\n".join(wanted) + "\n"
    subprocess.run(command, input=text, text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def unlocked(name: str, wanted: Iterable[str]) -> list[str]:
    """One line for each requirement that its lock does not fulfil."""
    file = FOLDER / f"{name}.txt"
    if not file.exists():
        return [f"requirements/{name}.txt is missing"]
    pins: dict[str, list[Version]] = {}
    for package, version in _PIN.findall(file.read_text(encoding="utf-8")):
        pins.setdefault(canonicalize_name(package), []).append(Version(version))
    problems = []
    for line in wanted:
        need = Requirement(line)
        found = pins.get(canonicalize_name(need.name), [])
        # A universal lock may hold two versions of one package, for different platforms.
        if not any(need.specifier.contains(version, prereleases=True) for version in found):
            pinned = ", ".join(map(str, found)) or "nothing"
            problems.append(f"requirements/{name}.txt pins {pinned}, but {line!r} is declared")
    return problems


if __name__ == "__main__":
    sys.exit(main())
