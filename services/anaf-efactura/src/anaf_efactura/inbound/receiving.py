"""Reads the lists of a company's box, again and again, and hands out what is new in them.

No timer: each reading sends the message for the next one. A reading that does not succeed is an
outcome too: the chain goes on, says so when it lasts, and reads further back afterwards.
"""

from datetime import datetime, timedelta

from anaf_efactura.client import EFacturaClient
from anaf_efactura.life import State
from anaf_efactura.messages import Message, MessageType
from anaf_efactura.watching import Clock, items_of, utc_now
from workers_contracts.base import Event
from workers_contracts.efactura_inbound import FetchMessage, ListMessages, ReceiveMessages
from workers_ledger.documents import LedgerUnavailableError
from workers_ledger.inbound import Inbound
from workers_ledger.inbound_values import Doubt, Hands, InboundMessage, Listed
from workers_ledger.inboxes import Inbox, Inboxes
from workers_ledger.notices import Notices
from workers_runtime.errors import WorkerError
from workers_runtime.identity import Task
from workers_runtime.logs import get_logger
from workers_runtime.router import After, Outcome

from . import telling
from .plan import DOUBTED, HOLD, LOST, MORE, OVERDUE, PATIENCE, ReceivePlan, mark_of

AT_ONCE = 500
"""Messages that one reading hands out."""

ASKED_AGAIN = timedelta(hours=1)
"""How often a process looks whether a tenant's readings are lost."""

_MAY_BE_OURS = (MessageType.SENT.value, MessageType.ERRORS.value)
_OURS = (*_MAY_BE_OURS, MessageType.RECEIVED.value, MessageType.BUYER_MESSAGE.value)
"""Received too: who bills himself for his supplier finds his own filing in his box, and who writes
to his supplier finds his own message."""

_ENDED = (State.ACCEPTED.value, State.REJECTED.value)

_log = get_logger(__name__)


class Receiving:
    """Follows boxes."""

    def __init__(
        self,
        inboxes: Inboxes,
        inbound: Inbound,
        notices: Notices,
        client: EFacturaClient,
        plan: ReceivePlan,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._inboxes = inboxes
        self._inbound = inbound
        self._notices = notices
        self._client = client
        self._plan = plan
        self._clock = clock
        self._asked_at: dict[str, datetime] = {}

    async def receive(self, command: ReceiveMessages, task: Task) -> Outcome:
        """Begin to follow a box, or stop; say how it stands."""
        inbox = await self._inboxes.follow(
            task.tenant, command.cif, task.message_id, active=command.active, now=self._clock()
        )
        answer = telling.receiving(inbox, await self._inbound.counts(inbox))
        return [answer, _next(inbox, timedelta(0))] if inbox.active else answer

    async def read(self, command: ListMessages, task: Task) -> Outcome:
        """Read the lists once; hand out what is new, tell what is late, and go on."""
        inbox = await self._inboxes.begin(task.tenant, command.cif, command.turn, task.message_id)
        if inbox is None:
            return None  # stopped, or another chain reads this box
        now = self._clock()
        told: list[Event] = []
        try:
            values = await self._listed(inbox, now)
            wait = self._plan.every
        except LedgerUnavailableError:
            raise
        except WorkerError as error:
            values = _failed(inbox, error)
            wait = self._plan.after_failure(error, inbox.failures + 1, now)
            told = await self._unread(inbox, error, task, now)
        told += await self._late(inbox, task, now)
        handed = await self._inbound.hand_out(inbox, self._hands(task, now))
        wait = min(wait, MORE) if len(handed) == AT_ONCE else wait
        after = await self._inboxes.turned(
            inbox, command.turn, task.message_id, due_at=now + wait, **values
        )
        again = [_next(after, wait)] if after and after.active else []
        return [*told, *(_fetch(message) for message in handed), *again]

    async def beside(self, outcome: Outcome, task: Task) -> Outcome:
        """Return an outcome, with the readings of its tenant that were lost."""
        now = self._clock()
        asked_at = self._asked_at.get(task.tenant)
        if asked_at is not None and now - asked_at < ASKED_AGAIN:
            return outcome
        lost = await self._inboxes.revive(task.tenant, task.message_id, before=now - LOST, now=now)
        self._asked_at[task.tenant] = now
        if not lost:
            return outcome
        _log.warning("lost readings begun anew", boxes=len(lost))
        return [*items_of(outcome), *(_next(inbox, timedelta(0)) for inbox in lost)]

    async def _listed(self, inbox: Inbox, now: datetime) -> dict[str, object]:
        since, is_everything = self._plan.since(inbox, now)
        messages = await self._client.of(inbox.tenant).messages(inbox.cif, since=since)
        new = await self._inbound.enter(inbox, [_entry(each, now) for each in messages], now=now)
        await self._inbound.mark_ours(inbox, _OURS, _MAY_BE_OURS)
        _log.info("lists read", cif=inbox.cif, listed=len(messages), new=new)
        read = {"read_at": now, "failures": 0, "error_code": "", "error": ""}
        return read | ({"swept_at": now} if is_everything else {})

    async def _unread(
        self, inbox: Inbox, error: WorkerError, task: Task, now: datetime
    ) -> list[Event]:
        since = inbox.read_at or inbox.followed_at
        mark = mark_of(since, error, now)
        key = f"list:{since:%Y%m%dT%H%M%S}:{mark}"
        if mark is None or not await self._notices.tells(inbox.id, key, task.message_id):
            return []
        _log.warning("lists are not read", cif=inbox.cif, code=error.code, mark=mark)
        return [telling.unread(inbox, error, now)]

    async def _late(self, inbox: Inbox, task: Task, now: datetime) -> list[Event]:
        by = task.message_id
        gone = await self._inbound.expire(inbox, by, before=now - OVERDUE)
        late = await self._inbound.aging(
            inbox, by, before=now - self._plan.alarm, seen_before=now - PATIENCE
        )
        return [
            *(telling.expired(message) for message in gone),
            *(telling.delayed(message, now) for message in late),
        ]

    def _hands(self, task: Task, now: datetime) -> Hands:
        return Hands(
            by=task.message_id,
            now=now,
            until=now + HOLD,
            oldest=now - OVERDUE,
            later=_MAY_BE_OURS,
            settled=now - self._plan.settles,
            refusals=Doubt(MessageType.ERRORS.value, _ENDED, now - DOUBTED),
            most=AT_ONCE,
        )


def _failed(inbox: Inbox, error: WorkerError) -> dict[str, object]:
    _log.warning("lists not read", cif=inbox.cif, code=error.code, error=str(error)[:200])
    failures = inbox.failures + 1
    return {"failures": failures, "error_code": error.code, "error": str(error)[:500]}


def _entry(message: Message, now: datetime) -> Listed:
    return Listed(
        message_id=message.id,
        upload_index=message.upload_index,
        type=message.type.value,
        listed_at=message.created or now,
        data={"self_billed": message.self_billed, "about_index": message.about_index},
    )


def _next(inbox: Inbox, wait: timedelta) -> After:
    command = ListMessages(cif=inbox.cif, turn=inbox.turn)
    return After(command, wait.total_seconds(), reason=f"messages in SPV of CIF {inbox.cif}")


def _fetch(message: InboundMessage) -> After:
    command = FetchMessage(cif=message.cif, download_id=message.message_id, hand=message.hand)
    return After(command, 0.0, reason=f"message {message.message_id} in SPV")
