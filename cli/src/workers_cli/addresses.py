"""Where the servers are: the option, its variable, the local stack's file, the usual port."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from .errors import ConfigurationError

STACK_FILE = Path(".run") / "stack.json"
DEFAULTS = {
    "amqp_url": "amqp://guest:guest@127.0.0.1:5672/",
    "registry_url": "http://127.0.0.1:8080",
    "redis_url": "redis://127.0.0.1:6379/0",
}
_EXAMPLES = DEFAULTS | {"amqp_url": "amqp://127.0.0.1:5672/"}
"""Without a password, which would be shown as redacted."""
_SCHEMES = {
    "amqp_url": ("amqp", "amqps"),
    "registry_url": ("http", "https"),
    "redis_url": ("redis", "rediss", "unix"),
}
_OPTIONS = {
    "amqp_url": "--rmq-url or RMQ_URL",
    "registry_url": "--registry-url or REGISTRY_URL",
    "redis_url": "--redis-url or REDIS_URL",
}


def stack_file(start: Path | None = None) -> Path | None:
    """Return the file of the local stack, from here upwards; it is there while the stack runs."""
    start = start or Path.cwd()
    found = (folder / STACK_FILE for folder in (start, *start.parents))
    return next((path for path in found if path.is_file()), None)


def stack_addresses(start: Path | None = None) -> dict[str, str]:
    """Return the addresses of the local stack; empty when none runs.

    Raises:
        ConfigurationError: the file is there and is not JSON.
    """
    path = stack_file(start)
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}", "give the addresses as options, or start `just dev`"
        ) from None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} holds no addresses", "start `just dev` again")
    return {name: value for name, value in content.items() if isinstance(value, str)}


def resolve(name: str, given: str | None) -> str:
    """Return an address that can be tried: ``amqp_url``, ``registry_url`` or ``redis_url``.

    Raises:
        ConfigurationError: it is no address of that kind; the text does not show it.
    """
    url = given or stack_addresses().get(name) or DEFAULTS[name]
    schemes = _SCHEMES[name]
    try:
        parts = urlsplit(url)
        valid = parts.scheme in schemes and (bool(parts.hostname) or parts.scheme == "unix")
        _ = parts.port
    except ValueError:
        valid = False
    if not valid:
        raise ConfigurationError(
            f"{_OPTIONS[name]} is not an address of the form {schemes[0]}://host:port",
            f"for example {_EXAMPLES[name]}",
        )
    return url.rstrip("/") if name == "registry_url" else url
