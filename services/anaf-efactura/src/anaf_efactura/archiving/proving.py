"""Reading is verifying: bytes, ANAF's members, the Ministry's seal, the place in the chain."""

import asyncio
from dataclasses import dataclass, field

from anaf_efactura.archive import (
    GIVEN_FOR,
    MAX_ARCHIVE,
    Archive,
    BadArchive,
    Seal,
    SealStatus,
    open_archive,
    verify_seal,
)
from anaf_efactura.archiving.keeping import UNREADABLE
from anaf_efactura.errors import ArchiveDamagedError, ArchiveErasedError
from workers_contracts.efactura import Text
from workers_contracts.efactura_archive import ArchiveProblem
from workers_ledger.archive import Archive as Index
from workers_ledger.chain import Head, Link, break_at
from workers_runtime.artifacts import ArtifactMissingError, Artifacts
from workers_runtime.errors import PermanentError

_NEVER_OPENED = (
    "what ANAF gave could not be opened when it came, and is kept as it is; open the file by hand"
)
_SEALED = {SealStatus.VERIFIED, SealStatus.UNKNOWN_SIGNER}


@dataclass(frozen=True)
class Reading:
    """What a verified reading gave."""

    link: Link
    content: bytes = field(default=b"", repr=False)
    archive: Archive | None = None
    seal: Seal | None = None
    problems: tuple[ArchiveProblem, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether everything is as it was entered."""
        return not self.problems


class Prover:
    """Reads entries of the archive and verifies them each time."""

    def __init__(self, artifacts: Artifacts, index: Index, *, seals: tuple[bytes, ...]) -> None:
        self._artifacts = artifacts
        self._index = index
        self._seals = seals

    async def read(self, link: Link) -> Reading:
        """Return the document of an entry with the verdict on it, its place in the chain too.

        Raises:
            ArchiveErasedError, ArchiveDamagedError: there are no bytes, or other ones.
            TransientError: the store or the ledger does not answer.
        """
        if link.erased_at is not None:
            raise ArchiveErasedError(
                f"entry {link.position} was erased by law on {link.erased_at:%Y-%m-%d}"
            )
        reading = await self.files(link)
        if reading.archive is None:
            texts = [found.text.en for found in reading.problems] or [_NEVER_OPENED]
            raise ArchiveDamagedError(f"entry {link.position}: {texts[0]}")
        broken = break_at(link, await self._before(link))
        if broken is None:
            return reading
        problems = (*reading.problems, problem(link, "chain", broken))
        return Reading(link, reading.content, reading.archive, reading.seal, problems)

    async def files(self, link: Link) -> Reading:
        """Verify the bytes and the seal of an entry; what is wrong is in the reading."""
        try:
            content = await self._artifacts.get(link.entry.artifact, limit=MAX_ARCHIVE)
        except ArtifactMissingError:
            return Reading(link, problems=(problem(link, "missing"),))
        except PermanentError:
            return Reading(link, problems=(problem(link, "changed"),))
        return await asyncio.to_thread(self._judge, link, content)

    def _judge(self, link: Link, content: bytes) -> Reading:
        try:
            archive = open_archive(content)
        except BadArchive as error:
            if link.entry.kind == UNREADABLE:
                return Reading(link, content)  # no worse than it came
            return Reading(link, content, problems=(problem(link, "unreadable", error.reason),))
        # ANAF seals before it gives, and gives for sixty days: it was put between these two.
        archived = link.entry.archived_at
        seal = verify_seal(archive, self._seals, since=archived - GIVEN_FOR, at=archived)
        # What had no good seal when it came is no worse for it: the entry says so.
        was_sealed = link.entry.seal in {one.value for one in _SEALED}
        lost = was_sealed and seal.status not in _SEALED
        found = (problem(link, "seal", seal.reason or seal.status.value),) if lost else ()
        return Reading(link, content, archive, seal, found)

    async def _before(self, link: Link) -> Head:
        if link.position == 1:
            return Head()
        before, *_ = await self._index.chain(link.entry.tenant, after=link.position - 2, limit=1)
        if before.position == link.position:
            return Head(link.position - 2)  # the one before it is gone
        return Head(before.position, before.entry_hash)


_TEXTS = {
    "missing": ("Fișierul lipsește din depozit.", "the file is not in the store"),
    "changed": (
        "Fișierul din depozit nu mai are octeții arhivați (SHA-256 diferit).",
        "the file in the store has other bytes than those that were archived",
    ),
    "unreadable": ("Fișierul nu este o arhivă ANAF", "the file is not an archive of ANAF's"),
    "seal": ("Sigiliul nu se mai verifică", "the seal does not verify any more"),
    "chain": ("Lanțul de înregistrări este rupt", "the chain is broken"),
    "anchor": (
        "Înregistrarea nu are amprenta de la verificarea anterioară: lanțul a fost refăcut.",
        "the entry has not the hash of the earlier audit: the chain was made anew",
    ),
    "erasure": ("Ștergerea nu se potrivește cu lanțul", "the erasure and the chain disagree"),
}


def problem(link: Link | None, kind: str, detail: str = "", *, position: int = 0) -> ArchiveProblem:
    """Return a problem of an entry, in both languages; the detail is technical."""
    ro, en = (f"{text}: {detail}" if detail else text for text in _TEXTS[kind])
    return ArchiveProblem.model_validate(
        {
            # A place that was written over may be anything.
            "position": max(0, link.position if link else position),
            "download_id": link.entry.download_id if link else None,
            "number": link.entry.number if link else None,
            "kind": kind,
            "text": Text(ro=ro, en=en),
        }
    )
