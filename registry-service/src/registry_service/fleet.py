"""Every instance that is known, in memory: what a beat, a silence or a removal changes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workers_contracts.heartbeat import WorkerStatus

from .views import Acceptance, InstanceRecord, Notice, NoticeKind

MISSING_AFTER = timedelta(seconds=75)
"""Two and a half beats."""

FORGOTTEN_AFTER = timedelta(hours=24)
REPLACED_AFTER = timedelta(seconds=120)
"""A silent instance is forgotten after this when another one took over."""

MAX_INSTANCES = 5000
"""Bound of the memory that publishers of heartbeats can take."""


@dataclass(frozen=True)
class Instance:
    """One process of a worker and when it was last heard."""

    status: WorkerStatus
    received_at: datetime
    missing: str = ""
    """Why it counts as missing; empty while it lives."""
    replaced: bool = False
    """True when it is missing and another instance of its worker lived since."""

    @property
    def shown_status(self) -> str:
        """Return its status, ``missing`` when it is not heard any more."""
        return "missing" if self.missing else self.status.status

    def is_older_than(self, status: WorkerStatus) -> bool:
        """Say whether a beat is news: made later, or by a later process with the same id."""
        known = self.status
        return (status.started_at, status.last_seen) > (known.started_at, known.last_seen)


@dataclass(frozen=True)
class Accepted:
    """What became of a beat."""

    outcome: Acceptance
    notices: tuple[Notice, ...] = ()


def _notice(event: NoticeKind, instance: Instance, at: datetime, **more: str) -> Notice:
    status = instance.status
    return Notice(
        event=event, tag=status.tag, id=status.id, status=instance.shown_status, at=at, **more
    )


class Fleet:
    """The instances by tag and id. Knows no clock: every call says what time it is."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, Instance]] = {}
        self._farewells: dict[tuple[str, str], WorkerStatus] = {}

    def __len__(self) -> int:
        return sum(len(instances) for instances in self._tags.values())

    def __iter__(self) -> Iterator[Instance]:
        for instances in self._tags.values():
            yield from instances.values()

    def tags(self) -> list[str]:
        """Return the tags that have an instance, in order."""
        return sorted(self._tags)

    def of(self, tag: str) -> list[Instance]:
        """Return the instances of a worker, in order of their ids."""
        return [instance for _, instance in sorted(self._tags.get(tag, {}).items())]

    def get(self, tag: str, instance_id: str) -> Instance | None:
        """Return one instance, None when it is unknown."""
        return self._tags.get(tag, {}).get(instance_id)

    def accept(self, status: WorkerStatus, now: datetime) -> Accepted:
        """Take a beat in; a beat that is not newer than what is known changes nothing."""
        known = self.get(status.tag, status.id)
        if self._is_old(status, known):
            return Accepted("ignored_older")
        instance = Instance(status, now)
        if status.status == "stopped":
            return self._stopped(instance, known, now)
        if known is None and len(self) >= MAX_INSTANCES:
            return Accepted("refused_full")
        self._put(instance)
        self._replace_missing(status.tag)
        if known is None:
            return Accepted("registered", (_notice("registered", instance, now),))
        if known.shown_status == status.status:
            return Accepted("updated")
        change = _notice("status_changed", instance, now, previous=known.shown_status)
        return Accepted("updated", (change,))

    def restore(self, record: InstanceRecord) -> None:
        """Take an instance over from Redis unless a newer beat is known."""
        status = record.status
        if not self._is_old(status, self.get(status.tag, status.id)):
            self._put(Instance(status, record.received_at))

    def lose(self, instance: Instance, reason: str, now: datetime) -> list[Notice]:
        """Mark an instance as missing, unless it was heard since."""
        status = instance.status
        if self.get(status.tag, status.id) is not instance or instance.missing:
            return []
        others = [other for other in self.of(status.tag) if other is not instance]
        lives = any(not other.missing for other in others)
        lost = replace(instance, missing=reason, replaced=lives)
        self._put(lost)
        return [_notice("missing", lost, now, previous=status.status, reason=reason)]

    def sweep(self, now: datetime) -> list[Notice]:
        """Mark the silent as missing and forget those that are replaced or long gone."""
        notices: list[Notice] = []
        for instance in list(self):
            silence = now - instance.received_at
            if silence > MISSING_AFTER and not instance.missing:
                seconds = int(silence.total_seconds())
                notices += self.lose(instance, f"no heartbeat for {seconds} s", now)
            elif instance.missing and self._is_forgotten(instance, silence):
                notices.append(self._drop(instance, now, "forgotten"))
        self._farewells = {
            key: status
            for key, status in self._farewells.items()
            if now - status.last_seen < REPLACED_AFTER
        }
        return notices

    def remove(self, tag: str, now: datetime) -> list[Notice]:
        """Forget a worker; an instance that lives comes back with its next beat."""
        return [self._drop(instance, now, "removed by request") for instance in self.of(tag)]

    def _is_old(self, status: WorkerStatus, known: Instance | None) -> bool:
        farewell = self._farewells.get((status.tag, status.id))
        said = Instance(farewell, farewell.last_seen) if farewell else None
        return any(before and not before.is_older_than(status) for before in (known, said))

    @staticmethod
    def _is_forgotten(instance: Instance, silence: timedelta) -> bool:
        return silence > (REPLACED_AFTER if instance.replaced else FORGOTTEN_AFTER)

    def _replace_missing(self, tag: str) -> None:
        for other in self.of(tag):
            if other.missing and not other.replaced:
                self._put(replace(other, replaced=True))

    def _stopped(self, instance: Instance, known: Instance | None, now: datetime) -> Accepted:
        self._forget(instance)
        if known is None:
            return Accepted("unregistered")
        return Accepted(
            "unregistered", (_notice("stopped", instance, now, previous=known.shown_status),)
        )

    def _drop(self, instance: Instance, now: datetime, reason: str) -> Notice:
        self._forget(instance)
        return _notice("removed", instance, now, previous=instance.shown_status, reason=reason)

    def _put(self, instance: Instance) -> None:
        self._tags.setdefault(instance.status.tag, {})[instance.status.id] = instance

    def _forget(self, instance: Instance) -> None:
        status = instance.status
        self._farewells[status.tag, status.id] = status
        instances = self._tags.get(status.tag, {})
        instances.pop(status.id, None)
        if not instances:
            self._tags.pop(status.tag, None)
