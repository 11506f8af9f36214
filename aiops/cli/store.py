"""How does one move everything that is kept into another store?"""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.options import loaded
from aiops.cli.output import Columns, Format, Output, show
from aiops.cli.shape import examples, family
from aiops.domain.errors import BadInput
from aiops.domain.sections import Config, StoreConfig
from aiops.fold import newest
from aiops.storage.filelock import EngineLock
from aiops.storage.folder import open_configured
from aiops.storage.moving import Moved, Progress, move, resumed

MOVE = "store migrate --from sqlite:aiops-data --to es://127.0.0.1:9200"

app = family("Where documents are kept: move them to another store.", examples(MOVE))
PLACE = "sqlite:FOLDER, or es: for the cluster of the settings, or es://HOST:9200, ess://HOST:9200 (with TLS)"
NOTE = "moving.json"  # in the data folder: how far a move has come

From = Annotated[str, typer.Option("--from", help=f"Where they are: {PLACE}.")]
To = Annotated[str, typer.Option("--to", help="Where they go, written likewise.")]


@app.callback()
def family_of_one() -> None:
    """Keep ``migrate`` a command of its own name."""


@app.command(epilog=examples(MOVE))
def migrate(context: typer.Context, source: From, target: To, output: Output = Format.TABLE) -> None:
    """Copy every document, snapshot and the position; go on where an earlier run stopped; compare counts and checksums.

    The server must not run meanwhile. The source stays as it is.
    """
    config = loaded(context).config
    (old, at_old), (new, at_new) = _place(config, source), _place(config, target)
    if (old, at_old) == (new, at_new):
        raise BadInput("both are the same store", place="--to", fix="name another one")
    with EngineLock(new):
        before, after = open_configured(old, at_old, readonly=True), open_configured(new, at_new)
        try:
            note = new / NOTE
            compared = move(before, after, resumed(note, source, target), note, _say, newest)
        finally:
            after.close()
            before.close()
    show(compared, columns(), output)
    if not all(one.equal for one in compared):
        say("they differ: do not use the new store; run it again, or delete what was made")
        raise typer.Exit(FINDINGS)
    say(f"all is there. Use it: {_use(new, at_new)}")


def columns() -> Columns[Moved]:
    """Return what the comparison shows."""
    return {
        "": lambda one: "ok" if one.equal else "DIFFERS",
        "Documents": lambda one: one.collection,
        "Source": lambda one: one.source,
        "Target": lambda one: one.target,
    }


def _place(config: Config, text: str) -> tuple[Path, StoreConfig]:
    """Return (data folder, its settings) of a place; a move's searches must not lag."""
    kind, _, rest = text.partition(":")
    if kind == "sqlite":
        return Path(rest) if rest else config.data, StoreConfig()
    if kind in ("es", "ess"):
        url = (f"{'https' if kind == 'ess' else 'http'}:{rest.rstrip('/')}",) if rest.strip("/") else config.store.url
        if url:
            at = msgspec.structs.replace(config.store, url=url, refresh=StoreConfig().refresh * 0, retention=None)
            return config.data, at
    raise BadInput(f"{text!r} names no store", place="--from/--to", fix=f"write {PLACE}")


def _say(progress: Progress) -> None:
    say(f"{progress.collection}: {progress.moved:,} moved")


def _use(folder: Path, at: StoreConfig) -> str:
    return f"store.url = {', '.join(at.url)}" if at.url else f"data = {folder}, and no store.url"
