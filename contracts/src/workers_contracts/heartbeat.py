"""What a worker says of itself, to the exchange ``workers.heartbeats``."""

from typing import Literal

from pydantic import Field

from .base import Event
from .types import UtcDateTime, Value

Status = Literal["running", "idle", "error", "stopped"]


class Deduction(Value):
    """Why the health score is below 100."""

    reason: str = Field(description="Stable word, for example broker_disconnected.")
    points: int = Field(ge=1, le=100)
    detail: str = Field(default="", description="For a person.")


class WorkerMetrics(Value):
    """Numbers that change from beat to beat."""

    queue_size: int | None = Field(
        default=None, ge=0, description="Messages ready in the worker's queues; null when unknown."
    )
    in_flight: int = Field(default=0, ge=0, description="Messages being handled now.")
    waiting: int | None = Field(
        default=None,
        ge=0,
        description="Commands that wait for another try or for an authority; null when unknown.",
    )
    last_task_time: UtcDateTime | None = Field(default=None, description="End of the last task.")
    tasks_succeeded: int = Field(default=0, ge=0, description="Since the process started.")
    tasks_failed: int = Field(default=0, ge=0, description="Since the process started.")
    health_score: int = Field(ge=0, le=100)
    deductions: list[Deduction] = Field(default_factory=list)
    memory_bytes: int = Field(default=0, ge=0)
    cpu_seconds: float = Field(default=0.0, ge=0)


class WorkerStatus(Event):
    """One heartbeat of one instance; progress only grows while work is really done."""

    key = "worker.heartbeat"
    subject_field = "id"

    id: str = Field(min_length=1, max_length=128, description="The instance, unique for its life.")
    tag: str = Field(pattern=r"^[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)*$", description="Worker's tag.")
    version: str
    status: Status
    last_seen: UtcDateTime = Field(description="When the beat was made, UTC.")
    started_at: UtcDateTime = Field(description="When the process started, UTC.")
    health_endpoint: str = Field(description="Base address of the worker's HTTP side.")
    progress: int = Field(ge=0, description="Deliveries settled so far: proof of progress.")
    metrics: WorkerMetrics
