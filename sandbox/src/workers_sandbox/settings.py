"""Every option of the sandbox: one table that makes the command line and the environment."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
BOOTSTRAP_REFRESH_TOKEN = "sandbox-refresh-token"  # noqa: S105 - a documented constant, opens nothing real
"""The refresh token a fresh sandbox accepts once, so that no browser is needed."""


def _at_least_zero(text: object) -> float:
    value = float(str(text))
    if value < 0:
        raise ValueError("must be 0 or more")
    return value


def _above_zero(text: object) -> float:
    value = float(str(text))
    if value <= 0:
        raise ValueError("must be above 0")
    return value


def _count(text: object) -> int:
    value = int(str(text))
    if value < 0:
        raise ValueError("must be 0 or more")
    return value


def _positive(text: object) -> int:
    value = int(str(text))
    if value < 1:
        raise ValueError("must be 1 or more")
    return value


def _probability(text: object) -> float:
    value = float(str(text))
    if not 0 <= value <= 1:
        raise ValueError("must be between 0 and 1")
    return value


def _one_of(*allowed: str) -> Callable[[object], str]:
    def parse(text: object) -> str:
        if str(text) not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return str(text)

    return parse


def _port(text: object) -> int:
    value = int(str(text))
    if not 0 <= value <= 65535:
        raise ValueError("must be between 0 and 65535")
    return value


def _flag(text: object) -> bool:
    return str(text).strip().lower() in {"1", "true", "yes", "on"}


def _folder(text: object) -> Path:
    return Path(str(text))


def _option(default: T, parse: Callable[[object], object], text: str, *, live: bool = True) -> T:
    """A field of the table; a live one may be changed while the sandbox runs."""
    metadata = {"parse": parse, "help": text, "live": live}
    made: T = field(default=default, metadata=metadata)
    return made


@dataclass(frozen=True, slots=True)
class Settings:
    """The options; each is also `--name` on the command line and `SANDBOX_NAME` outside."""

    host: str = _option("127.0.0.1", str, "address to listen on", live=False)
    port: int = _option(8090, _port, "port to listen on; 0 takes a free one", live=False)
    smtp_port: int = _option(8025, _port, "port of the mail server; 0 takes a free one", live=False)
    seed: int = _option(1, _count, "makes indices, delays and chaos repeatable", live=False)
    pace: str = _option("fast", _one_of("fast", "real"), "fast: parts of a second; real: minutes")
    state_delay: float | None = _option(
        None, _at_least_zero, "seconds in 'in prelucrare' (fast: 0.5; real: drawn, see README)"
    )
    list_delay: float | None = _option(
        None,
        _at_least_zero,
        "seconds from the final state to the list entry (fast: 0.3; real: drawn)",
    )
    hang: float | None = _option(
        None, _at_least_zero, "seconds a timed-out connection is held (fast: 3; real: 90)"
    )
    chaos: float = _option(0.0, _probability, "probability that a request misbehaves")
    key_dir: Path | None = _option(  # noqa: RUF009 - it makes a field()
        None, _folder, "folder that keeps the seal and token keys between starts", live=False
    )
    keep_counting: bool = _option(
        False, _flag, "numbers go on from the last start with the same key folder", live=False
    )
    client_id: str = _option("sandbox", str, "OAuth client id", live=False)
    client_secret: str = _option("sandbox", str, "OAuth client secret", live=False)
    page_size: int = _option(500, _positive, "messages a page, and the cap of the unpaged list")
    lookup_policy: str = _option(
        "refuse",
        _one_of("refuse", "count", "off"),
        "a look-up too soon: refuse with 429, only count, or no limit",
    )
    lookup_interval: float = _option(1.0, _at_least_zero, "seconds between two look-ups")
    lookup_empty_status: int = _option(
        404, _positive, "HTTP status of a look-up that finds nothing (404 or 200 are seen live)"
    )
    null_arrays: bool = _option(False, _flag, "look-up sends null for an empty array")
    lookup_shape: str = _option(
        "plain",
        _one_of(
            "plain",
            "envelope",
            "strings",
            "one-missing",
            "cod-500",
            "empty-object",
            "html-404",
            "not-json",
        ),
        "how a look-up's answer comes, see README",
    )
    calls_per_minute: int = _option(1000, _positive, "calls of all authorised methods a minute")
    states_per_message: int = _option(100, _positive, "stareMesaj calls a message a day")
    downloads_per_message: int = _option(10, _positive, "descarcare calls a message a day")
    lists_per_cif: int = _option(1500, _positive, "listaMesajeFactura calls a CIF a day")
    pages_per_cif: int = _option(
        100_000, _positive, "listaMesajePaginatieFactura calls a CIF a day"
    )
    rasp_per_cif: int = _option(1000, _positive, "RASP uploads a CIF a day")

    slack_rate: float = _option(1.0, _above_zero, "messages a second to one channel of Slack")
    slack_burst: int = _option(5, _positive, "messages to one channel of Slack at once")

    @property
    def hold_seconds(self) -> float:
        """Seconds for which a timed-out connection is held open."""
        return self.hang if self.hang is not None else (3.0 if self.pace == "fast" else 90.0)

    def changed(self, changes: Mapping[str, object]) -> "Settings":
        """The settings with live options replaced; ValueError names a wrong option."""
        known = {item.name: item for item in fields(self)}
        parsed: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known or not known[name].metadata["live"]:
                raise ValueError(f"'{name}' cannot be changed while the sandbox runs")
            parsed[name] = None if value is None else _parse(name, known[name].metadata, value)
        return replace(self, **parsed)


def _parse(name: str, metadata: Mapping[str, Any], value: object) -> object:
    try:
        parsed: object = metadata["parse"](value)
    except ValueError as error:
        raise ValueError(f"option '{name}': {error}") from error
    return parsed


def read(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the command line, then `SANDBOX_*`; a wrong one ends with one clear line."""
    parser = argparse.ArgumentParser(prog="workers_sandbox", description=__doc__)
    for item in fields(Settings):
        parser.add_argument(f"--{item.name.replace('_', '-')}", help=item.metadata["help"])
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value}
    chosen: dict[str, Any] = {}
    for item in fields(Settings):
        value = given.get(item.name) or environment.get(f"SANDBOX_{item.name.upper()}")
        if value:
            try:
                chosen[item.name] = _parse(item.name, item.metadata, value)
            except ValueError as error:
                parser.error(str(error))
    return Settings(**chosen)
