"""The registry's view of the workers, over HTTP."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workers_contracts.types import UtcDateTime

from .errors import RegistryError

TIMEOUT_SECONDS = 5.0


class Reading(BaseModel):
    """Base of what is read; fields that this program does not know are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Deduction(Reading):
    """Why a score is below 100."""

    reason: str
    points: int
    detail: str = ""

    def words(self) -> str:
        """Return it for a person."""
        return f"-{self.points} {self.reason}" + (f" ({self.detail})" if self.detail else "")


class Instance(Reading):
    """One process of a worker."""

    id: str
    status: str
    missing: bool = False
    reason: str = ""
    last_seen: UtcDateTime
    deductions: list[Deduction] = Field(default_factory=list)


class WorkerState(Reading):
    """All processes of one worker, as one."""

    tag: str
    status: str
    reason: str = ""
    instance_count: int
    health_score: int
    deductions: list[Deduction] = Field(default_factory=list)
    last_seen: UtcDateTime
    queue_size: int | None = None
    waiting: int | None = None
    stale: bool = False
    instances: list[Instance] = Field(default_factory=list)

    def why(self) -> str:
        """Return what took the score from 100."""
        parts = [deduction.words() for deduction in self.deductions]
        return "; ".join(([self.reason] if self.reason else []) + parts)


class Fleet(Reading):
    """All workers known now."""

    workers: list[WorkerState]
    stale: bool = False
    as_of: UtcDateTime


async def read_fleet(url: str, token: str | None) -> Fleet:
    """Ask the registry for all workers.

    Raises:
        RegistryError: no answer, a refusal, or not an answer of a registry.
    """
    import httpx  # noqa: PLC0415 - slow to load, and most commands need no HTTP

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            answer = await client.get(f"{url}/v1/workers", headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RegistryError(
            f"the registry does not answer at {url}: {type(error).__name__}",
            "start it, or give --registry-url or REGISTRY_URL",
        ) from None
    if answer.status_code in (401, 403):
        raise RegistryError(
            f"the registry at {url} refuses ({answer.status_code}): its token is missing or wrong",
            "make one with `python -m registry_service token` and give --token or REGISTRY_TOKEN",
        )
    try:
        return Fleet.model_validate_json(answer.raise_for_status().content)
    except (httpx.HTTPStatusError, ValidationError):
        raise RegistryError(
            f"what answers at {url} ({answer.status_code}) is not the registry",
            "correct --registry-url or REGISTRY_URL",
        ) from None


def age(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago a moment was, for a person."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
