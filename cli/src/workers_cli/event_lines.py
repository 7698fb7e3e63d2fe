"""An event in one line for a person."""

from typing import Any

from workers_contracts.heartbeat import WorkerStatus
from workers_contracts.topology import HEARTBEATS

from .listening import Heard

MAX_TEXT = 160
MAX_FACTS = 4
_ELSEWHERE = ("correlation_id", "message_id", "document_id")


def event_line(heard: Heard) -> str:
    """Return time, type, subject, summary and correlation id."""
    if heard.envelope is None:
        return f"{heard.key}: {heard.size} bytes that are not a JSON object"
    time = str(heard.envelope.get("time", ""))[:19].replace("T", " ")
    subject = str(heard.envelope.get("subject") or "-")
    parts = [time, heard.type, subject, summary(heard), f"({heard.correlation_id})"]
    return "  ".join(part for part in parts if part and part != "()")


def summary(heard: Heard) -> str:
    """Return what the event says: the error, the refusal, or its first few facts."""
    data = heard.data
    if heard.exchange == HEARTBEATS or heard.type == WorkerStatus.key:
        return _beat(data)
    if isinstance(data.get("code"), str) and "message" in data:
        return _short(f"{data['code']}: {data['message']}")
    errors = data.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return _short(f"{errors[0].get('rule', '')}: {errors[0].get('message', '')}") + more
    return _facts(heard)


def _beat(data: dict[str, Any]) -> str:
    metrics = data.get("metrics") if isinstance(data.get("metrics"), dict) else {}
    score = (metrics or {}).get("health_score", "?")
    return f"{data.get('tag', '?')} {data.get('status', '?')}, score {score}"


def _facts(heard: Heard) -> str:
    subject = (heard.envelope or {}).get("subject")
    facts = [
        f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in heard.data.items()
        if name not in _ELSEWHERE
        and isinstance(value, str | int | float)
        and value not in ("", subject)
        and not name.endswith("_at")
    ]
    return _short(" ".join(facts[:MAX_FACTS]))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."
