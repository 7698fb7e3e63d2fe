"""`workers dead`: what could not be done, why, doing it again, taking it away."""

import typer

from .dead_drop import drop_dead
from .dead_list import list_dead
from .dead_replay import replay_dead
from .dead_show import show_dead

dead = typer.Typer(no_args_is_help=True, help="What could not be done; do it again, or drop it.")
dead.command("list")(list_dead)
dead.command("show")(show_dead)
dead.command("replay")(replay_dead)
dead.command("drop")(drop_dead)
