"""Many AsyncAPI 3.0 documents as one: no two names clash, every reference still fits."""

import json
import re
from typing import Any
from urllib.parse import unquote

from workers_runtime.redaction import redact_text

Document = dict[str, Any]

_TOP = ("servers", "channels", "operations")
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._-]")


def sanitised(name: str) -> str:
    """Return a name that is a component key: AsyncAPI allows letters, digits and ``. _ -``."""
    return _NOT_ALLOWED.sub("_", name)


def merged(documents: dict[str, Document], title: str, version: str) -> Document:
    """Merge documents by service.

    Names are prefixed with the service, equal servers are folded into one, and every operation
    carries the service as a tag.
    """
    result: Document = {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version, "tags": []},
        "defaultContentType": "application/json",
        "servers": {},
        "channels": {},
        "operations": {},
        "components": {},
    }
    for service, document in sorted(documents.items()):
        _Merge(result, service, document).run()
        result["info"]["tags"].append({"name": service})
    if not result["servers"]:
        del result["servers"]
    return result


class _Merge:
    """Takes one document into the result."""

    def __init__(self, result: Document, service: str, document: Document) -> None:
        self._result = result
        self._service = service
        self._document = document
        self._servers: dict[str, str] = {}

    def run(self) -> None:
        self._fold_servers()
        for section in ("channels", "operations"):
            for name, value in _mapping(self._document, section).items():
                self._result[section][self._named(name)] = self._rewritten(value, section)
        for kind, parts in _mapping(self._document, "components").items():
            if not isinstance(parts, dict):
                continue
            target = self._result["components"].setdefault(sanitised(kind), {})
            for name, value in parts.items():
                target[self._named(name)] = self._rewritten(value)

    def _named(self, name: str) -> str:
        return sanitised(f"{self._service}.{name}")

    def _fold_servers(self) -> None:
        for name, value in _mapping(self._document, "servers").items():
            server = json.loads(redact_text(json.dumps(value)))
            for known, other in self._result["servers"].items():
                if other == server:
                    self._servers[name] = known
                    break
            else:
                self._servers[name] = self._named(name)
                self._result["servers"][self._servers[name]] = server

    def _rewritten(self, value: Any, section: str = "") -> Any:
        part = self._walk(value)
        if not isinstance(part, dict):
            return part
        if section == "channels" and isinstance(part.get("messages"), dict):
            part["messages"] = {sanitised(name): m for name, m in part["messages"].items()}
        if section == "operations":
            tags = part.get("tags") if isinstance(part.get("tags"), list) else []
            part["tags"] = [*(tags or []), {"name": self._service}]
        return part

    def _walk(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._walk(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            word: self._reference(inner)
            if word == "$ref" and isinstance(inner, str)
            else self._walk(inner)
            for word, inner in value.items()
        }

    def _reference(self, reference: str) -> str:
        if not reference.startswith("#/"):
            return reference
        steps = [
            unquote(step).replace("~1", "/").replace("~0", "~") for step in reference[2:].split("/")
        ]
        if steps[0] in _TOP and len(steps) > 1:
            steps[1] = self._servers.get(steps[1], self._named(steps[1]))
            steps[2:] = [sanitised(step) for step in steps[2:]]
        elif steps[0] == "components" and len(steps) > 2:
            steps[1:3] = [sanitised(steps[1]), self._named(steps[2])]
        return "#/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)


def _mapping(document: Document, word: str) -> dict[str, Any]:
    value = document.get(word)
    return value if isinstance(value, dict) else {}
