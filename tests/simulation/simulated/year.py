"""What happens in the year: tenants, invoices, people, and ANAF's bad days. Chosen by a seed."""

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import aio_pika

from anaf_efactura.deadline import ends_at

ROOT = Path(__file__).parents[3]
ROMANIA = ZoneInfo("Europe/Bucharest")
YEAR = 2027
MARKED = (
    "accepted-then-ok", "nok-one-error", "nok-many-errors", "processing-for-hours",
    "message-listed-late", "duplicate-upload", "archive-with-errors-no-seal", "corrupt-zip",
    "timeout-after-acceptance", "timeout-before-acceptance", "reset-mid-body", "firewall-html-200",
    "error-500-html", "unavailable-503-retry-after", "rate-limited-429", "quota-text-200",
    "no-right-403", "token-expired-401", "schema-drift",
)  # fmt: skip
"""Misbehaviours that a document's number asks for; those of lists and tokens come by chance."""

REFUSED = frozenset({"nok-one-error", "nok-many-errors", "archive-with-errors-no-seal"})
"""ANAF refuses what is so marked, for good: the accountant corrects it under another number."""

DOWN_OPERATIONS = ("upload", "stareMesaj", "listaMesajePaginatieFactura", "descarcare", "token")


@dataclass(frozen=True)
class Size:
    """How much happens."""

    tenants: int
    invoices: int
    first: date
    last: date
    outages: int
    """Spread over the time; together 2 % of it."""
    marked_every: int
    """How many invoices for one whose number asks for a misbehaviour."""

    @property
    def begins(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(), ROMANIA).astimezone(UTC)

    @property
    def ends(self) -> datetime:
        """The last moment at which somebody files; what was begun goes on for weeks."""
        return datetime.combine(self.last, time(23, 59), ROMANIA).astimezone(UTC)


@dataclass(frozen=True)
class Share:
    """Every n-th tenant: a year of many is simulated by several processors."""

    number: int = 0
    of: int = 1


@dataclass(frozen=True)
class Invoice:
    """One that is to be filed."""

    tenant: str
    cif: str
    number: str
    issued: date
    published_at: float
    """Seconds since 1970."""
    broken: bool = False
    """Its totals are wrong: our own checks refuse it until it is corrected."""
    edition: int = 1
    """Grows when it is corrected."""

    @property
    def key(self) -> str:
        """Correlation id of the command that files it."""
        return f"{self.tenant}/{self.number}/{self.edition}"

    @property
    def late_from(self) -> float:
        """The first moment that is too late, seconds since 1970."""
        return ends_at(self.issued).timestamp()

    @property
    def refused_by_anaf(self) -> bool:
        """Whether its number asks for a refusal."""
        return any(f"SBX-{name}" in self.number for name in REFUSED)

    def message(self) -> aio_pika.Message:
        """The command that files it."""
        body = json.dumps({"cif": self.cif, "xml": self.xml()})
        return aio_pika.Message(
            body.encode(),
            message_id=str(uuid.uuid5(uuid.NAMESPACE_OID, self.key)),
            correlation_id=self.key,
            headers={"tid": self.tenant},
            content_type="application/json",
        )

    def xml(self) -> str:
        """UBL of the example, with this invoice's values."""
        due = self.issued + timedelta(days=30)
        values = {
            "PMX-2026-0001": self.number,
            "<cbc:IssueDate>2026-10-05": f"<cbc:IssueDate>{self.issued}",
            "<cbc:DueDate>2026-11-04": f"<cbc:DueDate>{due}",
            "12345674": self.cif,
        }
        if self.broken:
            values['RON">273.08</cbc:PayableAmount>'] = 'RON">273.00</cbc:PayableAmount>'
        text = _example()
        for old, new in values.items():
            text = text.replace(old, new)
        return text


@dataclass(frozen=True)
class Outage:
    """ANAF answers nothing useful."""

    begins: float
    ends: float
    scenario: str


@lru_cache
def _example() -> str:
    path = ROOT / "contracts" / "examples" / "efactura.submit" / "valid-text.json"
    text: str = json.loads(path.read_text("utf-8"))["xml"]
    return text


def fiscal_code(stem: int) -> str:
    """Return the CUI that begins with a number, with its control digit."""
    digits = f"{stem:09d}"
    rest = sum(int(d) * w for d, w in zip(digits, (7, 5, 3, 2, 1, 7, 5, 3, 2), strict=True))
    return f"{stem}{rest * 10 % 11 % 10}"


def invoices(size: Size, dice: random.Random, share: Share) -> Iterator[Invoice]:
    """Yield the year's invoices of the tenants of a share, in no order."""
    days = (size.last - size.first).days + 1
    for n in range(size.invoices):
        # Moved on by one a round, so that each tenant meets every misbehaviour.
        tenant = (n + n // size.marked_every) % size.tenants
        issued = size.first + timedelta(days=dice.randrange(days))
        wait = dice.choice((0, 0, 0, 0, 0, 0, 1, 1, 2, 3))
        moment = datetime.combine(issued, time(7), ROMANIA) + timedelta(
            days=wait, seconds=dice.randrange(14 * 3600)
        )
        wish = MARKED[n // size.marked_every % len(MARKED)]
        marker = "" if n % size.marked_every else f"-SBX-{wish}"
        if tenant % share.of != share.number:
            continue
        yield Invoice(
            f"firm-{tenant:02d}",
            fiscal_code(4_000_000 + tenant),
            f"F{tenant:02d}-{n:06d}{marker}",
            issued,
            moment.timestamp(),
            broken=n % 50 == 7,
        )


def outages(size: Size, dice: random.Random) -> list[Outage]:
    """Return ANAF's bad hours: 2 % of the time, one of them ten times as long as the others."""
    whole = (size.ends - size.begins).total_seconds()
    part = whole * 0.02 / (size.outages + 9)
    found = []
    for n in range(size.outages):
        length = part * (10 if n == size.outages // 2 else 1)
        begins = size.begins.timestamp() + (n + dice.random() * 0.8) * whole / size.outages
        scenario = dice.choice(("unavailable-503-retry-after", "firewall-html-200"))
        found.append(Outage(begins, begins + length, scenario))
    return found
