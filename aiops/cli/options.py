"""What was given before the command's name, and which settings follow from it?"""

from dataclasses import dataclass
from pathlib import Path

import typer

from aiops.config import Loaded, load


@dataclass(frozen=True)
class Options:
    """Given once, for every command."""

    file: Path | None = None
    data: Path | None = None
    url: str | None = None


def loaded(context: typer.Context, **flags: object) -> Loaded:
    """Return the configuration with its origins; ``flags`` by key, with ``__`` for the dot."""
    options = context.find_object(Options) or Options()
    given = {"data": options.data, "client.url": options.url}
    more = {name.replace("__", "."): value for name, value in flags.items() if value is not None}
    return load({**given, **more}, file=options.file)
