"""From what a server said to what becomes of each recipient, and to the final event. No I/O."""

from datetime import UTC, datetime

from workers_contracts.email import EmailSent, RecipientOutcome

from .client import Delivery
from .errors import MailGaveUpError, MailRefusedError, MailUncertainError
from .mail import Plan
from .progress import Outcome, Record
from .replies import Meaning, Reply

LONGEST_WAIT = 3600.0


def outcomes_of(delivery: Delivery, wanted: list[str]) -> dict[str, Outcome]:
    """Return what the server's answers mean for those who were to get the mail."""
    if delivery.sender is not None:
        return {one: _outcome(delivery.sender) for one in wanted}
    content = delivery.content
    return {
        one: _outcome(content if content and reply.meaning is Meaning.ACCEPTED else reply)
        for one, reply in delivery.recipients.items()
    }


def _outcome(reply: Reply) -> Outcome:
    return Outcome.of(reply.meaning.value, reply)


def wait(record: Record, waiting: list[Outcome], *, first: float) -> float:
    """Return the seconds until those who were refused for now are tried again.

    Args:
        record: what is known of the mail.
        waiting: their outcomes.
        first: seconds after a first refusal.
    """
    replies = [Reply(one.code, one.text) for one in waiting]
    if record.having("accepted") and all(one.is_too_many for one in replies):
        return 1.0
    if all(one.is_full_mailbox for one in replies):
        return LONGEST_WAIT
    return min(first * 2.0 ** min(record.deferrals - 1, 10), max(LONGEST_WAIT, first))


def told(record: Record) -> str:
    """Say what the server said of those who did not get it."""
    rest = [(a, o) for a, o in record.outcomes.items() if o.status != "accepted"]
    shown = "; ".join(f"{address}: {one.text}" for address, one in rest[:5])
    more = f"; and {len(rest) - 5} more" if len(rest) > 5 else ""
    return f"the mail server refused {shown}{more}"


def event(record: Record, plan: Plan, *, account: str, identity: str) -> EmailSent:
    """Return the final event.

    Raises:
        MailRefusedError, MailGaveUpError: nobody got it.
        MailUncertainError: nobody that is known of, and an answer was lost.
    """
    if not record.having("accepted"):
        if record.lost or record.flight:
            raise MailUncertainError(
                f"an answer to the mail {identity} was lost before: look there whether "
                f"it went out; since then {told(record)}"
            )
        kind = MailGaveUpError if record.having("gave_up") else MailRefusedError
        raise kind(told(record), field="to")
    found = [(one.given, record.outcomes[one.wire]) for one in plan.recipients]
    return EmailSent(
        mail_id=identity,
        account=account,
        sender=plan.sender.wire,
        recipients=[
            RecipientOutcome.model_validate(
                {"address": address, "status": one.status, "code": one.code, "text": one.text}
            )
            for address, one in found
        ],
        accepted=sum(one.status == "accepted" for _, one in found),
        refused=sum(one.status != "accepted" for _, one in found),
        size=record.size,
        maybe_duplicate=record.lost > 0,
        lost_answers=record.lost,
        sent_at=datetime.fromtimestamp(record.settled_at, UTC),
    )
