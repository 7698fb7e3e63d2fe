"""What the archive's commands share: naming a document, asking for it, telling the answer."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from workers_contracts.base import Command

from .addresses import resolve
from .asking import ask, failed
from .errors import ExitCode, UsageError
from .fetching import fetch
from .listening import Heard
from .output import emit, line

DAY = ["%Y-%m-%d"]
Lines = Callable[[dict[str, Any]], Iterable[tuple[str, str]]]

Document = Annotated[str | None, typer.Option("--document", help="Its id in our events.")]
Index = Annotated[str | None, typer.Option("--index", help="ANAF's index_incarcare.")]
Download = Annotated[str | None, typer.Option("--download", help="ANAF's id_descarcare.")]
Number = Annotated[str | None, typer.Option("--number", help="Invoice number; needs --cif.")]
Cif = Annotated[str | None, typer.Option("--cif", help="Fiscal code: whose archive.")]
Issued = Annotated[
    datetime | None,
    typer.Option("--issued", formats=DAY, help="Date of issue, for a number used twice."),
]
Tid = Annotated[str | None, typer.Option("--tid", help="Tenant.")]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0.1, help="Seconds to wait for the answer.")
]
Out = Annotated[
    Path | None, typer.Option("--out", dir_okay=False, help="File to write the result to.")
]
Store = Annotated[
    str | None,
    typer.Option(
        "--artifacts-url",
        envvar="ARTIFACTS_URL",
        metavar="URL",
        show_default=False,
        help="The workers' artifact store, when it is not on this machine.",
    ),
]


def named(
    document: str | None,
    index: str | None,
    download: str | None,
    number: str | None,
    cif: str | None,
    issued: datetime | None,
) -> dict[str, Any]:
    """Return the fields that name one document."""
    return {
        "document_id": document,
        "upload_index": index,
        "download_id": download,
        "number": number,
        "cif": cif,
        "issue_date": day_of(issued),
    }


def day_of(moment: datetime | None) -> str | None:
    """Return a day as the contracts want it."""
    return moment.date().isoformat() if moment else None


def checked(kind: type[Command], **fields: Any) -> Command:
    """Return the command; raises UsageError with the field that is wrong."""
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        words = first["msg"].removeprefix("Value error, ")
        raise UsageError(
            f"{place}: {words}" if place else words, "workers efactura --help"
        ) from None


def asked(command: Command, rmq_url: str | None, tid: str | None, seconds: float) -> Heard:
    """Publish a command and return its final event."""
    url = resolve("amqp_url", rmq_url)
    return asyncio.run(ask(url, command, tenant=tid, seconds=seconds))


def failure(heard: Heard, *, as_json: bool) -> ExitCode | None:
    """Tell a failure; None when the event is none."""
    wrong = failed(heard)
    if wrong is None:
        return None
    if as_json:
        emit(wrong)
    else:
        line(f"{wrong.get('code')}: {wrong.get('message')}", style="red")
    return ExitCode.FAILED


def told(heard: Heard, lines: Lines, *, as_json: bool) -> None:
    """Tell an answer, as lines or as JSON."""
    if as_json:
        emit(heard.data)
        return
    for text, style in lines(heard.data):
        line(text, style=style)


def written(
    reference: dict[str, Any], out: Path | None, store: str | None, *, as_json: bool
) -> None:
    """Write what an answer refers to, when a file is wanted."""
    if out is None:
        return
    fetch(reference, out, store)
    if not as_json:
        line(f"  written   {out}")
