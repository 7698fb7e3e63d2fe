"""Write or check .env.example, from the settings classes of all programs.

python scripts/env_example.py           write it
python scripts/env_example.py --check   write nothing; 1 when it is stale
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from members import ROOT
from variables import Section, Variable, fixed, sections, unique

FILE = ROOT / ".env.example"
HEAD = """\
# Every variable of every program; written by `./justw env` from the settings classes.
# Copy it to .env and take the # away from what you change: docker compose reads it.
# Nothing has to be set: docker-compose.yml brings values for development with the sandbox.
# What is marked as fixed cannot be changed here: a compose file beside it has to set it.
# A program that is started alone needs what is marked as required.
# What is marked as a secret may come from a file: NAME_FILE=/path instead of NAME=value.
"""


def main() -> int:
    """Run as the options say; 1 when a check found it stale."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when stale")
    text = render(sections())
    if FILE.exists() and FILE.read_text("utf-8") == text:
        return 0
    if parser.parse_args().check:
        print(".env.example is stale: run `./justw env`", file=sys.stderr)
        return 1
    FILE.write_text(text, "utf-8")
    print("written: .env.example")
    return 0


def render(found: list[Section]) -> str:
    """Return the file's text; a variable stands once, in the section that names it first."""
    parts, last, unchangeable = [HEAD], None, fixed()
    for section, variable, others in unique(found):
        if section is not last:
            parts.append(f"\n# --- {section.title}: {section.text}\n")
            last = section
        parts.append(_entry(variable, others, variable.name in unchangeable))
    return "".join(parts)


def _entry(variable: Variable, others: dict[str, str], is_fixed: bool) -> str:
    marks = {
        "Required.": variable.required,
        "Secret.": variable.secret,
        "Fixed by docker compose.": is_fixed,
    }
    text = " ".join([variable.description, *(mark for mark, is_so in marks.items() if is_so)])
    lines = [f"# {text}"]
    lines += [f"# In {name} the default is {value or 'empty'}." for name, value in others.items()]
    return "\n".join([*lines, f"#{variable.name}={variable.default}", ""])


if __name__ == "__main__":
    sys.exit(main())
