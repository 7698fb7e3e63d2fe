"""Verifies a tenant's whole archive, a piece a message: a long one holds nobody up."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from workers_contracts.efactura_archive import (
    ArchiveAudited,
    ArchiveProblem,
    AuditArchive,
    AuditNext,
)
from workers_ledger.archive import Archive
from workers_ledger.chain import ERASURE, GENESIS, Head, Link, break_at
from workers_runtime.router import After

from .proving import Prover, problem

MAX_PROBLEMS = 50
PIECE = 300
"""Entries of one message; with their files about half a minute on a slow disk."""
PIECE_BYTES = 256 * 1024 * 1024
"""Files of one message: an entry's may have 32 MiB, and no message is in hand for long."""


@dataclass
class _Tally:
    """What is counted while a piece is read."""

    documents: int
    verified: int
    erased: int
    count: int
    problems: list[ArchiveProblem] = field(default_factory=list)

    def add(self, found: ArchiveProblem) -> None:
        self.count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(found)


class Audit:
    """Walks the chain from its beginning to its end."""

    def __init__(
        self, index: Archive, prover: Prover, *, piece: int = PIECE, piece_bytes: int = PIECE_BYTES
    ) -> None:
        self._index = index
        self._prover = prover
        self._piece = piece
        self._piece_bytes = piece_bytes

    async def begin(self, command: AuditArchive, tenant: str) -> ArchiveAudited | After:
        """Verify the first piece."""
        first = AuditNext(
            files=command.files,
            anchor_position=command.anchor_position,
            anchor_hash=command.anchor_hash,
            started_at=datetime.now(UTC),
            position=0,
            entry_hash=GENESIS,
        )
        return await self.go_on(first, tenant)

    async def go_on(self, state: AuditNext, tenant: str) -> ArchiveAudited | After:
        """Verify the next piece; returns the end, or what goes on."""
        # The end first: what is appended meanwhile is beyond it, and is no problem.
        head = await self._index.head(tenant)
        links = await self._index.chain(tenant, after=state.position, limit=self._piece)
        tally = _Tally(
            state.documents, state.verified, state.erased, state.problem_count, [*state.problems]
        )
        before, left = Head(state.position, state.entry_hash), self._piece_bytes
        for done, link in enumerate(links, start=1):
            await self._one(link, before, state, tally)
            before = Head(link.position, link.entry_hash)
            left -= link.entry.artifact.size if state.files else 0
            if left <= 0 or done == self._piece:
                return After(_next(state, before, tally), 0, reason="the rest of the audit")
        self._end(head, before, state, tally)
        return _audited(state, before, tally)

    async def _one(self, link: Link, before: Head, state: AuditNext, tally: _Tally) -> None:
        broken = break_at(link, before)
        if broken:
            tally.add(problem(link, "chain", broken))
        if link.position == state.anchor_position and link.entry_hash != state.anchor_hash:
            tally.add(problem(link, "anchor"))
        if link.entry.kind == ERASURE:
            await self._erasure(link, tally)
            return
        tally.documents += 1
        if link.erased_at is not None:
            tally.erased += 1
            await self._recorded(link, tally)
        elif state.files:
            reading = await self._prover.files(link)
            for found in reading.problems:
                tally.add(found)
            tally.verified += reading.intact

    async def _erasure(self, link: Link, tally: _Tally) -> None:
        """An erasure in the chain belongs to an entry that is marked as erased."""
        erases = _erases(link)
        erased = await self._index.get(link.entry.tenant, erases)
        if erased is None or erased.erased_at is None:
            tally.add(problem(link, "erasure", f"{erases} is not marked as erased"))

    async def _recorded(self, link: Link, tally: _Tally) -> None:
        """An entry that is marked as erased has its erasure in the chain."""
        key = f"{ERASURE}:{link.entry.download_id}"
        if await self._index.get(link.entry.tenant, key) is None:
            tally.add(problem(link, "erasure", "no entry of the chain says who erased it and why"))

    def _end(self, head: Head, last: Head, state: AuditNext, tally: _Tally) -> None:
        if last.position < head.position:
            missing = f"{last.position + 1}-{head.position}"
            cut = f"the last entries are missing ({missing})"
            tally.add(problem(None, "chain", cut, position=head.position))
        elif last.position == head.position and last.entry_hash != head.entry_hash:
            text = "its end is not the one that was recorded"
            tally.add(problem(None, "chain", text, position=head.position))
        if state.anchor_position and state.anchor_position > last.position:
            tally.add(problem(None, "anchor", position=state.anchor_position))


def _erases(link: Link) -> str:
    """Return which entry an erasure names; nothing when its note was written over."""
    try:
        note = json.loads(link.entry.note)
    except ValueError:
        return ""
    return str(note.get("erases", "")) if isinstance(note, dict) else ""


def _next(state: AuditNext, before: Head, tally: _Tally) -> AuditNext:
    return state.model_copy(
        update={"position": before.position, "entry_hash": before.entry_hash} | _counts(tally)
    )


def _counts(tally: _Tally) -> dict[str, object]:
    return {
        "documents": tally.documents,
        "verified": tally.verified,
        "erased": tally.erased,
        "problem_count": tally.count,
        "problems": tally.problems,
    }


def _audited(state: AuditNext, last: Head, tally: _Tally) -> ArchiveAudited:
    return ArchiveAudited.model_validate(
        _counts(tally)
        | {
            "intact": tally.count == 0,
            "files": state.files,
            "head_position": last.position,
            "head_hash": last.entry_hash,
            "started_at": state.started_at,
            "ended_at": datetime.now(UTC),
        }
    )
