"""Why items have not ended yet: the workers' list of what waits, for the items of one run."""

from workers_cli.errors import RedisUnreachableError
from workers_cli.output import note
from workers_cli.waits import Group, counted, read
from workers_runtime.waiting import WaitingPage


async def waits_of(url: str, tag: str, tenant: str | None, ids: frozenset[str]) -> list[Group]:
    """Return what the items wait for, counted by code; none when nothing or nobody says it."""
    if not ids:
        return []
    try:
        page = (await read(url, [tag]))[tag]
    except RedisUnreachableError as error:
        note(error.message)
        return []
    ours = [one for one in page.entries if one.message_id in ids and one.tenant == (tenant or "")]
    return list(counted({tag: WaitingPage(len(ours), ours)}).groups)
