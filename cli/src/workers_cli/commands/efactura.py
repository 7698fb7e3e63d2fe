"""`workers efactura`: what the e-Factura rules say to documents, in an accountant's words."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import typer
from aio_pika.abc import AbstractConnection

from workers_cli.addresses import resolve
from workers_cli.broker import connected
from workers_cli.documents import body_of
from workers_cli.errors import ExitCode
from workers_cli.finality import event_patterns
from workers_cli.listening import Listener, listening
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, line
from workers_cli.parcels import Parcel
from workers_cli.publishing import confirming_channel, publish
from workers_cli.verdicts import verdict_lines
from workers_contracts.efactura import ValidateInvoice
from workers_contracts.topology import COMMANDS, EVENTS

efactura = typer.Typer(
    no_args_is_help=True,
    help="RO e-Factura: judge documents, print them, prove and keep the archive.",
)


class Language(StrEnum):
    """What the findings are printed in."""

    RO = "ro"
    EN = "en"


@dataclass(frozen=True)
class Answer:
    """What became of one file; no event when none came in time."""

    file: str
    data: dict[str, Any] | None
    failed: bool = False

    @property
    def code(self) -> ExitCode:
        """What the shell should see of it."""
        if self.failed:
            return ExitCode.FAILED
        if self.data is None:
            return ExitCode.TIMED_OUT
        return ExitCode.OK if self.data.get("valid") else ExitCode.WRONG


@efactura.callback()
def group() -> None:
    """RO e-Factura: judge documents, print them, prove and keep the archive."""


@efactura.command()
def validate(
    files: Annotated[list[str], typer.Argument(help="UBL invoices and credit notes.")],
    lang: Annotated[Language, typer.Option("--lang", help="Language of the findings.")] = (
        Language.RO
    ),
    cif: Annotated[
        str | None, typer.Option("--cif", help="Fiscal code on whose behalf they will be filed.")
    ] = None,
    self_billed: Annotated[
        bool, typer.Option("--self-billed", help="They will be filed as self-billed.")
    ] = False,
    tid: Annotated[str | None, typer.Option("--tid", help="Tenant.")] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds to wait for the next answer.")
    ] = 60,
    artifacts_url: Annotated[
        str | None,
        typer.Option(
            "--artifacts-url",
            envvar="ARTIFACTS_URL",
            metavar="URL",
            show_default=False,
            help="The workers' artifact store, for files over 128 KiB.",
        ),
    ] = None,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Say everything that is wrong with invoices, where, and how to put it right; sends nothing.

    It exits with 0 when all pass, 1 when one is refused, 4 when one could not be judged, 5 when no
    answer came in time.
    """
    options = {"cif": cif, "self_billed": self_billed}
    wanted = {name: value for name, value in options.items() if value}
    parcels = asyncio.run(_parcels(files, wanted, artifacts_url, tid))
    told = partial(_show, language=lang.value, as_json=as_json)
    codes = asyncio.run(_ask(resolve("amqp_url", rmq_url), parcels, timeout, told))
    order = (ExitCode.FAILED, ExitCode.TIMED_OUT, ExitCode.WRONG)
    return next((code for code in order if code in codes), ExitCode.OK)


async def _parcels(
    files: list[str], fields: dict[str, Any], artifacts_url: str | None, tenant: str | None
) -> list[tuple[str, Parcel]]:
    """Read every file before anything is sent: one that is missing stops them all."""
    bodies = [(file, await body_of(file, fields, artifacts_url)) for file in files]
    return [(file, Parcel.of(ValidateInvoice.key, body, tenant)) for file, body in bodies]


async def _ask(
    url: str, parcels: list[tuple[str, Parcel]], seconds: float, told: Callable[[Answer], None]
) -> set[ExitCode]:
    """Publish, and tell each answer in the order of the files, as soon as it can be told."""
    async with connected(url) as connection:
        patterns = [(EVENTS, pattern) for pattern in event_patterns(ValidateInvoice)]
        async with listening(connection, patterns) as listener:
            await _publish(connection, [parcel for _, parcel in parcels])
            names = {parcel.correlation_id: file for file, parcel in parcels}
            heard: dict[str, Answer] = {}
            codes, answering = set(), True
            for file, parcel in parcels:
                wanted = parcel.correlation_id
                # Silence is waited for once, not once a file.
                answering = answering and await _until(listener, names, heard, wanted, seconds)
                answer = heard.get(parcel.correlation_id) or Answer(file, None)
                told(answer)
                codes.add(answer.code)
            return codes


async def _publish(connection: AbstractConnection, parcels: list[Parcel]) -> None:
    channel = await confirming_channel(connection)
    for parcel in parcels:
        await publish(channel, COMMANDS, parcel.key, parcel.message())


async def _until(
    listener: Listener,
    names: dict[str, str],
    heard: dict[str, Answer],
    correlation_id: str,
    seconds: float,
) -> bool:
    """Listen until this answer is there; False when none of ours has come for so long."""
    with contextlib.suppress(TimeoutError):
        while correlation_id not in heard:
            async with asyncio.timeout(seconds):
                await _next(listener, names, heard)
    return correlation_id in heard


async def _next(listener: Listener, names: dict[str, str], heard: dict[str, Answer]) -> None:
    while True:
        event = await listener.next()
        file = names.get(event.correlation_id)
        if file is not None:
            failed = event.type.rsplit(".", 1)[-1] == "failed"
            heard[event.correlation_id] = Answer(file, event.data, failed)
            return


def _show(answer: Answer, *, language: str, as_json: bool) -> None:
    if as_json:
        emit({"file": answer.file, "exit_code": int(answer.code), "verdict": answer.data})
        return
    for text, style in verdict_lines(answer.file, answer.data, language, failed=answer.failed):
        line(text, style=style)
