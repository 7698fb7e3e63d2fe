"""`workers version`."""

import platform
from importlib.metadata import version as installed

from workers_cli.options import Json
from workers_cli.output import emit, table

PACKAGES = ("workers-cli", "workers-contracts", "workers-runtime")


def version(as_json: Json = False) -> int:
    """Print the versions of this program and of the contracts it knows."""
    versions = {name: installed(name) for name in PACKAGES} | {"python": platform.python_version()}
    if as_json:
        emit(versions)
    else:
        table(["package", "version"], list(versions.items()))
    return 0
