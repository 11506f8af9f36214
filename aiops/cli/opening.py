"""How does a command work on the tokens and people of a data folder, also while its server runs?"""

import contextlib
import getpass
from collections.abc import Iterator

import structlog
import typer

from aiops.bootstrap.log import LogSetup, configure
from aiops.bootstrap.setups import ACCESS_DB
from aiops.cli.options import loaded
from aiops.domain.errors import BadConfiguration
from api.access import Access

log = structlog.get_logger()


@contextlib.contextmanager
def access(context: typer.Context, *, new: bool = False) -> Iterator[Access]:
    """Yield what the folder keeps; ``new``: the folder may be made. BadConfiguration: there is none."""
    config = loaded(context).config
    configure(LogSetup(format=config.log.format, level=config.log.level), "cli")
    if not config.data.is_dir():
        if not new:
            fix = "name it with --data, on the machine that the server runs on"
            raise BadConfiguration("there is no such data folder", place=str(config.data), fix=fix)
        config.data.mkdir(parents=True)
    with contextlib.closing(Access(config.data / ACCESS_DB)) as one:
        yield one


def note(what: str, **about: str) -> None:
    """Leave in the log who changed what; never a secret."""
    try:
        by = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        by = ""
    log.info(what, by=by, **about)
