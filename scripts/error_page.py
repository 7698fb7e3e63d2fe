"""docs/reference/errors.md, from the error classes of shared parts and services."""

import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from variables import programs

from workers_runtime.errors import (
    OutcomeUnknownError,
    PermanentError,
    QuotaError,
    TransientError,
    WorkerError,
)

SHARED = ("workers_runtime", "workers_ledger", "workers_anaf")
_KINDS = {
    TransientError: "transient",
    QuotaError: "quota",
    OutcomeUnknownError: "unknown",
    PermanentError: "permanent",
}
_WHAT_TO_DO = {
    "transient": "Wait, unless its meaning asks for a person. The command is tried again by "
    "itself, with growing pauses, until it works, its deadline passes or "
    "`RETRY_MAX_AGE_SECONDS` is over. Then it is a dead letter.",
    "quota": "Nothing: the command waits until the authority's allowance is renewed.",
    "unknown": "Nothing, and do not send it again by hand: the effect may have happened. The "
    "worker asks the authority first when the command comes again.",
    "permanent": "The command is in the dead-letter queue and `<domain>.failed` was published. "
    "Put right what its message names, then replay it or send a corrected command.",
    "inside": "Raised inside the workers; it reaches no command as its outcome. Look at the log.",
}


def error_page() -> str:
    """Return the page's text."""
    lines = [
        "# Error codes",
        "",
        "Written by `./justw docs` from the classes; do not edit.",
        "A code is stable for ever. It stands in `<domain>.failed`, in the header",
        "`x-reason-code` of a dead letter, in the log and in the metrics.",
        "",
        "| class of failure | what to do |",
        "|---|---|",
    ]
    lines += [f"| {kind} | {text} |" for kind, text in _WHAT_TO_DO.items()]
    lines += ["", "| code | class of failure | what it means | raised by |", "|---|---|---|---|"]
    for code, classes in errors().items():
        meaning = " ".join(dict.fromkeys(_first_line(one) for one in classes))
        owners = ", ".join(dict.fromkeys(one.__module__.split(".")[0] for one in classes))
        lines.append(f"| `{code}` | {kind_of(classes[0])} | {meaning} | {owners} |")
    return "\n".join(lines) + "\n"


def errors() -> dict[str, list[type[WorkerError]]]:
    """Return every error class of the product by code; services may share one."""
    owners = (*SHARED, *(name.replace("-", "_") for name in programs()))
    for owner in owners:
        _import_all(owner)
    found: dict[str, list[type[WorkerError]]] = {}
    for error in _descendants(WorkerError):
        if error.__module__.split(".")[0] in owners:
            found.setdefault(error.code, []).append(error)
    by_name = {code: sorted(set(found[code]), key=_place) for code in sorted(found)}
    return {code: list(classes) for code, classes in by_name.items()}


def kind_of(error: type[WorkerError]) -> str:
    """Return the class of failure that an error belongs to."""
    return next((kind for base, kind in _KINDS.items() if issubclass(error, base)), "inside")


def _place(error: type[WorkerError]) -> tuple[str, str]:
    return error.__module__, error.__qualname__


def _import_all(package: str) -> None:
    """Import a package's modules, but neither its start file nor its test tools."""
    for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
        if not {"__main__", "testing", "migrations"} & set(module.name.split(".")):
            import_module(module.name)


def _descendants(error: type[WorkerError]) -> Iterator[type[WorkerError]]:
    yield error
    for child in error.__subclasses__():
        yield from _descendants(child)


def _first_line(error: type[WorkerError]) -> str:
    return " ".join(cleandoc(error.__doc__ or "").partition("\n\n")[0].split())
