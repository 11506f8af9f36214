"""How does `aiops --help` answer at once? A stand-in lists each command, and imports the real one to call it."""

from importlib import import_module
from typing import TYPE_CHECKING

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:  # typer's own click; nothing of it is needed at run time
    from typer._click import Command, Context

PACKAGE = "aiops.cli"


class Later(TyperCommand):
    """Stands for the command of its name in the list of commands; once called, the real one takes over."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: "Context | None" = None, **extra: object
    ) -> "Context":
        """Let the real command read the arguments; it is the one that is run with them."""
        return command(str(self.name)).make_context(info_name, args, parent, **extra)

    @staticmethod
    def stand_in() -> None:
        """Never run: typer asks for a function."""


def command(name: str) -> "Command":
    """Import the module ``name`` of this package and return the command, or family of commands, that it is about."""
    app = import_module(f"{PACKAGE}.{name}").app
    assert isinstance(app, typer.Typer)
    return typer.main.get_command(app)
