"""`workers efactura`: what the e-Factura rules say to documents, in an accountant's words."""

import asyncio
import contextlib
import uuid
from dataclasses import dataclass
from enum import StrEnum
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
from workers_cli.publishing import confirming_channel, publish
from workers_cli.verdicts import verdict_lines
from workers_contracts.efactura import ValidateInvoice
from workers_contracts.topology import COMMANDS, EVENTS

from .send import Parcel

efactura = typer.Typer(no_args_is_help=True, help="RO e-Factura: judge documents before sending.")


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
    """RO e-Factura: judge documents before sending."""


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
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait.")] = 60,
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
    bodies = [asyncio.run(body_of(file, wanted, artifacts_url)) for file in files]
    parcels = [_parcel(body, tid) for body in bodies]
    url = resolve("amqp_url", rmq_url)
    answers = asyncio.run(_ask(url, files, parcels, timeout))
    for answer in answers:
        _show(answer, lang.value, as_json=as_json)
    codes = {answer.code for answer in answers}
    order = (ExitCode.FAILED, ExitCode.TIMED_OUT, ExitCode.WRONG)
    return next((code for code in order if code in codes), ExitCode.OK)


def _parcel(body: bytes, tenant: str | None) -> Parcel:
    return Parcel(ValidateInvoice.key, body, str(uuid.uuid4()), str(uuid.uuid4()), tenant)


async def _ask(url: str, files: list[str], parcels: list[Parcel], seconds: float) -> list[Answer]:
    async with connected(url) as connection:
        patterns = [(EVENTS, pattern) for pattern in event_patterns(ValidateInvoice)]
        async with listening(connection, patterns) as listener:
            await _publish(connection, parcels)
            heard: dict[str, Answer] = {}
            names = {one.correlation_id: file for one, file in zip(parcels, files, strict=True)}
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await _collect(listener, names, heard)
    return [
        heard.get(one.correlation_id) or Answer(file, None)
        for one, file in zip(parcels, files, strict=True)
    ]


async def _publish(connection: AbstractConnection, parcels: list[Parcel]) -> None:
    channel = await confirming_channel(connection)
    for parcel in parcels:
        await publish(channel, COMMANDS, parcel.key, parcel.message())


async def _collect(listener: Listener, names: dict[str, str], heard: dict[str, Answer]) -> None:
    while len(heard) < len(names):
        event = await listener.next()
        file = names.get(event.correlation_id)
        if file is not None:
            failed = event.type.rsplit(".", 1)[-1] == "failed"
            heard[event.correlation_id] = Answer(file, event.data, failed)


def _show(answer: Answer, language: str, *, as_json: bool) -> None:
    if as_json:
        emit({"file": answer.file, "exit_code": int(answer.code), "verdict": answer.data})
        return
    for text, style in verdict_lines(answer.file, answer.data, language, failed=answer.failed):
        line(text, style=style)
