"""The parts of the archive, put together."""

from typing import Any

from redis.asyncio import Redis

from anaf_efactura.client_public import PublicClient
from anaf_efactura.config import Settings
from workers_ledger.archive import Archive
from workers_ledger.forgetting import Traces
from workers_runtime.artifacts import Artifacts

from .auditing import Audit
from .erasing import Eraser
from .evidence import Evidence
from .printing import Printing
from .proving import Prover
from .wishes import Wishes


def archive_parts(
    settings: Settings,
    index: Archive,
    artifacts: Artifacts,
    public: PublicClient,
    shared: "Redis",
    traces: Traces,
) -> dict[str, Any]:
    """Return what the archive's handlers ask the context for."""
    prover = Prover(artifacts, index, seals=settings.seals())
    wishes = Wishes(shared, patience_seconds=settings.pdf_seconds)
    return {
        "index": index,
        "audit": Audit(index, prover),
        "eraser": Eraser(artifacts, index, traces, shared),
        "evidence": Evidence(artifacts, index, prover, wishes),
        "printing": Printing(artifacts, index, prover, public, wishes),
    }
