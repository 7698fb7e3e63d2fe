"""Every environment variable of every program, read from the settings classes themselves."""

import dataclasses
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

sys.path.insert(0, str(Path(__file__).parent))
from members import ROOT

from workers_runtime.config import variable_name

COMPOSE_FILE = ROOT / "docker-compose.yml"
SANDBOX_PREFIX = "SANDBOX_"
_WITH_DEFAULT = re.compile(r"\$\{(\w+):-([^{}]*)\}")


@dataclass(frozen=True)
class Variable:
    """One environment variable as one class declares it."""

    name: str
    default: str
    description: str
    required: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Section:
    """What one settings class adds, and the programs that read it."""

    title: str
    text: str
    programs: tuple[str, ...]
    variables: tuple[Variable, ...]


def programs() -> dict[str, type[BaseSettings]]:
    """Return the settings class of every program that has one, by the program's folder name."""
    files = sorted((ROOT / "services").glob("*/pyproject.toml"))
    names = [*(file.parent.name for file in files), "registry-service"]
    return {name: import_module(f"{name.replace('-', '_')}.config").Settings for name in names}


def read(settings: type[BaseSettings]) -> dict[str, Variable]:
    """Return everything that a settings class reads, by variable name."""
    found = (_variable(settings, name, field) for name, field in settings.model_fields.items())
    return {one.name: one for one in found}


def sandbox() -> dict[str, Variable]:
    """Return the options of the sandbox as environment variables."""
    table = import_module("workers_sandbox.settings").Settings
    found = {}
    for item in dataclasses.fields(table):
        name = SANDBOX_PREFIX + item.name.upper()
        default = "" if item.default is None else str(item.default)
        found[name] = Variable(name, default, _sentence(item.metadata["help"]))
    return found


def compose() -> dict[str, Variable]:
    """Return the variables that docker-compose.yml alone reads; it describes them itself."""
    text = COMPOSE_FILE.read_text("utf-8")
    described: dict[str, str] = yaml.safe_load(text)["x-variables"]
    defaults = dict(_WITH_DEFAULT.findall(text))
    return {name: Variable(name, defaults[name], text) for name, text in described.items()}


def fixed() -> set[str]:
    """Return the variables that docker-compose.yml or an image sets, whatever .env says."""
    services: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text("utf-8"))["services"]
    given = {
        name: str(value)
        for service in services.values()
        for name, value in service.get("environment", {}).items()
        if value is not None
    }
    in_images = {"HTTP_HOST", "HTTP_PORT", "HTTP_PUBLIC_URL", "SANDBOX_HOST", "SANDBOX_PORT"}
    return in_images | {name for name, value in given.items() if f"${{{name}" not in value}


def sections() -> list[Section]:
    """Return all variables, each settings class once, those shared by most first."""
    classes: dict[type[BaseSettings], list[str]] = {}
    for program, settings in programs().items():
        for one in reversed(settings.__mro__):
            if issubclass(one, BaseSettings) and one is not BaseSettings:
                classes.setdefault(one, []).append(program)
    made = [_section(one, tuple(names)) for one, names in classes.items()]
    made.append(_named("sandbox", "Options of the program that plays the authorities.", sandbox()))
    made.append(_named("docker compose", "Read by docker-compose.yml itself.", compose()))
    return made


def _section(settings: type[BaseSettings], names: tuple[str, ...]) -> Section:
    own = {
        variable_name(settings, name, settings.model_fields[name])
        for name in settings.__annotations__
        if name in settings.model_fields
    }
    variables = tuple(one for one in read(settings).values() if one.name in own)
    text = (settings.__doc__ or "").strip().partition("\n")[0].partition(". ")[0].rstrip(".") + "."
    return Section(", ".join(names), text, names, variables)


def _named(name: str, text: str, variables: dict[str, Variable]) -> Section:
    return Section(name, text, (name,), tuple(variables.values()))


def _variable(settings: type[BaseSettings], name: str, field: FieldInfo) -> Variable:
    return Variable(
        name=variable_name(settings, name, field),
        default="" if field.is_required() else _text(field.default),
        description=_sentence(field.description or ""),
        required=field.is_required(),
        secret="SecretStr" in str(field.annotation),
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _sentence(text: str) -> str:
    return text + ("" if text.endswith((".", "!", "?")) else ".")


def unique(found: list[Section]) -> Iterator[tuple[Section, Variable, dict[str, str]]]:
    """Yield each variable at its first section, with other programs' differing defaults."""
    seen: set[str] = set()
    for section in found:
        for variable in section.variables:
            if variable.name in seen:
                continue
            seen.add(variable.name)
            others = {
                other.title: twin.default
                for other in found
                if other is not section
                for twin in other.variables
                if twin.name == variable.name and twin.default != variable.default
            }
            yield section, variable, others
