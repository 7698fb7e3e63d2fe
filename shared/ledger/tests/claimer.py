"""A worker process that claims messages, one line a claim it got; run by the journal's tests."""

import asyncio
import sys

from workers_ledger.database import Database
from workers_ledger.journal import SqlJournal
from workers_runtime.errors import JournalUnavailableError
from workers_runtime.journal import New


async def main(url: str, instance: str, count: int) -> None:
    """Claim ``count`` keys, all at once, and say which were new."""
    database = Database(url)
    await database.open()
    journal = SqlJournal(database, instance=instance, ttl_seconds=60)
    await journal.start()

    async def one(key: str) -> None:
        while True:
            try:
                claim = await journal.claim(key)
            except JournalUnavailableError:
                await asyncio.sleep(0.05)
            else:
                break
        if isinstance(claim, New):
            sys.stdout.write(f"{key}\n")

    await asyncio.gather(*(one(f"k{n}") for n in range(count)))
    sys.stdout.flush()
    # The claims stay with a living instance until everybody has tried.
    await asyncio.sleep(1.5)
    await journal.stop()
    await database.close()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
