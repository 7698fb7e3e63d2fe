"""`workers errors`: what a code means."""

from dataclasses import asdict
from difflib import get_close_matches
from typing import Annotated

import typer

from workers_cli.errors import ExitCode, UnknownCodeError
from workers_cli.explanations import explanations
from workers_cli.options import Json
from workers_cli.output import emit, line, table


def errors(
    code: Annotated[
        str | None, typer.Argument(help="For example anaf_unavailable.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> int:
    """Explain an error code, or list all of them."""
    known = explanations()
    if code is None:
        if as_json:
            emit([asdict(one) for one in known.values()])
        else:
            table(["code", "means", "from"], [(e.code, e.means, e.source) for e in known.values()])
        return ExitCode.OK
    if code not in known:
        near = get_close_matches(code, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UnknownCodeError(
            f"nothing installed here gives the code {code}{hint}", "workers errors"
        )
    found = known[code]
    if as_json:
        emit(asdict(found))
        return ExitCode.OK
    line(found.code, style="bold")
    line(found.means)
    line(f"then: {found.then}")
    line(f"from: {found.source}")
    return ExitCode.OK
