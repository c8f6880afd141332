"""``ascendtorch patch``: the life of a series. One module a command."""

from __future__ import annotations

import click

from ascendtorch.cli.lazy import LazyGroup

#: Command -> module of this package, in which it has the module's name, and the line of ``--help``.
COMMANDS = {
    "list": ("list_", "Print the series in order."),
    "lint": ("lint", "Say what is wrong or doubtful about the series."),
    "status": ("status", "Say what became of each patch in the tree."),
    "import": ("import_", "Take a diff, a mailbox or a quilt series into the series."),
    "export": ("export", "Make the series what the commits of the tree say."),
    "matrix": ("matrix", "Say what becomes of each patch at other releases."),
    "rebase": ("rebase", "Make the series fit another release."),
    "bisect": ("bisect", "Find the patch that breaks a command."),
}


@click.group(cls=LazyGroup, package=__name__, table=COMMANDS)
def patch() -> None:
    """Look at the patch series, and bring changes into it."""
