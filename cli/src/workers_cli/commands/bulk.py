"""`workers efactura bulk`: file, or judge, a folder or a file of thousands of invoices."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from workers_cli.addresses import resolve
from workers_cli.bulk.making import maker
from workers_cli.bulk.pending import waits_of
from workers_cli.bulk.progress import Meter
from workers_cli.bulk.report import Report
from workers_cli.bulk.results import Results
from workers_cli.bulk.run import Options, Run
from workers_cli.bulk.source import places
from workers_cli.errors import ExitCode, UsageError
from workers_cli.options import Json, RedisUrl, RmqUrl, check_tenant
from workers_cli.output import emit, line, note, table
from workers_cli.waits import Group

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""
_GOOD = frozenset({"accepted", "valid"})
_ORDER = ("accepted", "valid", "rejected", "refused", "failed", "broken", "pending")


def bulk(
    source: Annotated[
        str,
        typer.Argument(help="Folder of .xml files, or a file with one efactura.submit a line."),
    ],
    report: Annotated[
        Path, typer.Option("--report", help="JSON lines, one item each; resumes when it is there.")
    ],
    cif: Annotated[
        str | None,
        typer.Option("--cif", help="Fiscal code on whose behalf, where a line names none."),
    ] = None,
    validate_only: Annotated[
        bool, typer.Option("--validate-only", help="Judge them; nothing is sent to ANAF.")
    ] = False,
    tid: Annotated[str | None, typer.Option("--tid", help="Tenant.")] = None,
    max_in_flight: Annotated[
        int,
        typer.Option("--max-in-flight", min=1, max=10_000, help="Sent and not answered at once."),
    ] = 100,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds without any news, then it ends.")
    ] = 3600,
    artifacts_url: Annotated[
        str | None,
        typer.Option(
            "--artifacts-url",
            envvar="ARTIFACTS_URL",
            metavar="URL",
            show_default=False,
            help="The workers' artifact store, for documents over 128 KiB.",
        ),
    ] = None,
    rmq_url: RmqUrl = None,
    redis_url: RedisUrl = None,
    as_json: Json = False,
) -> int:
    """File thousands of invoices, follow each to its end, and write what became of it.

    The same command again goes on where it was stopped; nothing is filed twice. It exits with 0
    when all were accepted, 1 when one was not, 5 when some had no end in time, 130 after Ctrl-C.
    """
    check_tenant(tid, "--tid")
    found = places(source)
    if cif is None and not validate_only and found[0].offset is None:
        raise UsageError(
            "a folder of XML files does not say on whose behalf they are filed",
            "give --cif with your own fiscal code",
        )
    made = maker(validate_only=validate_only, cif=cif, tenant=tid, artifacts_url=artifacts_url)
    options = Options(resolve("amqp_url", rmq_url), max_in_flight, timeout)
    redis = resolve("redis_url", redis_url)
    with Report(report) as written, Meter(len(found), as_json=as_json) as meter:
        results = Results(redis, tid)
        run = Run(found, made, written, results, options, meter.told)
        del found
        ended = _go(run, results)
    waits = asyncio.run(waits_of(redis, made.command.tag, tid, run.on_their_way))
    _summary(run, report, meter.seconds, waits, as_json=as_json)
    return _exit_code(run, ended=ended)


def _go(run: Run, results: Results) -> bool | None:
    """Run to the end; False when it was silent for too long, None after Ctrl-C."""

    async def go() -> bool:
        try:
            return await run.go()
        finally:
            await results.close()

    try:
        return asyncio.run(go())
    except KeyboardInterrupt:
        return None


def _exit_code(run: Run, *, ended: bool | None) -> int:
    if ended is None:
        return INTERRUPTED
    if not ended:
        return ExitCode.TIMED_OUT
    return ExitCode.OK if run.counts.keys() <= _GOOD else ExitCode.WRONG


def _summary(run: Run, report: Path, seconds: float, waits: list[Group], *, as_json: bool) -> None:
    counts: dict[str, Any] = dict(run.counts) | ({"pending": run.pending} if run.pending else {})
    if as_json:
        told = counts | {"already_done": run.skipped, "seconds": round(seconds, 1)}
        waiting = {"waiting": {one.code: one.count for one in waits}} if run.pending else {}
        emit({"summary": told | waiting | {"report": str(report)}})
        return
    table(["outcome", "items"], [(name, counts[name]) for name in _ORDER if name in counts])
    line(f"{round(seconds, 1)} s; {run.skipped} were done before; the report is {report}")
    for one in waits:
        line(f"{one.count} × {one.code}: {one.reason}")
        line(f"   next: {one.step.next}")
    if run.pending:
        note("what is pending is safe: the same command again goes on with it")
        note("what waits, why and until when: workers waiting")
