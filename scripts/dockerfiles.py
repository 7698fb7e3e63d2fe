"""Write or check every Dockerfile from deploy/docker/Dockerfile.template.

python scripts/dockerfiles.py           write the text around each marked block again
python scripts/dockerfiles.py --check   write nothing; 1 when a Dockerfile departs

The line ARG MEMBERS inside the block is written too: what the package needs from the workspace.
A new worker's marked block comes from `create-worker`; the text around it from here.
"""

import argparse
import re
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

sys.path.insert(0, str(Path(__file__).parent))
from members import ROOT, Member, members

TEMPLATE = ROOT / "deploy" / "docker" / "Dockerfile.template"
GLOBS = ("services/*/Dockerfile", "registry-service/Dockerfile", "sandbox/Dockerfile")
_MEMBERS = re.compile(r'^ARG MEMBERS=".*"$', re.MULTILINE)
_BLOCK = re.compile(r"^# >>> this image\n(.*?)\n# <<< this image$", re.DOTALL | re.MULTILINE)


def main() -> int:
    """Run as the options say; 1 when a check found something."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when one departs")
    check = parser.parse_args().check
    departed = [file for file in dockerfiles() if file.read_text("utf-8") != expected(file)]
    for file in departed:
        print(f"{'departs' if check else 'written'}: {file.relative_to(ROOT)}")
        if not check:
            file.write_text(expected(file), "utf-8")
    return 1 if check and departed else 0


def dockerfiles(root: Path = ROOT) -> list[Path]:
    """Every image's Dockerfile."""
    return [file for glob in GLOBS for file in sorted(root.glob(glob))]


def expected(file: Path, template: str | None = None) -> str:
    """Return the text that a Dockerfile should have, around the block that it has.

    Raises:
        ValueError: the file has not exactly one marked block.
    """
    text = TEMPLATE.read_text("utf-8") if template is None else template
    blocks = _BLOCK.findall(file.read_text("utf-8"))
    if len(blocks) != 1:
        raise ValueError(f"{file}: needs one block between '# >>> this image' and '# <<< …'")
    name = file.parent.name
    folder = f"services/{name}" if file.parent.parent.name == "services" else name
    line = f'ARG MEMBERS="{" ".join(f"./{one}" for one in needed(ROOT / folder))}"'
    values = {"block": _MEMBERS.sub(line, blocks[0]), "folder": folder, "name": name}
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return text


def needed(folder: Path) -> list[str]:
    """Return the folders of the workspace that an image installs, in the workspace's order."""
    known = {canonicalize_name(one.name): one for one in members()}
    pending: list[Member] = [one for one in known.values() if one.folder == folder]
    found: set[Path] = set()
    while pending:
        member = pending.pop()
        found.add(member.folder)
        names = (canonicalize_name(Requirement(line).name) for line in member.dependencies)
        inside = (known[name] for name in names if name in known)
        pending.extend(one for one in inside if one.folder not in found)
    return [str(one.folder.relative_to(ROOT)) for one in known.values() if one.folder in found]


if __name__ == "__main__":
    sys.exit(main())
