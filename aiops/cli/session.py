"""Whom does a command talk to? The server that is named, else the folder's own, else the same app in this process."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:  # what is not used is not paid for: `aiops --help` must answer at once
    from aiops.client import Client
    from aiops.config import Config, Loaded


@dataclass(frozen=True)
class Options:
    """What was given before the command's name."""

    file: Path | None = None
    data: Path | None = None
    url: str | None = None


def loaded(context: typer.Context, **flags: object) -> "Loaded":
    """Return the configuration with its origins; ``flags`` by key, with ``__`` for the dot."""
    from aiops.config import load

    options = context.find_object(Options) or Options()
    given = {"data": options.data, "client.url": options.url}
    more = {name.replace("__", "."): value for name, value in flags.items() if value is not None}
    return load({**given, **more}, file=options.file)


@contextlib.contextmanager
def client(context: typer.Context) -> Iterator["Client"]:
    """Yield a client to whom it may concern."""
    from aiops.client import Client

    config = loaded(context).config
    url = config.client.url or server_of(config)
    with contextlib.ExitStack() as stack:
        if url:
            one = Client(url, config.client.token)
        else:
            from aiops.bootstrap.local import app_in_process
            from aiops.bootstrap.setups import engine_setup

            transport = app_in_process(engine_setup(config), config.learner.embedder)
            one = Client("http://localhost", transport=stack.enter_context(transport))
        yield stack.enter_context(contextlib.closing(one))


def server_of(config: "Config") -> str:
    """Return the address of the server that runs on the data folder; empty: none answers."""
    from aiops.bootstrap.address import address_of
    from aiops.client import Client

    url = address_of(config.data)
    if not url:
        return ""
    with contextlib.closing(Client(url)) as one:
        return url if one.alive() else ""
