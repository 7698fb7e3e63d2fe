"""What an event says of an item, as the report has it; what people read is Romanian."""

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
_BROKEN = {
    "unreadable_input": "Documentul nu poate fi citit",
    "invalid_command": "Datele nu respectă contractul comenzii",
    "body_too_large": "Documentul este prea mare pentru un mesaj",
    "configuration": "Depozitul de documente nu poate fi folosit",
}
_FAILED = "Nu s-a putut finaliza; comanda așteaptă în coada {queue}"


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
    words = _BROKEN.get(error.code, "Documentul nu a fost trimis")
    told = {"rule": error.code, "message": f"{words}: {error.message}", "mend": error.next_step}
    if error.field:
        told["field"] = error.field
    return {
        "item": item, "message_id": None, "sha256": sha256, "outcome": "broken", "errors": [told]
    }  # fmt: skip


def _errors(data: dict[str, Any], state: str) -> list[dict[str, Any]]:
    if state == "failed":
        words = _FAILED.format(queue=data.get("dead_letter_queue"))
        failed = {"rule": data.get("code"), "message": f"{words}: {data.get('message')}"}
        return [failed | ({"field": data["field"]} if data.get("field") else {})]
    if state == "validated":
        return [_finding(one) for one in data.get("findings", []) if one["severity"] == "error"]
    return [_rejection(one) for one in data.get("errors", [])]


def _finding(one: dict[str, Any]) -> dict[str, Any]:
    told = {"rule": one["rule"], "message": one["text"]["ro"], "mend": one["mend"]["ro"]}
    return told | _where(one)


def _rejection(one: dict[str, Any]) -> dict[str, Any]:
    told = {"rule": one.get("rule"), "message": one.get("message")}
    mends = [each["mend"]["ro"] for each in one.get("explanations", [])]
    return told | ({"mend": " ".join(mends)} if mends else {}) | _where(one)


def _where(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("path", "field") if one.get(name)}
