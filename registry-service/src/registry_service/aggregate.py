"""Many instances as one worker: the worst status, the lowest score, and why."""

from workers_contracts.heartbeat import Deduction, Status

from .fleet import Instance
from .views import InstanceView, WorkerView

_WORST_FIRST: tuple[Status, ...] = ("error", "running", "idle", "stopped")


def instance_view(instance: Instance) -> InstanceView:
    """Show one instance; a missing one has the score 0 and says why."""
    status, metrics = instance.status, instance.status.metrics
    score, deductions = metrics.health_score, metrics.deductions
    reason = ""
    if instance.missing:
        score = 0
        deductions = [Deduction(reason="heartbeat_missing", points=100, detail=instance.missing)]
        reason = instance.missing
    elif status.status == "error":
        reason = (
            "; ".join(d.detail or d.reason for d in deductions) or "the worker reports an error"
        )
    return InstanceView(
        id=status.id,
        version=status.version,
        status="error" if instance.missing else status.status,
        missing=bool(instance.missing),
        reason=reason,
        last_seen=status.last_seen,
        started_at=status.started_at,
        health_endpoint=status.health_endpoint,
        progress=status.progress,
        health_score=score,
        deductions=deductions,
        in_flight=metrics.in_flight,
        queue_size=metrics.queue_size,
        waiting=metrics.waiting,
        memory_bytes=metrics.memory_bytes,
        cpu_seconds=metrics.cpu_seconds,
    )


def worker_view(tag: str, instances: list[Instance]) -> WorkerView:
    """Show a worker; ``instances`` holds at least one.

    Queues and waits are shared by the instances, so the newest known count is it, not the sum.
    """
    views = [instance_view(instance) for instance in instances]
    worst = min(views, key=lambda view: _WORST_FIRST.index(view.status))
    weakest = min(views, key=lambda view: view.health_score)
    newest_first = sorted(views, key=lambda view: view.last_seen, reverse=True)
    sizes = [view.queue_size for view in newest_first if view.queue_size is not None]
    waits = [view.waiting for view in newest_first if view.waiting is not None]
    return WorkerView(
        tag=tag,
        status=worst.status,
        reason=f"{worst.id}: {worst.reason}" if worst.reason else "",
        instance_count=len(views),
        health_score=weakest.health_score,
        deductions=weakest.deductions,
        last_seen=newest_first[0].last_seen,
        queue_size=sizes[0] if sizes else None,
        waiting=waits[0] if waits else None,
        versions=sorted({view.version for view in views}),
        instances=views,
    )
