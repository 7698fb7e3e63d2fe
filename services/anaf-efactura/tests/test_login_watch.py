"""The end of the log-in is told at 30, 14, 7 days and 1 day, once, with a clock that is set."""

import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from anaf_efactura.draft import SERVICE
from anaf_efactura.login_watch import LoginWatch
from workers_anaf.oauth import Lost
from workers_contracts.efactura import LoginExpiring, WatchLogin
from workers_ledger.database import Database
from workers_ledger.inboxes import Inboxes
from workers_ledger.notices import Notices
from workers_ledger.tenants import Tenants
from workers_runtime.identity import Task
from workers_runtime.router import After

END = datetime(2027, 3, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
TASK = Task("m1", "c1", "", 1, False, 0)


@dataclass(eq=False)
class Keeper:
    """Stands for the log-ins, which have tests of their own: when the one there is ends."""

    ends: datetime | None = END
    credential: str = "anaf.oauth.abc"
    left: float | None = None
    gone: Lost | None = None
    tenant: str = ""

    async def of(self, tenant, *, fresh=False):
        return self

    async def sharing(self, tenants):
        return [one for one in tenants if one != "has-its-own"]

    async def all(self):
        return [self]

    async def lost(self):
        return self.gone

    async def ends_at(self):
        return self.ends

    async def days_left(self):
        return self.left

    async def problem(self):
        return None


@dataclass
class Office:
    """A replica with a clock."""

    database: Database
    keeper: Keeper = field(default_factory=Keeper)
    now: datetime = END - 40 * DAY
    told: list[tuple[timedelta, str]] = field(default_factory=list)
    pending: list[tuple[datetime, After]] = field(default_factory=list)
    handled: int = 0

    def __post_init__(self) -> None:
        notices = Notices(self.database, SERVICE)
        tenants = Tenants(self.database, SERVICE)
        self.watch = LoginWatch(self.keeper, notices, tenants, clock=lambda: self.now)

    async def file(self, task: Task = TASK):
        return self.keep(await self.watch.beside(None, task))

    def keep(self, outcome):
        for item in outcome or ():
            if isinstance(item, After):
                self.pending.append((self.now + timedelta(seconds=item.seconds), item))
            else:
                assert isinstance(item, LoginExpiring)
                self.told.append((END - self.now, item.mark))
        return outcome

    async def until(self, moment: datetime) -> None:
        while self.pending and self.pending[0][0] <= moment:
            due, after = self.pending.pop(0)
            self.now = max(self.now, due)
            self.handled += 1
            who = replace(TASK, message_id=f"w{self.handled}")
            self.keep(await self.watch.look(after.command, who))
        self.now = moment


@pytest.fixture
async def database(tmp_path, empty_ledger):
    shutil.copy(empty_ledger, tmp_path / "ledger.db")
    opened = Database(f"sqlite:///{tmp_path}/ledger.db")
    yield opened
    await opened.close()


@pytest.fixture
def office(database) -> Office:
    return Office(database)


MARKS = [(30 * DAY, "30d"), (14 * DAY, "14d"), (7 * DAY, "7d"), (DAY, "1d")]


async def test_each_mark_is_told_once(office):
    await office.file()
    await office.until(END + 3 * DAY)
    assert office.told == MARKS
    # The chain goes on, a look a day: a new log-in under the same name is watched too.
    assert len(office.pending) == 1
    assert office.handled < 60


async def test_replicas_and_many_commands_begin_one_watch(office, database):
    replica = Office(database, now=office.now)
    assert await office.file() is not None
    assert await replica.file(replace(TASK, message_id="m2")) is None
    for number in range(5):
        office.now += DAY / 48
        assert await office.file(replace(TASK, message_id=f"n{number}")) is None
    assert len(office.pending) == 1


async def test_a_duplicate_of_the_watch_tells_nothing(office):
    await office.file()
    _, after = office.pending[0]
    office.now = END - 7 * DAY
    look = replace(TASK, message_id="w1")
    first = await office.watch.look(after.command, look)
    assert [item.mark for item in first if isinstance(item, LoginExpiring)] == ["7d"]
    # It is not gone on with either: two watches would be two for ever.
    assert await office.watch.look(after.command, replace(TASK, message_id="other")) is None
    assert await office.watch.look(after.command, look) == first


async def test_a_log_in_that_ends_soon_is_told_at_once_by_the_nearest_mark(office):
    office.now = END - 10 * DAY
    await office.file()
    await office.until(END)
    assert [mark for _, mark in office.told] == ["14d", "7d", "1d"]


async def test_a_new_log_in_begins_a_watch_of_its_own(office, database):
    await office.file()
    office.pending.clear()
    renewed = Office(database, Keeper(END + 300 * DAY, "anaf.oauth.def"), office.now)
    assert await renewed.file() is not None
    # The old watch reaches a worker with the new log-in.
    await office.file()
    renewed.keep(await renewed.watch.look(renewed.pending[0][1].command, TASK))
    old = renewed.pending[0][1].command.model_copy(update={"credential": "anaf.oauth.abc"})
    assert await renewed.watch.look(old, TASK) is None


async def test_a_watch_that_was_lost_is_begun_again(office):
    await office.file()
    office.pending.clear()
    office.now += 2 * DAY
    await office.file(replace(TASK, message_id="m2"))
    await office.until(END)
    assert office.told == MARKS


async def test_before_the_first_renewal_nothing_is_known(office):
    office.keeper.ends = None
    assert await office.file() is None
    office.keeper.ends = END
    assert await office.file() is not None


async def test_words_and_metric(office):
    registry = CollectorRegistry()
    office.watch.series(registry)
    office.keeper.left = 13.5
    assert await office.watch.problem() is None
    labels = {"credential": "anaf.oauth.abc", "tenant": ""}
    assert registry.get_sample_value("worker_login_days_left", labels) == 13.5
    await office.file()
    office.now = END - 14 * DAY
    event, _ = await office.watch.look(office.pending[0][1].command, TASK)
    assert event.message == "Autentificarea la ANAF expiră la 01.03.2027; timp rămas: 14 zile."
    assert "certificat digital" in event.action


async def test_the_real_log_in_is_watched_from_the_first_invoice(desk, invoice):
    await desk.file(invoice("LOGIN-1"))
    await desk.file(invoice("LOGIN-2"), "m2")
    (job,) = desk.logins
    ends = await (await desk.parts["tokens"].of("")).ends_at()
    assert timedelta(days=364) < ends - datetime.now(UTC) <= timedelta(days=365)
    desk.parts["login"]._clock = lambda: ends - 29 * DAY
    await desk.step(job)
    assert (desk.events[-1].key, desk.events[-1].mark) == ("efactura.login_expiring", "30d")
    assert desk.settings.anaf_refresh_token.get_secret_value() not in str(desk.events[-1])


async def test_lost_log_in_is_told_once_and_no_longer_watched(office, database):
    await office.file()
    began = END - 41 * DAY
    office.keeper.gone = Lost("invalid_grant", began, "renewal_lost")
    replica = Office(database, office.keeper, office.now)
    command = office.pending[0][1].command
    (event,) = await office.watch.look(command, TASK)
    assert (event.key, event.cause, event.tenant) == ("efactura.login_lost", "renewal_lost", None)
    assert event.renewal_began_at == began
    assert "întreruptă" in event.message
    assert "`workers efactura login`" in event.action
    assert await replica.watch.look(command, replace(TASK, message_id="m2")) is None
    assert await office.watch.look(command, TASK) == [event]


async def test_refusal_without_a_cut_renewal_says_so(office):
    office.keeper.gone, office.keeper.tenant = Lost("expired", None), "acme"
    command = WatchLogin(credential=office.keeper.credential)
    (event,) = await office.watch.look(command, TASK)
    assert (event.cause, event.renewal_began_at, event.tenant) == ("refused", None, "acme")
    assert "pentru acme (expired)." in event.message
    assert "--tenant acme" in event.action


async def test_lost_log_in_counts_as_no_days_and_a_replaced_one_not_at_all(office):
    registry = CollectorRegistry()
    office.watch.series(registry)
    office.keeper.left, office.keeper.gone = 200.0, Lost("expired", None)
    await office.watch.problem()
    labels = {"credential": "anaf.oauth.abc", "tenant": ""}
    assert registry.get_sample_value("worker_login_days_left", labels) == 0
    office.keeper.credential, office.keeper.gone = "anaf.oauth.def", None
    await office.watch.problem()
    assert registry.get_sample_value("worker_login_days_left", labels) is None


async def test_shared_log_in_is_told_to_nobody_in_particular_and_names_who_uses_it(
    office, database
):
    for tenant in ("acme", "beta", "has-its-own"):
        await Inboxes(database, SERVICE).follow(
            tenant, "12345674", f"r-{tenant}", active=True, now=office.now
        )
    (after,) = await office.file(replace(TASK, tenant="acme"))
    # An empty name: the message is nobody's, whoever's invoice began the watch.
    assert (after.tenant, after.command.credential) == ("", "anaf.oauth.abc")
    office.now = END - 14 * DAY
    event, again = await office.watch.look(after.command, TASK)
    assert (event.tenant, event.used_by) == (None, ["acme", "beta"])
    assert again.tenant == ""
    office.keeper.gone = Lost("expired")
    (event,) = await office.watch.look(after.command, replace(TASK, message_id="m2"))
    assert (event.tenant, event.used_by) == (None, ["acme", "beta"])


async def test_log_in_of_a_tenant_is_told_to_it_and_names_nobody_else(office, database):
    await Inboxes(database, SERVICE).follow("acme", "12345674", "r", active=True, now=office.now)
    office.keeper.tenant = "acme"
    (after,) = await office.file(replace(TASK, tenant="acme"))
    assert after.tenant == "acme"
    office.now = END - 14 * DAY
    event, _ = await office.watch.look(after.command, replace(TASK, tenant="acme"))
    assert (event.tenant, event.used_by) == ("acme", [])


async def test_what_may_end_by_itself_is_told_once_and_watched_on(office):
    await office.file()
    office.keeper.gone = Lost("HTTP 401", cause="token_refused", since=office.now)
    command = office.pending[0][1].command
    # The alarm's own look, while the usual watch is ahead of it.
    (event,) = await office.watch.look(command, replace(TASK, message_id="alarm"))
    assert (event.cause, event.since, event.reason) == (
        "token_refused", office.now, "HTTP 401",
    )  # fmt: skip
    assert "nu le acceptă" in event.message
    assert "ceasul serverului" in event.action
    office.keeper.gone = None
    await office.until(END)
    assert office.told == MARKS
