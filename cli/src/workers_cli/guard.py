"""The outermost layer: every error becomes what, why and next, and an exit code."""

import json
import logging
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from typer import Abort
from typer.core import TyperGroup

from workers_runtime.redaction import redact_text

from .errors import CliError, ExitCode
from .output import plain

PROGRAM = "workers"


class GuardedGroup(TyperGroup):
    """A command group whose errors never show a traceback, unless ``--debug`` asks for it."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002 - the name is ours, however it was started
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002 - the group always ends the process
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and end the process with an exit code."""
        given = list(sys.argv[1:] if args is None else args)
        as_json, debug = "--json" in given, "--debug" in given
        if not debug:
            # The AMQP library reports what this program says itself, in better words.
            for noisy in ("aio_pika", "aiormq", "httpx", "asyncio"):
                logging.getLogger(noisy).setLevel(logging.CRITICAL)
        try:
            code = super().main(
                given,
                prog_name=PROGRAM,
                complete_var=complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except Exception as error:  # noqa: BLE001 - the last place that can turn it into words
            if debug:
                traceback.print_exc()
            code = _report(error, as_json=as_json)
        sys.exit(int(code or 0))


def _report(error: Exception, *, as_json: bool) -> int:
    match error:
        case CliError():
            return show(error, as_json=as_json)
        case Abort():
            return _say(
                "stopped", "it was stopped at a question; nothing was changed", "", as_json=as_json
            )
        case _ if hasattr(error, "format_message"):
            return _wrong_use(error, as_json=as_json)
        case _:
            text = f"unexpected {type(error).__name__}: {redact_text(str(error))}"
            step = "run the same again with `workers --debug ...` and report what it prints"
            _say("internal_error", text, step, as_json=as_json)
            return ExitCode.WRONG


def _wrong_use(error: Any, *, as_json: bool) -> int:
    # Told by its method: the parser's classes are private to typer.
    context = error.ctx
    path = context.command_path if context is not None else PROGRAM
    if type(error).__name__ == "NoArgsIsHelpError" and not as_json:
        error.show(file=sys.stderr)
        return ExitCode.USAGE
    message = " ".join(str(error.format_message()).split()) or "a command is missing"
    return _say("usage", message, f"{path} --help", as_json=as_json)


def show(error: CliError, *, as_json: bool) -> int:
    """Print an error on standard error and return its exit code."""
    _say(error.code, error.message, error.next_step, as_json=as_json, field=error.field)
    return error.exit_code


def _say(code: str, message: str, step: str, *, as_json: bool, field: str | None = None) -> int:
    if as_json:
        body = {"code": code, "message": redact_text(message), "next": step}
        if field:
            body["field"] = field
        sys.stderr.write(json.dumps({"error": body}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"{PROGRAM}: {plain(message)}\n")
        if step:
            sys.stderr.write(f"next: {plain(step)}\n")
    return ExitCode.USAGE
