"""Names and lives of everything the registry keeps in Redis."""

STATUS_SECONDS = 120
METRICS_SECONDS = 60
INSTANCE_SECONDS = 120
EVENTS = "wrk:events"
"""Pub/sub channel; each message is a Notice as JSON."""

INSTANCES = "wrk:registry:instance:*"


def status(tag: str) -> str:
    """Key of a worker's aggregate (a WorkerView as JSON)."""
    return f"wrk:registry:status:{tag}"


def metrics(tag: str) -> str:
    """Key of a worker's last scrape (a Digest as JSON)."""
    return f"wrk:registry:metrics:{tag}"


def instance(tag: str, instance_id: str) -> str:
    """Key of one instance (an InstanceRecord as JSON)."""
    return f"wrk:registry:instance:{tag}:{instance_id}"
