"""One mail on its way: each recipient gets it once, as far as SMTP lets us find out."""

import asyncio
import hashlib
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import redis.asyncio as redis

from workers_contracts.email import EmailSent, Mailbox, SendEmail
from workers_runtime.artifacts import Artifacts
from workers_runtime.errors import PermanentError, TransientError
from workers_runtime.failure import backoff
from workers_runtime.identity import Task, derived_id
from workers_runtime.logs import get_logger
from workers_runtime.pace import Pace

from . import files, signing
from .accounts import Account, Accounts
from .addresses import check
from .client import CONFIGURATION_SECONDS, Delivery, Outgoing
from .config import Settings
from .errors import (
    AccountUnroutableError,
    BusinessKeyReusedError,
    MailBusyError,
    MailDeferredError,
    MailInvalidError,
    MailPacedError,
    MailUncertainError,
    RelayConfigurationError,
)
from .mail import File, Plan, build, mail_id, plan
from .progress import Outcome, Progress, Record, flight, shared
from .relay import MailClient
from .settling import event, outcomes_of, told, wait
from .templating import Templates

_log = get_logger(__name__)
MAX_LOST = 5
"""Lost answers of one mail; then a person decides, whatever the policy says."""

_BIG = 200_000
"""Bytes of files above which a mail is made in a thread: Base64 of them would hold the loop up."""

_HEAVY = 1_000_000
"""Bytes of files above which a mail waits for its turn in memory: it is there several times."""

_HEAVY_AT_ONCE = 2
_ROW = "mails"


@dataclass(frozen=True)
class Parts:
    """What sending needs."""

    settings: Settings
    client: MailClient
    state: "redis.Redis"
    artifacts: Artifacts
    templates: Templates
    accounts: Accounts


