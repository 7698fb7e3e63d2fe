"""What became of the year, as figures."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .course import Course
from .year import Invoice, Outage


def report(course: Course, outages: Iterable[Outage]) -> dict[str, Any]:
    """Return the figures; each list names what must not be, and should be empty."""
    taken = _taken(course)
    ends = [course.final[key][-1][0] if course.final[key] else "none" for key in course.invoices]
    wanted = [one for one in course.invoices.values() if not (one.broken or one.refused_by_anaf)]
    return {
        "commands": len(course.invoices),
        "final events": dict(Counter(ends)),
        "events": dict(course.told),
        "deliveries": course.bus.delivered,
        "outages": len(list(outages)),
        "misbehaved": course.anaf.state()["misbehaved"],
        "rules of ANAF's broken": course.anaf.state()["violations"],
        "replayed by an operator": course.replays.total(),
        "commands with another number of final events than one": [
            # A command that failed and was replayed has one more, of its second life.
            key
            for key in course.invoices
            if len(course.final[key]) != 1 + course.replays[key]
        ],
        "not accepted": [one.key for one in wanted if not _accepted(course, one)],
        "accepted twice by ANAF": [name for name, at in taken.items() if len(at) > 1],
        "past the legal term": [
            one.key for one in wanted if _late(one, taken, outages)
        ],
        "unarchived": [one.key for one in wanted if not _archived(course, one)],
        "dead letters": [str(each.headers.get("x-reason")) for each in course.bus.dead],
        "left waiting": dict(Counter(due.queue for due in course.bus.left())),
    }  # fmt: skip


def _taken(course: Course) -> dict[tuple[str, str], list[datetime]]:
    """When ANAF took each invoice in, by fiscal code and number; only what it found valid."""
    found: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for upload in course.anaf.uploads():
        if upload["state"] == "ok":
            found[upload["seller"], upload["number"]].append(
                datetime.fromisoformat(upload["uploaded_at"])
            )
    return found


def _accepted(course: Course, one: Invoice) -> bool:
    return course.final[one.key][-1:] != [] and course.final[one.key][-1][0] == "efactura.accepted"


def _late(
    one: Invoice, taken: dict[tuple[str, str], list[datetime]], outages: Iterable[Outage]
) -> bool:
    moments = taken.get((one.cif, one.number), [])
    if moments and min(moments).timestamp() < one.late_from:
        return False
    # Excused only when ANAF was away from the first try until the term was over.
    return not any(
        each.begins <= one.published_at and each.ends >= one.late_from for each in outages
    )


def _archived(course: Course, one: Invoice) -> bool:
    for key, data in course.final[one.key]:
        if key == "efactura.accepted":
            archive = data["archive"]
            content = Path(unquote(urlsplit(archive["uri"]).path)).read_bytes()
            return hashlib.sha256(content).hexdigest() == archive["sha256"]
    return False
