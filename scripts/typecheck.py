"""Type-check every package of the workspace in one run of mypy.

python scripts/typecheck.py [mypy's own options]
"""

import os
import subprocess
import sys

from members import ROOT, members

if __name__ == "__main__":
    if "--help" in sys.argv:
        print(__doc__)
        sys.exit(0)
    folders = [str(one.folder.relative_to(ROOT) / "src") for one in members()]
    command = [sys.executable, "-m", "mypy", *sys.argv[1:], *folders]
    # Told by folder, so that a new package is named nowhere.
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(folders)}
    sys.exit(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)
