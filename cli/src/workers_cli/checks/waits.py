"""Checks of what waits: does a person have to act?"""

from workers_cli.errors import RedisUnreachableError
from workers_cli.findings import of_waits
from workers_cli.waits import counted, read, tags

from .result import Check, ok, unchecked, wrong


async def waiting_checks(url: str) -> list[Check]:
    """Check what waits: a line for each thing that a person must do, one for all the rest."""
    try:
        waits = counted(await read(url, tags()))
    except RedisUnreachableError:
        return [unchecked("waiting", "Redis does not answer")]
    found = of_waits(waits)
    if bad := [wrong("waiting", one.what, one.next) for one in found if one.acts]:
        return bad
    if found:
        return [ok("waiting", f"{one.what}; {one.next}") for one in found]
    count = sum(group.count for group in waits.groups) + waits.uncounted
    return [ok("waiting", f"{count} follow-ups, as planned" if count else "nothing")]
