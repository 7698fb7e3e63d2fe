"""Options that several commands have."""

from typing import Annotated

import typer

from workers_cli.errors import UsageError
from workers_runtime.identity import names_a_tenant

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one document a line.")]
RmqUrl = Annotated[
    str | None,
    typer.Option(
        "--rmq-url",
        envvar="RMQ_URL",
        metavar="URL",
        show_default=False,
        help="RabbitMQ. Default: the running local stack, else this machine's usual port.",
    ),
]
RegistryUrl = Annotated[
    str | None,
    typer.Option(
        "--registry-url",
        envvar="REGISTRY_URL",
        metavar="URL",
        show_default=False,
        help="The registry. Default: the running local stack, else port 8080 here.",
    ),
]
RedisUrl = Annotated[
    str | None,
    typer.Option(
        "--redis-url",
        envvar="REDIS_URL",
        metavar="URL",
        show_default=False,
        help="Redis. Default: the running local stack, else this machine's usual port.",
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="REGISTRY_TOKEN",
        metavar="TOKEN",
        show_default=False,
        help="Access token of the registry; none is needed in dev.",
    ),
]


def check_tenant(tenant: str | None, option: str) -> None:
    """Refuse a name that no message can have: nothing would ever be handled under it.

    Raises:
        UsageError: it is none.
    """
    if tenant and not names_a_tenant(tenant):
        raise UsageError(
            f"{option} '{tenant[:40]}' cannot be the `tid` of a message",
            "give 1 to 128 of the letters A-Z a-z, digits and . _ : @ / + -",
        )
