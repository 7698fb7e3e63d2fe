"""`workers tail`: events as they are published."""

import asyncio
import re
from dataclasses import dataclass
from typing import Annotated

import typer

from workers_cli.addresses import resolve
from workers_cli.broker import connected
from workers_cli.errors import BrokerLostError, BrokerUnreachableError, TimedOutError, UsageError
from workers_cli.event_lines import event_line
from workers_cli.listening import Heard, listening
from workers_cli.options import Json, RmqUrl
from workers_cli.output import emit, line, note
from workers_contracts.topology import EVENTS, HEARTBEATS

RECONNECT_SECONDS = 1.0


@dataclass
class Printer:
    """Prints what is heard and counts it."""

    as_json: bool
    data_only: bool
    limit: int | None
    count: int = 0

    @property
    def done(self) -> bool:
        """Say whether as many were printed as were asked for."""
        return self.limit is not None and self.count >= self.limit

    def note(self, text: str) -> None:
        """Tell a person, never a program."""
        if not self.as_json:
            note(text)

    def show(self, heard: Heard) -> None:
        """Print one."""
        self.count += 1
        if self.data_only and heard.envelope is not None:
            emit(heard.envelope.get("data"))
        elif self.as_json:
            emit(heard.envelope or {"unreadable": heard.key, "bytes": heard.size})
        else:
            line(event_line(heard))


def tail(
    pattern: Annotated[
        str, typer.Argument(help="Routing key pattern: * is one word, # any number of words.")
    ] = "#",
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="End after so many events.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0.1, help="End after so many seconds.")
    ] = None,
    data_only: Annotated[
        bool, typer.Option("--data-only", help="Only the message, without its envelope; JSON.")
    ] = False,
    heartbeats: Annotated[
        bool, typer.Option("--heartbeats", help="Also the workers' heartbeats.")
    ] = False,
    rmq_url: RmqUrl = None,
    as_json: Json = False,
) -> int:
    """Print events as they are published, until Ctrl-C.

    With --timeout and --count it exits with 5 when fewer events came.
    """
    check_pattern(pattern)
    url = resolve("amqp_url", rmq_url)
    bindings = [(EVENTS, pattern), *([(HEARTBEATS, "#")] if heartbeats else [])]
    printer = Printer(as_json, data_only, count)
    try:
        asyncio.run(_tail(url, bindings, printer, timeout))
    except KeyboardInterrupt:
        return 0
    return 0


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that can never match.

    Raises:
        UsageError: a wildcard is only a part of a word.
    """
    for word in pattern.split("."):
        if re.search(r"[*#]", word) and word not in ("*", "#"):
            near = re.sub(r"[*#]+", "", pattern).strip(".") + ".#"
            raise UsageError(
                f"in {pattern} the sign * or # is part of a word; it must stand for whole words",
                f"workers tail '{near}'",
            )


async def _tail(
    url: str, bindings: list[tuple[str, str]], printer: Printer, seconds: float | None
) -> None:
    try:
        async with asyncio.timeout(seconds):
            await _listen(url, bindings, printer)
            while not printer.done:
                # The broker restarts at night, too: whoever watches wants to go on watching.
                printer.note("the connection to RabbitMQ ended; connecting again")
                await asyncio.sleep(RECONNECT_SECONDS)
                try:
                    await _listen(url, bindings, printer)
                except BrokerUnreachableError:
                    continue
    except TimeoutError:
        if printer.limit is not None:
            raise TimedOutError(
                f"{printer.count} of {printer.limit} events within {seconds:g} s",
                "workers status",
            ) from None


async def _listen(url: str, bindings: list[tuple[str, str]], printer: Printer) -> None:
    """Print until enough was printed or the connection is lost."""
    async with connected(url) as connection, listening(connection, bindings) as listener:
        heard = ", ".join(f"{exchange} {pattern}" for exchange, pattern in bindings)
        printer.note(f"listening to {heard}; Ctrl-C ends it")
        while not printer.done:
            try:
                printer.show(await listener.next())
            except BrokerLostError:
                return