class Sender:
    """Sends commands."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._heavy = asyncio.Semaphore(_HEAVY_AT_ONCE)

    async def send(self, command: SendEmail, task: Task) -> EmailSent:
        """Send the mail to those who did not get it yet.

        Raises:
            PermanentError: it can never be sent as it is, nobody took it, or nobody knows.
            TransientError: it waits: for its turn, for the server, or for an operator.
            OutcomeUnknownError: the last answer was lost; the policy says what the next try does.
        """
        parts = self._parts
        name = parts.accounts.choose(task.tenant, command.account)
        account = parts.accounts.all[name]
        planned = plan(command, account.own_sender, parts.templates)
        if not account.allows(planned.sender):
            raise AccountUnroutableError(
                f"the account {name} does not send as {planned.sender.wire}; leave sender out, or "
                "ask the operator to allow it",
                field="sender",
            )
        key = ("key", command.business_key) if command.business_key else ("id", task.message_id)
        job = derived_id("email", task.tenant, *key)
        progress = Progress(parts.state, job, seconds=parts.settings.journal_ttl_seconds)
        work = _Job(parts, name, account, planned, task, job, progress)
        size = sum(one.artifact.size for one in command.attachments)
        size += sum(one.artifact.size for one in command.images)
        async with self._heavy if size > _HEAVY else nullcontext():
            return await work.run()


class _Job:
    """One command on its way."""

    def __init__(
        self,
        parts: Parts,
        name: str,
        account: Account,
        planned: Plan,
        task: Task,
        job: str,
        progress: Progress,
    ) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._name = name
        self._account = account
        self._plan = planned
        self._command = planned.command
        self._task = task
        self._job = job
        self._progress = progress
        self._mail_id = mail_id(job, planned.sender.domain)
        self._pace = Pace(
            parts.state,
            f"wrk:email:account:{name}",
            per_second=account.mails_per_second,
            burst=account.burst,
        )

    async def run(self) -> EmailSent:
        record = self._known(await self._progress.load())
        self._progress.record = record
        try:
            record = await self._try(record) if self._open(record) else record
        except TransientError as error:
            record = await self._later(error)
        except PermanentError as error:
            if not self._progress.record.having("accepted"):
                raise  # else the event has to say that some got it in an earlier try
            record = await self._give_up(self._progress.record, str(error))
        return event(record, self._plan, account=self._name, identity=self._mail_id)

    def _known(self, record: Record) -> Record:
        """Return what to go on from: the record of this very mail, or a new one.

        Raises:
            BusinessKeyReusedError: somebody got another mail under this key.
            MailBusyError: another command of the same key sends it now.
            MailUncertainError: nobody knows whether it went out, and the policy is to ask.
        """
        asked = self._command.short_json(exclude={"give_up_at"})
        content = hashlib.sha256(asked.encode()).hexdigest()
        owner, replayed = self._task.message_id, self._task.replay > record.replay
        nobody_has_it = not (record.flight or record.having("accepted"))
        if record.content not in ("", content):
            if not nobody_has_it or record.lost:
                raise BusinessKeyReusedError(
                    "another mail with other content was sent under this business key; give this "
                    "one a key of its own",
                    field="business_key",
                )
            record = Record(replay=record.replay)
        if record.owner != owner and nobody_has_it:  # asked for anew after it failed
            record = Record(replay=self._task.replay, lost=record.lost)  # lost stays lost
        if record.flight and record.flight.owner != owner and record.flight.until > time.time():
            raise MailBusyError("another command with this business key is on its way",
                                retry_after=5)  # fmt: skip
        if replayed:  # a person looked at it: what was refused is tried again
            kept = {a: o for a, o in record.outcomes.items() if o.status == "accepted"}
            record = replace(record, replay=self._task.replay, outcomes=kept, deferrals=0)
        return self._after_loss(replace(record, content=content, owner=owner), replayed=replayed)

    def _after_loss(self, record: Record, *, replayed: bool) -> Record:
        if record.flight is None:
            return record
        lost = record.lost + 1
        if not replayed and (self._settings.when_unknown == "fail" or lost > MAX_LOST):
            raise MailUncertainError(
                f"the server's answer to the mail {self._mail_id} was lost, {lost} times in all: "
                "look there whether it went out; a replay sends it again under the same Message-ID"
            )
        return replace(record, lost=lost)

    def _open(self, record: Record) -> list[str]:
        settled = {*record.having("accepted", "refused", "gave_up")}
        return [one.wire for one in self._plan.recipients if one.wire not in settled]

    async def _try(self, record: Record) -> Record:
        if (until := self._command.give_up_at) and datetime.now(UTC) > until:
            return await self._give_up(record, "its give_up_at is over")
        await self._turn()
        found = await files.read(
            self._parts.artifacts, self._command, limit=self._settings.max_bytes
        )
        content = await self._content(found)
        outgoing = Outgoing(
            self._bounce(), tuple(self._open(record)), content, utf8=self._plan.needs_utf8
        )
        record = replace(record, size=len(content))

        async def begin() -> None:
            seconds = self._settings.data_seconds + self._settings.answer_seconds
            await self._progress.save(
                replace(record, flight=flight(self._task.message_id, seconds))
            )

        relay = self._parts.client.relay(self._name)
        try:
            delivery = await relay.deliver(outgoing, begin)
        except RelayConfigurationError:
            await shared(lambda: self._pace.hold_all(CONFIGURATION_SECONDS))
            raise
        return await self._settled(record, delivery)

    async def _content(self, found: list[File]) -> bytes:
        moment = datetime.fromtimestamp(self._task.first_seen_ms / 1000, UTC)

        def make() -> bytes:
            raw = build(self._plan, found, identity=self._mail_id, moment=moment)
            if not self._account.dkim_selector:
                return raw
            return signing.signed(
                raw,
                domain=self._plan.sender.domain,
                selector=self._account.dkim_selector,
                pem=self._account.signing_key,
            )

        big = sum(len(one.content) for one in found) > _BIG
        content = await asyncio.to_thread(make) if big else make()
        if len(content) > self._settings.max_bytes:
            raise MailInvalidError(
                f"the mail has {len(content)} bytes, {self._settings.max_bytes} at most: send "
                "smaller files, or a link to them",
                field="attachments" if found else None,
            )
        return content

    async def _turn(self) -> None:
        turn = await shared(lambda: self._pace.take(_ROW, self._job))
        if turn.held:
            raise RelayConfigurationError(
                f"the account {self._name} was refused a moment ago: an operator has to mend it",
                retry_after=turn.wait,
            )
        if turn.wait > 0:
            raise MailPacedError(f"its turn is in {turn.wait:.1f} s", retry_after=turn.wait)

    def _bounce(self) -> str:
        """Return the envelope's sender; with `{job}` a bounce tells which mail it is about."""
        if not self._account.bounce:
            return self._plan.sender.wire
        address = self._account.bounce.replace("{job}", self._mail_id.partition("@")[0])
        return check(Mailbox(address=address), "bounce").wire

    async def _settled(self, record: Record, delivery: Delivery) -> Record:
        """Note what the server said, and go on or come again."""
        found = outcomes_of(delivery, self._open(record))
        counts = Counter(one.status for one in found.values())
        _log.info("answer received", account=self._name, mail_id=self._mail_id, **counts)
        waiting = [one for one in found.values() if one.status == "deferred"]
        record = replace(
            record.with_outcomes(found),
            flight=None,
            deferrals=record.deferrals + bool(waiting),
            settled_at=time.time(),
        )
        await self._progress.settle(record)
        if waiting:
            seconds = wait(record, waiting, first=self._settings.retry_seconds)
            raise MailDeferredError(told(record), retry_after=seconds)
        return record

    async def _later(self, error: TransientError) -> Record:
        """Come again after the error's time, or end here when that is past the term."""
        seconds = error.retry_after or backoff(self._task.attempt, 0.1)
        if datetime.now(UTC) + timedelta(seconds=seconds) > self._term:
            return await self._give_up(self._progress.record, str(error))
        error.retry_after = seconds
        error.give_up_at = self._term + timedelta(seconds=seconds)
        raise error

    @property
    def _term(self) -> datetime:
        first = datetime.fromtimestamp(self._task.first_seen_ms / 1000, UTC)
        usual = first + self._settings.retry_max_age
        return min(self._command.give_up_at or usual, usual)

    async def _give_up(self, record: Record, why: str) -> Record:
        last = {one: record.outcomes.get(one) for one in self._open(record)}
        found = {
            one: Outcome("gave_up", was.code if was else None, was.text if was else why[:300])
            for one, was in last.items()
        }
        record = replace(record.with_outcomes(found), settled_at=time.time())
        await self._progress.settle(record)
        return record
