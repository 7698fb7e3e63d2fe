"""What the control API shows. No token and no body of a request is ever kept."""

from collections import Counter
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from starlette.requests import Request

from workers_sandbox.efactura.documents import Document
from workers_sandbox.world import World

from .actions import clock_shown, shown


def scenarios(world: World, request: Request) -> list[dict[str, Any]]:
    """The rules, spent ones included."""
    del request
    return [shown(rule) for rule in world.faults.rules]


def uploads(world: World, request: Request) -> list[dict[str, Any]]:
    """Every accepted upload."""
    del request
    return [_upload(world, document) for document in world.documents if not document.inbound]


def _upload(world: World, document: Document) -> dict[str, Any]:
    state = document.state(world.clock.now())
    return {
        "index": document.index,
        "environment": document.environment,
        "standard": document.standard,
        "cif": document.cif,
        "seller": document.seller,
        "buyer": document.buyer,
        "number": document.number,
        "issue_date": document.issue_date,
        "sha256": document.sha256,
        "size": len(document.body),
        "uploaded_at": document.uploaded_at.isoformat(),
        "state": state,
        "download_id": document.download_id if state == document.verdict.state else "",
        "errors": list(document.verdict.errors),
        "times_uploaded": world.documents.times_uploaded(document),
        "answer_lost": document.answer_lost,
        "scenario": document.scenario,
    }


def slack(world: World, request: Request) -> dict[str, Any]:
    """Slack: the messages as people read them, the files, and who was too fast."""
    del request
    workspace = world.slack
    files = [
        {"id": one.id, "name": one.name, "sha256": sha256(one.content or b"").hexdigest(),
         "shared_in": one.shared_in}
        for one in workspace.files.values()
    ]  # fmt: skip
    return {
        "messages": [asdict(message) for message in workspace.messages],
        "files": files,
        "early": workspace.early,
        "limited": workspace.limited,
    }


def smtp(world: World, request: Request) -> dict[str, Any]:
    """The mail server: mails as their readers get them, sessions and log-ins."""
    del request
    mailbox = world.mailbox
    return {
        "mails": [one.shown() for one in mailbox.mails],
        "sessions": mailbox.sessions,
        "logins": mailbox.logins,
        "refused_logins": mailbox.refused_logins,
    }


def requests(world: World, request: Request) -> list[dict[str, Any]]:
    """What arrived, `?operation=` narrows it."""
    return world.journal.requests(request.query_params.get("operation"))


def violations(world: World, request: Request) -> list[dict[str, Any]]:
    """Rules of ANAF's that the client broke."""
    del request
    return [asdict(violation) for violation in world.journal.violations]


def state(world: World, request: Request) -> dict[str, Any]:
    """Counts of everything."""
    del request
    now = world.clock.now()
    return {
        "clock": clock_shown(world),
        "uploads": Counter(one.state(now) for one in world.documents if not one.inbound),
        "requests": Counter(entry.operation for entry in world.journal.arrivals),
        "misbehaved": Counter(e.scenario for e in world.journal.arrivals if e.scenario),
        "violations": Counter(entry.kind for entry in world.journal.violations),
        "scenarios": len(world.faults.rules),
        "tokens_issued": world.oauth.issued,
    }


def clock(world: World, request: Request) -> dict[str, Any]:
    """The sandbox's present."""
    del request
    return clock_shown(world)
