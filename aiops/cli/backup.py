"""How does one copy everything that is kept, from the command line?"""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from aiops.bootstrap.clock import now
from aiops.cli.chatter import say
from aiops.cli.options import loaded
from aiops.cli.output import Format, Output, show_one
from aiops.cli.shape import examples, family
from aiops.domain.words import plural
from aiops.fold import newest
from aiops.storage.backup import back_up

app = family()


@app.command(epilog=examples("backup /backups/aiops-monday"))
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="New folder to copy it to.")],
    output: Output = Format.TABLE,
) -> None:
    """Copy journal, documents, snapshots and tokens into a new folder, also while the server runs.

    All that was accepted before is in it. It holds what senders sent: keep it as safe as the data folder. Documents in
    Elasticsearch are not in it: take a snapshot of the cluster, too.
    """
    config = loaded(context).config
    manifest = back_up(config.data, target, now(), version("aiops"), newest)
    text = f"{plural(len(manifest.files), 'file')} in {target}: entries up to {manifest.last or 'none'}"
    show_one(manifest, text, output)
    if config.store.url:
        say("documents in the cluster are not in it: take a snapshot of the cluster, too")
