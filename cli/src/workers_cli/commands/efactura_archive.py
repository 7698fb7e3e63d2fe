"""`workers efactura find|evidence|pdf|audit|erase`: the archive of what ANAF gave."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer

from workers_cli.addresses import resolve
from workers_cli.archive_asking import (
    DAY,
    Cif,
    Document,
    Download,
    Index,
    Issued,
    Number,
    Out,
    Store,
    Tid,
    Timeout,
    asked,
    checked,
    day_of,
    failure,
    named,
    told,
    written,
)
from workers_cli.archive_lines import COLUMNS, audited, erased, evidence, rendered, rows
from workers_cli.asking import ask_body
from workers_cli.documents import body_of
from workers_cli.errors import ExitCode, UsageError
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, line, table
from workers_contracts.efactura_archive import (
    AuditArchive,
    EraseArchived,
    FindArchived,
    ProveInvoice,
    RenderInvoice,
)


def add_archive(group: typer.Typer) -> None:
    """Add the commands to `workers efactura`."""
    for name, function in (
        ("find", find),
        ("evidence", prove),
        ("pdf", pdf),
        ("audit", audit),
        ("erase", erase),
    ):
        group.command(name)(function)


def find(
    cif: Cif = None,
    number: Annotated[str | None, typer.Option("--number", help="Invoice number.")] = None,
    issued_from: Annotated[
        datetime | None, typer.Option("--from", formats=DAY, help="First day of issue.")
    ] = None,
    issued_to: Annotated[
        datetime | None, typer.Option("--to", formats=DAY, help="Last day of issue.")
    ] = None,
    direction: Annotated[
        str | None, typer.Option("--direction", help="Only sent, or received.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="Most entries, 200 at once.")] = 100,
    after: Annotated[int, typer.Option("--after", help="Go on behind this position.")] = 0,
    tid: Tid = None,
    timeout: Timeout = 60,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """List archived documents by fiscal code, number and dates of issue."""
    command = checked(
        FindArchived,
        cif=cif,
        number=number,
        issued_from=day_of(issued_from),
        issued_to=day_of(issued_to),
        direction=direction,
        limit=limit,
        after=after,
    )
    heard = asked(command, rmq_url, tid, timeout)
    if code := failure(heard, as_json=as_json):
        return code
    if as_json:
        emit(heard.data)
        return ExitCode.OK
    table(COLUMNS, rows(heard.data["documents"]))
    shown, total = len(heard.data["documents"]), heard.data["total"]
    more = heard.data.get("next_after")
    line(f"{shown} of {total}" + (f"; go on with --after {more}" if more else ""))
    return ExitCode.OK


def prove(
    document: Document = None,
    index: Index = None,
    download: Download = None,
    number: Number = None,
    cif: Cif = None,
    issued: Issued = None,
    out: Out = None,
    artifacts_url: Store = None,
    tid: Tid = None,
    timeout: Timeout = 660,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Make the evidence of a document: ANAF's ZIP, the invoice, a report on its seal as PDF.

    It exits with 1 when something is not as it was archived, 4 when there is no evidence, 5 when
    no answer came in time.
    """
    which = named(document, index, download, number, cif, issued)
    heard = asked(checked(ProveInvoice, **which), rmq_url, tid, timeout)
    if code := failure(heard, as_json=as_json):
        return code
    told(heard, evidence, as_json=as_json)
    written(heard.data["bundle"], out, artifacts_url, as_json=as_json)
    return ExitCode.OK if heard.data["intact"] else ExitCode.WRONG


def pdf(
    file: Annotated[
        str | None, typer.Argument(help="A UBL file, in place of an archived document.")
    ] = None,
    document: Document = None,
    index: Index = None,
    download: Download = None,
    number: Number = None,
    cif: Cif = None,
    issued: Issued = None,
    local: Annotated[
        bool, typer.Option("--local", help="Do not ask ANAF's service: print it here.")
    ] = False,
    out: Out = None,
    artifacts_url: Store = None,
    tid: Tid = None,
    timeout: Timeout = 660,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Print an invoice by ANAF's service, or here when ANAF's is down; says which.

    It exits with 4 when it could not be printed, 5 when no answer came in time.
    """
    which = named(document, index, download, number, cif, issued)
    printer = {"printer": "local"} if local else {}
    url = resolve("amqp_url", rmq_url)
    if file is None:
        heard = asked(checked(RenderInvoice, **which, **printer), rmq_url, tid, timeout)
    elif any(value is not None for value in which.values()):
        raise UsageError("give a file or name an archived document, not both", "leave one out")
    else:
        body = asyncio.run(body_of(file, printer, artifacts_url))
        heard = asyncio.run(ask_body(url, RenderInvoice, body, tenant=tid, seconds=timeout))
    if code := failure(heard, as_json=as_json):
        return code
    told(heard, rendered, as_json=as_json)
    written(heard.data["pdf"], out, artifacts_url, as_json=as_json)
    return ExitCode.OK


def audit(
    files: Annotated[
        bool, typer.Option("--files/--chain-only", help="Read every file and its seal.")
    ] = True,
    anchor: Annotated[
        str | None,
        typer.Option("--anchor", metavar="POSITION:HASH", help="From an earlier audit."),
    ] = None,
    tid: Tid = None,
    timeout: Timeout = 3600,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Verify a tenant's whole archive: the chain, every file, every seal.

    It exits with 1 when something is not as it was archived. Keep the printed anchor elsewhere: the
    next audit shows by it that nothing was made anew.
    """
    position, _, digest = (anchor or "").partition(":")
    anchored = {"anchor_position": position, "anchor_hash": digest} if anchor else {}
    heard = asked(checked(AuditArchive, files=files, **anchored), rmq_url, tid, timeout)
    if code := failure(heard, as_json=as_json):
        return code
    told(heard, audited, as_json=as_json)
    return ExitCode.OK if heard.data["intact"] else ExitCode.WRONG


def erase(
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the chain.")],
    by: Annotated[str, typer.Option("--by", help="Who answers for it; kept in the chain.")],
    document: Document = None,
    index: Index = None,
    download: Download = None,
    number: Number = None,
    cif: Cif = None,
    issued: Issued = None,
    legal_basis: Annotated[
        str | None,
        typer.Option("--legal-basis", help="Law or order, before the retention is over."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    tid: Tid = None,
    timeout: Timeout = 60,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Erase a document's files by law, for ever; its entry stays in the chain.

    It exits with 4 when it must be kept.
    """
    which = named(document, index, download, number, cif, issued)
    command = checked(
        EraseArchived, **which, reason=reason, requested_by=by, legal_basis=legal_basis
    )
    if not yes:
        typer.confirm("Erase the document's files for ever?", abort=True)
    heard = asked(command, rmq_url, tid, timeout)
    if code := failure(heard, as_json=as_json):
        return code
    told(heard, erased, as_json=as_json)
    return ExitCode.OK
