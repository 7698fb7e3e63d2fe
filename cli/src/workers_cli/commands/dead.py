"""`workers dead`: what could not be done, why, and doing it again."""

import typer

from .dead_list import list_dead
from .dead_replay import replay_dead
from .dead_show import show_dead

dead = typer.Typer(no_args_is_help=True, help="What could not be done, and doing it again.")
dead.command("list")(list_dead)
dead.command("show")(show_dead)
dead.command("replay")(replay_dead)
