"""What `efactura.failed` says to an accountant, by its code: the table beside this module."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from workers_contracts.efactura import Text

_OTHER = "other"


def explained(code: str) -> dict[str, Text]:
    """Return the fields of the event that say what a code means and what to do."""
    entry = _table().get(code) or _table()[_OTHER]
    return {
        "text": Text(ro=entry["ro"], en=entry["en"]),
        "mend": Text(ro=entry["mend_ro"], en=entry["mend_en"]),
    }


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files(__package__).joinpath("failures.toml").read_text(encoding="utf-8"))
