"""Options that several commands have."""

from typing import Annotated

import typer

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
