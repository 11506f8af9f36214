"""Whom does a command talk to? The server that is named, else the folder's own, else the same app in this process."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager

import typer
from httpx import BaseTransport

from aiops.bootstrap.address import address_of
from aiops.bootstrap.setups import engine_setup, paging_of
from aiops.cli.options import loaded
from aiops.client import Client
from aiops.domain.sections import Config


@contextlib.contextmanager
def client(context: typer.Context, *, new: bool = False) -> Iterator[Client]:
    """Yield a client to whom it may concern; ``new``: a data folder may be made. BadInput: there is none."""
    config = loaded(context).config
    url = config.client.url or server_of(config)
    with contextlib.ExitStack() as stack:
        if url:
            one = Client(url, config.client.token)
        else:
            one = Client("http://localhost", transport=stack.enter_context(_in_process(config, new=new)))
        yield stack.enter_context(contextlib.closing(one))


def _in_process(config: Config, *, new: bool) -> AbstractContextManager[BaseTransport]:
    # The engine and the web framework, half a second of CPU: a command that a server answers is spared both.
    from aiops.bootstrap.local import app_in_process  # noqa: PLC0415
    from aiops.storage.folder import must_be_in_use  # noqa: PLC0415

    if not new:
        must_be_in_use(config.data)
    return app_in_process(engine_setup(config), config.learner.embedder, paging_of(config))


def server_of(config: Config) -> str:
    """Return the address of the server that runs on the data folder; empty: none answers."""
    url = address_of(config.data)
    if not url:
        return ""
    with contextlib.closing(Client(url)) as one:
        return url if one.alive() else ""
