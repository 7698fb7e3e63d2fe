"""What an event says of an item, as the report has it.

`message` and `mend` are Romanian, but for ANAF's own words; `message_en` and `mend_en` English.
"""

from typing import Any

from workers_cli.errors import CliError
from workers_cli.finality import bare, is_final
from workers_cli.listening import Heard

_FACTS = (
    "number",
    "issue_date",
    "upload_index",
    "download_id",
    "archive",
    "accepted_at",
    "stage",
    "duplicate_of",
    "code",
    "dead_letter_queue",
    "error_count",
    "warning_count",
)
_INVALID = (
    "Datele nu respectă contractul comenzii{place}.",
    "Corectați după message_en, care numește câmpul și ce se așteaptă acolo.",
)
_UNSENT = ("Documentul nu a fost trimis.", "Vedeți message_en și mend_en.")
_FAILED = "Nu s-a putut finaliza; comanda așteaptă în coada {queue}."


def state_of(heard: Heard) -> str:
    """Return the event's last word, for example ``submitted``."""
    return bare(heard.type).rsplit(".", 1)[-1]


def outcome_of(command: str, heard: Heard) -> str:
    """Return how an item stands after an event."""
    if not is_final(command, heard.type):
        return "pending"
    state = state_of(heard)
    if state == "validated":
        return "valid" if heard.data.get("valid") else "refused"
    return state


def facts_of(heard: Heard) -> dict[str, Any]:
    """Return what is worth keeping of an event."""
    data = heard.data
    facts = {name: data[name] for name in _FACTS if data.get(name) is not None}
    if isinstance(data.get("seal"), dict):
        facts["seal"] = data["seal"].get("status")
    if errors := _errors(data, state_of(heard)):
        facts["errors"] = errors
    return facts


def broken_line(item: str, sha256: str, error: CliError) -> dict[str, Any]:
    """Return the line of an item that was not sent."""
    message, mend = error.ro or (_INVALID if error.code == "invalid_command" else _UNSENT)
    place = f", la câmpul {error.field}" if error.field else ""
    told = {
        "rule": error.code,
        "message": message.replace("{place}", place),
        "mend": mend,
        "message_en": error.message,
        "mend_en": error.next_step,
    }
    if error.field:
        told["field"] = error.field
    return {
        "item": item, "message_id": None, "sha256": sha256, "outcome": "broken", "errors": [told]
    }  # fmt: skip


def _errors(data: dict[str, Any], state: str) -> list[dict[str, Any]]:
    if state == "failed":
        return [_failure(data)]
    if state == "validated":
        return [_finding(one) for one in data.get("findings", []) if one["severity"] == "error"]
    return [_rejection(one) for one in data.get("errors", [])]


def _failure(data: dict[str, Any]) -> dict[str, Any]:
    said = [_FAILED.format(queue=data.get("dead_letter_queue"))]
    told = {"rule": data.get("code"), "message_en": data.get("message")}
    if data.get("text"):  # a worker of an earlier version says it in English only
        said.insert(0, data["text"]["ro"])
        told["message_en"] = f"{data['text']['en']} {data.get('message')}"
    if data.get("mend"):
        told |= _mends([data["mend"]])
    return {"message": " ".join(said)} | told | _where(data)


def _finding(one: dict[str, Any]) -> dict[str, Any]:
    told = {"rule": one["rule"], "message": one["text"]["ro"], "message_en": one["text"]["en"]}
    return told | _mends([one["mend"]]) | _where(one)


def _rejection(one: dict[str, Any]) -> dict[str, Any]:
    told = {"rule": one.get("rule"), "message": one.get("message")}
    explained = one.get("explanations", [])
    if explained:
        told["message_en"] = " ".join(each["text"]["en"] for each in explained)
    return told | _mends([each["mend"] for each in explained]) | _where(one)


def _mends(texts: list[dict[str, str]]) -> dict[str, str]:
    if not texts:
        return {}
    return {
        "mend": " ".join(each["ro"] for each in texts),
        "mend_en": " ".join(each["en"] for each in texts),
    }


def _where(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("path", "field") if one.get(name)}
