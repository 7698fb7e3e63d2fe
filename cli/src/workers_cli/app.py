"""The command line: which commands there are."""

from typing import Annotated

import typer

from .commands.dead import dead
from .commands.doctor import doctor
from .commands.efactura import efactura
from .commands.efactura_archive import add_archive
from .commands.efactura_login import login, logins, logout
from .commands.errors import errors
from .commands.send import send
from .commands.status import status
from .commands.tail import tail
from .commands.topology import topology
from .commands.version import version
from .commands.waiting import waiting
from .guard import GuardedGroup

app = typer.Typer(cls=GuardedGroup, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def workers(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Send commands to the workers, watch their events, look after what went wrong.

    Exit codes: 0 ok; 1 something is wrong; 2 wrong use, or the other side cannot be reached;
    3 the command was rejected; 4 it failed; 5 nothing came in time.
    """


app.command()(send)
app.command()(tail)
app.command()(status)
app.command()(waiting)
app.command()(doctor)
app.add_typer(topology, name="topology")
app.add_typer(dead, name="dead")
efactura.command()(login)
efactura.command()(logins)
efactura.command()(logout)
add_archive(efactura)
app.add_typer(efactura, name="efactura")
app.command()(errors)
app.command()(version)


def main() -> None:
    """Run the program; always ends the process."""
    app()
