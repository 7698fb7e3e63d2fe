"""What the stable error codes mean: the docstrings of the installed packages' errors."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import distributions
from importlib.util import find_spec

from workers_runtime.errors import (
    OutcomeUnknownError,
    PermanentError,
    QuotaError,
    TransientError,
    WorkerError,
    error_codes,
)

from .errors import CliError

_THEN = (
    (OutcomeUnknownError, "the worker asks the authority what happened before it tries again"),
    (QuotaError, "the command waits until the allowance is back"),
    (TransientError, "the command is tried again after a delay"),
    (PermanentError, "the command is a dead letter; correct the cause, then replay it"),
    (WorkerError, "the worker waits until this is mended"),
    (CliError, "this program ends; nothing else is changed"),
)
_DECIDED = {
    "retries_exhausted": "It might have worked later, but its time or its tries are used up.",
    "internal_error": "The worker failed in a way that nobody foresaw: a defect. "
    "The log has the details under the message id.",
    "unrouted": "No queue was bound for the routing key; the registry has not answered it yet.",
    "unknown_command": "No worker takes the routing key; the text says which one was meant.",
    "delivery_limit": "The broker gave up: the message came back too often without an answer.",
}
"""Codes that the failure policy or the broker gives; no error class has them."""


@dataclass(frozen=True)
class Explanation:
    """One code for a person."""

    code: str
    means: str
    then: str
    source: str


def explanations() -> dict[str, Explanation]:
    """Return every code that something installed here can give, by code."""
    for module in error_modules():
        import_module(module)
    dead = _THEN[3][1]
    found = {
        code: Explanation(code, text, dead, "workers-runtime") for code, text in _DECIDED.items()
    }
    found |= {one.code: _explained(one) for one in CliError.__subclasses__()}
    found |= {code: _explained(error) for code, error in error_codes().items()}
    return dict(sorted(found.items()))


def error_modules() -> Iterator[str]:
    """Return the modules with errors of the runtime and of the installed packages that use it."""
    yield from ("workers_runtime.publisher", "workers_runtime.journal")
    for distribution in distributions():
        requires = [re.split(r"[\s<>=!~;\[]", line)[0] for line in distribution.requires or []]
        package = str(distribution.metadata["Name"]).replace("-", "_")
        uses_it = "workers-runtime" in requires and package != "workers_cli"
        if uses_it and find_spec(package) and find_spec(f"{package}.errors"):
            yield f"{package}.errors"


def _explained(error: type[WorkerError] | type[CliError]) -> Explanation:
    text = inspect.cleandoc(error.__doc__ or "").split("\n\n")[0]
    then = next(words for kind, words in _THEN if issubclass(error, kind))
    source = error.__module__.split(".", 1)[0].replace("_", "-")
    return Explanation(error.code, " ".join(text.split()), then, source)
