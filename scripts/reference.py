"""Write or check the generated pages of docs/reference.

python scripts/reference.py           write settings.md, errors.md and messages.md
python scripts/reference.py --check   write nothing; 1 and the names when some are stale
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from error_page import error_page
from members import ROOT
from message_page import message_page
from variables import Section, Variable, sections

FOLDER = ROOT / "docs" / "reference"


def main() -> int:
    """Run as the options say; 1 when a check found something."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when stale")
    check = parser.parse_args().check
    stale = [name for name, text in pages().items() if _now(name) != text]
    for name in stale:
        print(f"{'stale' if check else 'written'}: docs/reference/{name}")
        if not check:
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / name).write_text(pages()[name], "utf-8")
    if check and stale:
        print("run `./justw docs`", file=sys.stderr)
    return 1 if check and stale else 0


def pages() -> dict[str, str]:
    """Return every generated page by file name."""
    return {
        "settings.md": settings_page(sections()),
        "errors.md": error_page(),
        "messages.md": message_page(),
    }


def settings_page(found: list[Section]) -> str:
    """Return the page of all environment variables."""
    parts = [
        "# Settings\n\nWritten by `./justw docs` from the settings classes; do not edit.\n"
        "The environment is read once, at start.\n"
        "A secret may come from a file: `NAME_FILE=/path` instead of `NAME=value`.\n"
    ]
    for section in found:
        rows = "\n".join(map(_row, section.variables))
        parts.append(
            f"\n## {section.title}\n\n{section.text}\n\n"
            f"| variable | default | meaning |\n|---|---|---|\n{rows}\n"
        )
    return "".join(parts)


def _row(variable: Variable) -> str:
    default = "required" if variable.required else f"`{variable.default}`" * bool(variable.default)
    secret = " Secret." if variable.secret else ""
    return f"| `{variable.name}` | {default} | {variable.description}{secret} |"


def _now(name: str) -> str | None:
    file = FOLDER / name
    return file.read_text("utf-8") if file.exists() else None


if __name__ == "__main__":
    sys.exit(main())
