"""``python -m workers_contracts``: write schemas and examples, or say what a change breaks."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from .compatibility import Finding, compare
from .examples import BUNDLE, bundled
from .schemas import documents, read, stale, write

SOURCE = Path(__file__).resolve().parents[2]
FOLDER = SOURCE / "schemas"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0 when all is well, 1 when not, 2 when it was called wrongly."""
    options = _parser().parse_args(arguments)
    if options.command == "schemas":
        return _schemas(options.folder, check=options.check)
    try:
        released = read(options.against)
    except (FileNotFoundError, json.JSONDecodeError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    return _compat(compare(released, documents()), as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers_contracts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    schemas = commands.add_parser(
        "schemas", help="write contracts/schemas and the package's examples"
    )
    schemas.add_argument("--check", action="store_true", help="write nothing; 1 when stale")
    schemas.add_argument("--folder", type=Path, default=FOLDER, help="default: %(default)s")
    compat = commands.add_parser("compat", help="compare released schemas with the classes")
    compat.add_argument("--against", type=Path, required=True, help="folder of released schemas")
    compat.add_argument("--json", action="store_true", help="print JSON instead of lines")
    return parser


def _schemas(folder: Path, *, check: bool) -> int:
    names = stale(folder) if check else write(folder)
    names += _examples(check=check)
    for name in names:
        sys.stdout.write(f"{'stale' if check else 'written'}: {name}\n")
    if check and names:
        sys.stderr.write("run: python -m workers_contracts schemas\n")
        return 1
    sys.stdout.write(f"{folder}: up to date\n")
    return 0


def _examples(*, check: bool) -> list[str]:
    """Bring the package's copy of the examples up to date; only a checkout has the originals."""
    originals, bundle = SOURCE / "examples", Path(__file__).with_name(BUNDLE)
    if not originals.is_dir():
        return []
    text = bundled(originals)
    if bundle.is_file() and bundle.read_text(encoding="utf-8") == text:
        return []
    if not check:
        bundle.write_text(text, encoding="utf-8")
    return [BUNDLE]


def _compat(findings: list[Finding], *, as_json: bool) -> int:
    broken = any(finding.breaks for finding in findings)
    if as_json:
        changes = [asdict(finding) | {"line": finding.line} for finding in findings]
        report = {"compatible": not broken, "changes": changes}
        sys.stdout.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        return int(broken)
    for finding in findings:
        sys.stdout.write(f"{finding.line}\n")
    sys.stdout.write("broken\n" if broken else "compatible\n")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
