"""What the registry shows: over HTTP, in Redis and on the channel ``wrk:events``."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from workers_contracts.heartbeat import Deduction, Status, WorkerStatus
from workers_contracts.types import UtcDateTime
from workers_runtime.waiting import Waiting

NoticeKind = Literal["registered", "status_changed", "stopped", "missing", "removed"]
Acceptance = Literal["registered", "updated", "unregistered", "ignored_older", "refused_full"]


class View(BaseModel):
    """Base of what is shown; immutable."""

    model_config = ConfigDict(frozen=True)


class InstanceView(View):
    """One running process of a worker."""

    id: str = Field(description="The instance, unique for its life.")
    version: str
    status: Status = Field(description="error also when the instance is missing.")
    missing: bool = Field(description="True when it stopped beating or answering.")
    reason: str = Field(default="", description="Why it is in error, for a person.")
    last_seen: UtcDateTime = Field(description="When its last beat was made, UTC.")
    started_at: UtcDateTime
    health_endpoint: str
    progress: int = Field(description="Deliveries settled so far.")
    health_score: int = Field(ge=0, le=100)
    deductions: list[Deduction]
    in_flight: int
    queue_size: int | None
    waiting: int | None
    memory_bytes: int
    cpu_seconds: float


class Digest(View):
    """What the last scrape of ``/metrics`` said, summed over the instances that answered."""

    tag: str
    scraped_at: UtcDateTime
    instances_scraped: int
    instances_failed: int
    tasks_succeeded: float = Field(default=0, description="Deliveries with the outcome ok.")
    tasks_failed: float = Field(default=0, description="Deliveries failed or invalid.")
    duration_seconds_sum: float = Field(default=0, description="Time in handlers.")
    duration_count: float = Field(default=0, description="Handler runs timed.")


class WorkerView(View):
    """All instances of one worker, as one."""

    tag: str
    status: Status = Field(description="The worst of its instances.")
    reason: str = Field(default="", description="Why it is in error, for a person.")
    instance_count: int
    health_score: int = Field(ge=0, le=100, description="The lowest of its instances.")
    deductions: list[Deduction] = Field(description="What took that score from 100.")
    last_seen: UtcDateTime = Field(description="The newest beat, UTC.")
    queue_size: int | None = Field(description="Messages ready; null when unknown.")
    waiting: int | None = Field(
        description="Commands that wait for another try or an authority; null when unknown."
    )
    versions: list[str]
    instances: list[InstanceView]


class WorkerReply(WorkerView):
    """One worker, with its last scrape."""

    stale: bool = Field(description="True while Redis is away: answered from memory.")
    metrics: Digest | None = Field(default=None, description="Last scrape, when recent.")


class WorkersReply(View):
    """All workers known now."""

    workers: list[WorkerReply]
    stale: bool = Field(description="True while Redis is away: answered from memory.")
    as_of: UtcDateTime


class WaitingReply(View):
    """What waits in a worker, the next one due first."""

    tag: str
    total: int = Field(description="All that wait; more than are listed when over the limit.")
    commands: list[Waiting]
    as_of: UtcDateTime


class HeartbeatReply(View):
    """What became of a heartbeat sent over HTTP."""

    outcome: Acceptance = Field(description="ignored_older when a newer beat was known.")


class InstanceRecord(View):
    """One instance as kept in Redis."""

    status: WorkerStatus
    received_at: UtcDateTime


class Notice(View):
    """A change, as published to the channel ``wrk:events``."""

    event: NoticeKind
    tag: str
    id: str
    status: str
    previous: str = Field(default="", description="The status before; empty when it was unknown.")
    reason: str = ""
    at: UtcDateTime
